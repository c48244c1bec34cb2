"""The tables of this app. Secrets (tokens, tickets, invitations) are stored only as SHA-256: each is 256 random bits, so a slow hash
would add nothing, and a reader of the table can use none of them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

from backchannel.accounts import usernames


class User(AbstractUser):
    """A person or a bot of the standalone app. Not installed in a site with its own user model."""

    username = models.CharField(
        max_length=usernames.USERNAME_LENGTH,
        unique=True,
        validators=usernames.validators,
        help_text="Lowercase letters, digits and . _ -; what others type after an @.",
        error_messages={"unique": "This username is taken."},
    )
    display_name = models.CharField(max_length=80, blank=True, help_text="Shown beside what this person writes.")

    # One name, written as its owner writes it; first and last names do not fit everyone.
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        swappable = "AUTH_USER_MODEL"

    def get_full_name(self) -> str:
        return self.display_name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()


class Token(models.Model):
    """A long-lived credential of a program: `bc_…`, sent as `Authorization: Bearer`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="backchannel_tokens")
    name = models.CharField(max_length=80, blank=True, help_text="What uses it, so that it can be found and revoked.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)
    last_used = models.DateTimeField(null=True, blank=True, editable=False)
    expires = models.DateTimeField(null=True, blank=True, help_text="When it ends by itself. Blank: never.")
    revoked = models.DateTimeField(null=True, blank=True, editable=False)
    secret = ""
    """The secret itself: set on the object that created it, never stored."""

    def __str__(self) -> str:
        return self.name or f"token {self.pk}"


class SignIn(models.Model):
    """Details of a session that its owner can see. `session_key`: as in the session's row, where it is a hash."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="backchannel_sign_ins")
    session_key = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(default=timezone.now)
    last_used = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"sign-in {self.pk}"


class Substitute(models.Model):
    """Stands for the credential that created it, and ends with it (`substitutes`). That is a session, a token, or what a class of the site
    granted: `authentication` is its path, `credential` what it calls it, `ends` when it ends by itself."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    session_key = models.TextField(blank=True)
    token = models.ForeignKey(Token, models.CASCADE, null=True, related_name="+")
    authentication = models.CharField(max_length=200, default="", blank=True)
    credential = models.CharField(max_length=200, default="", blank=True)
    ends = models.DateTimeField(null=True)
    expires = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True


class Ticket(Substitute):
    """Valid once, for 30 s, in the query of the handshake. The one connection that uses it deletes its row."""


class ChatSession(Substitute):
    """Valid for 15 minutes, as `Authorization: Bearer bs_…`."""


class Invitation(models.Model):
    """A link by which people make their own account."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now, editable=False)
    expires = models.DateTimeField()
    max_uses = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0, editable=False)
    secret = ""
    """The secret of the link: set on the object that created it, never stored."""

    def __str__(self) -> str:
        return f"invitation {self.pk}"

    def is_open(self, now: datetime) -> bool:
        return self.uses < self.max_uses and now < self.expires


class Setup(models.Model):
    """The single row, which exists once the server has an owner. Its fixed key makes a second owner impossible."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    first_rooms = models.JSONField(default=list, editable=False)
    """Ids of the channels that every new account joins."""

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="backchannel_one_setup")]


class SetupSecret(models.Model):
    """While the server has no owner: the hash of the secret in the address that `backchannel serve` prints. At most one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    made_on = models.CharField(max_length=255, editable=False)
    """The machine that holds the secret itself, named to an operator who looks for it."""
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="backchannel_one_setup_secret")]


class AuditEntry(models.Model):
    """One change of access, or of the server, by somebody who may make it (`audit`). Never changed, and deleted by nothing."""

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.CharField(max_length=200, editable=False)
    """A username, or `os:user@machine` for a command."""
    address = models.CharField(max_length=64, editable=False)
    action = models.CharField(max_length=40, editable=False)
    subject = models.CharField(max_length=200, editable=False)
    details = models.JSONField(default=dict, editable=False)
    position = models.BigIntegerField(null=True, unique=True, editable=False)
    """Its place in the chain; null until the transaction has committed."""
    digest = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class AuditHead(models.Model):
    """The single row that has the end of the chain, and that its writers lock."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    position = models.BigIntegerField(default=0, editable=False)
    digest = models.CharField(max_length=64, editable=False)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="backchannel_one_audit_head")]
