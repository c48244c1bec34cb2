"""Access tokens of djangorestframework-simplejwt."""

from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from backchannel.accounts.schemes import Authentication, Grant, is_credential_name

_PREFIX = "jwt:"


class SimpleJwt(Authentication):
    """`Authorization: Bearer <access token>`, read by the site's `SIMPLE_JWT` settings. What it lets in ends when the token does, or when its
    id is on the blacklist where the site has one."""

    def authenticate(self, secret: str) -> Grant | None:
        from django.core.exceptions import ValidationError
        from rest_framework.exceptions import AuthenticationFailed
        from rest_framework_simplejwt.authentication import JWTAuthentication

        reader = JWTAuthentication()
        try:
            token = reader.get_validated_token(secret.encode())
            user = reader.get_user(token)
            ends = datetime.fromtimestamp(token["exp"], UTC)
        except AuthenticationFailed:  # also where the token is not valid
            return None
        except (ValidationError, ValueError, TypeError, OverflowError, OSError):
            # Signed by the right key, for another service: names no user as this site does, or an end beyond all times.
            return None
        credential = self.credential_of(token)
        if not is_credential_name(credential):  # an id of another service: this site's are short
            return None
        if not self.still_good([credential]):
            return None
        return Grant(user, credential, ends)

    def still_good(self, credentials: Collection[str]) -> set[str]:
        from django.apps import apps

        if not apps.is_installed("rest_framework_simplejwt.token_blacklist"):
            return set(credentials)
        from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

        ids = [name.removeprefix(_PREFIX) for name in credentials]
        ended = BlacklistedToken._default_manager.filter(token__jti__in=ids).values_list("token__jti", flat=True)
        return set(credentials) - {_PREFIX + id_ for id_ in ended}

    @staticmethod
    def credential_of(token: Any) -> str:
        """The credential's name, for `end_credential`: by the token's id, else by what it says."""
        from rest_framework_simplejwt.settings import api_settings

        id_ = token.payload.get(api_settings.JTI_CLAIM or "")
        return _PREFIX + str(id_ or sha256(repr(sorted(token.payload.items())).encode()).hexdigest())
