"""Companies, their people and their orders. A company is a tenant: its people see nothing of another one."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Company(models.Model):
    name = models.CharField(max_length=100, unique=True)


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Signs in by e-mail address, which nobody else is shown."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="users")
    is_clerk = models.BooleanField(default=False)
    """Clerks see all orders of their company and ship them."""
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    objects = UserManager()

    @property
    def orders(self):
        """The orders that this person may see."""
        visible = Order.objects.filter(company=self.company_id)
        return visible if self.is_clerk else visible.filter(customer=self)


class Order(models.Model):
    class Status(models.TextChoices):
        PLACED = "placed", "Placed"
        SHIPPED = "shipped", "Shipped"
        CANCELLED = "cancelled", "Cancelled"

    company = models.ForeignKey(Company, on_delete=models.CASCADE)
    customer = models.ForeignKey(User, on_delete=models.CASCADE)
    item = models.CharField(max_length=100)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PLACED)

    class Meta:
        ordering = ["-pk"]

    @property
    def room_key(self):
        """The name of the order's room in the chat."""
        return f"order:{self.pk}"

    @classmethod
    def of_room(cls, key):
        """The order whose room has this key, as a QuerySet; empty for other rooms. `key` may be None."""
        prefix, _, number = (key or "").partition(":")
        return cls.objects.filter(pk=number) if prefix == "order" else cls.objects.none()
