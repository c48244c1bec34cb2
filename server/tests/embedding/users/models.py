"""User models that sites have: keys of every kind, with and without Django's username, permissions and names."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Manager(BaseUserManager["Any"]):
    def create_user(self, login: str, **fields: Any) -> Any:
        user = self.model(**{self.model.USERNAME_FIELD: login}, **fields)
        user.set_password(None)
        user.save()
        return user


class Numbered(AbstractBaseUser):
    """A number as key and a username, as most sites have it."""

    username = models.CharField(max_length=150, unique=True)

    USERNAME_FIELD = "username"
    objects: ClassVar[Manager] = Manager()


class ByAddress(AbstractBaseUser):
    """A UUID, sign-in by e-mail address, a full name, and nothing that permissions need."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    objects: ClassVar[Manager] = Manager()

    def get_full_name(self) -> str:
        return self.full_name


class Staff(AbstractBaseUser):
    """A text as key, no names, no column for being active, and a key of its own name."""

    badge = models.CharField(primary_key=True, max_length=20)

    USERNAME_FIELD = "badge"
    objects: ClassVar[Manager] = Manager()


class LongKey(AbstractBaseUser):
    key = models.CharField(primary_key=True, max_length=200)

    USERNAME_FIELD = "key"
    objects: ClassVar[Manager] = Manager()
