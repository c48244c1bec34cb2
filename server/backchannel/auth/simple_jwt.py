"""Access tokens of djangorestframework-simplejwt."""

from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256

from backchannel.accounts.schemes import Authentication, Grant

_PREFIX = "jwt:"


class SimpleJwt(Authentication):
    """`Authorization: Bearer <access token>`, read by the site's `SIMPLE_JWT` settings. What it lets in ends when the token does, or when its
    id is on the blacklist where the site has one."""

    def authenticate(self, secret: str) -> Grant | None:
        from rest_framework.exceptions import AuthenticationFailed
        from rest_framework_simplejwt.authentication import JWTAuthentication
        from rest_framework_simplejwt.settings import api_settings

        reader = JWTAuthentication()
        try:
            token = reader.get_validated_token(secret.encode())
            user = reader.get_user(token)
        except AuthenticationFailed:  # also where the token is not valid
            return None
        id_ = str(token.get(api_settings.JTI_CLAIM or "", "")) or sha256(secret.encode()).hexdigest()
        if not self.still_good([_PREFIX + id_]):
            return None
        return Grant(user, _PREFIX + id_, datetime.fromtimestamp(token["exp"], UTC))

    def still_good(self, credentials: Collection[str]) -> set[str]:
        from django.apps import apps

        if not apps.is_installed("rest_framework_simplejwt.token_blacklist"):
            return set(credentials)
        from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

        ids = [name.removeprefix(_PREFIX) for name in credentials]
        ended = BlacklistedToken._default_manager.filter(token__jti__in=ids).values_list("token__jti", flat=True)
        return set(credentials) - {_PREFIX + id_ for id_ in ended}
