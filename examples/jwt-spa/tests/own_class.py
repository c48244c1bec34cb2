"""A class of a site's own, here for a JWT that another service signs."""

# --8<-- [start:own-class]
from datetime import UTC, datetime

import jwt
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache

from backchannel.auth import Authentication, Grant, end_credential


class Jwt(Authentication):
    header = "Bearer"

    def authenticate(self, secret):
        try:
            claims = jwt.decode(secret, settings.JWT_KEY, ["HS256"], options={"require": ["sub", "jti", "exp"]})
        except jwt.InvalidTokenError:
            return None
        credential = f"jwt:{claims['jti']}"
        user = get_user_model().objects.filter(pk=claims["sub"], is_active=True).first()
        if user is None or not self.still_good([credential]):
            return None
        return Grant(user, credential, expires_at=datetime.fromtimestamp(claims["exp"], UTC))

    def still_good(self, credentials):
        return set(credentials) - cache.get_many(credentials).keys()


def revoke(claims):
    """The cache is one that all processes share, like Redis."""
    credential = f"jwt:{claims['jti']}"
    cache.set(credential, "revoked", timeout=None)
    end_credential(credential)


# --8<-- [end:own-class]
