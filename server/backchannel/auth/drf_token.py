"""Tokens of Django REST framework (`rest_framework.authtoken`)."""

from collections.abc import Collection
from hashlib import sha256
from typing import Any

from backchannel.accounts.schemes import Authentication, Grant


class DrfToken(Authentication):
    """`Authorization: Token <key>`. What it lets in ends when the row is deleted."""

    header = "Token"

    def authenticate(self, secret: str) -> Grant | None:
        from rest_framework.authtoken.models import Token

        token = Token.objects.select_related("user").filter(key=secret).first()
        if token is None or not token.user.is_active:
            return None
        return Grant(token.user, self.credential_of(token))

    def still_good(self, credentials: Collection[str]) -> set[str]:
        from rest_framework.authtoken.models import Token

        users = {name.removeprefix("drf:").rpartition(":")[0] for name in credentials}
        kept = Token.objects.filter(user__in=users)
        return set(credentials) & set(map(self.credential_of, kept))

    @staticmethod
    def credential_of(token: Any) -> str:
        """The credential's name, for `end_credential`. A user has one token at a time; the hash distinguishes it from the one before."""
        return f"drf:{token.user_id}:{sha256(token.key.encode()).hexdigest()[:16]}"
