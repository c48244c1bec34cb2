"""Access tokens of djangorestframework-simplejwt."""

from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote

from backchannel.accounts.schemes import Authentication, Grant, is_credential_name

_PREFIX = "jwt:"


class SimpleJwt(Authentication):
    """`Authorization: Bearer <access token>`, read by the site's `SIMPLE_JWT` settings. What it lets in ends when the token does, when its
    id is on the blacklist where the site has one, and with `CHECK_REVOKE_TOKEN` when the user's password changes."""

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
        good = set(credentials)
        if _checks_passwords():
            good = _of_same_password(good)
        return good - _blacklisted(good)

    @staticmethod
    def credential_of(token: Any) -> str:
        """The credential's name, for `end_credential`: by the token's id, else by what it says. With `CHECK_REVOKE_TOKEN` whose it is, and a
        hash of what the token says of their password, follow."""
        from rest_framework_simplejwt.settings import api_settings

        id_ = token.payload.get(api_settings.JTI_CLAIM or "")
        name = _PREFIX + str(id_ or sha256(repr(sorted(token.payload.items())).encode()).hexdigest())
        if not _checks_passwords():
            return name
        user = quote(str(token.payload.get(api_settings.USER_ID_CLAIM)), safe="")
        return f"{name}:{user}:{_fingerprint(str(token.payload.get(api_settings.REVOKE_TOKEN_CLAIM)))}"


def _checks_passwords() -> bool:
    from rest_framework_simplejwt.settings import api_settings

    return bool(api_settings.CHECK_REVOKE_TOKEN)


def _of_same_password(credentials: set[str]) -> set[str]:
    """The tokens whose user still has the password with which they were issued."""
    from django.contrib.auth import get_user_model
    from rest_framework_simplejwt.settings import api_settings
    from rest_framework_simplejwt.utils import get_md5_hash_password

    meta, by = get_user_model()._meta, api_settings.USER_ID_FIELD
    field: Any = meta.pk if by == "pk" else meta.get_field(by)
    parts = [(name, name.rsplit(":", 2)) for name in credentials]
    made_with = {name: (field.to_python(unquote(split[1])), split[2]) for name, split in parts if len(split) == 3}
    users = get_user_model()._default_manager.filter(**{f"{by}__in": {user for user, _ in made_with.values()}})
    now = {getattr(user, by): _fingerprint(get_md5_hash_password(user.password)) for user in users}
    return {name for name, (user, password) in made_with.items() if now.get(user) == password}


def _fingerprint(claim: str) -> str:
    """A hash of the claim, which is itself a hash of the password's hash: credentials are logged."""
    return sha256(claim.encode()).hexdigest()[:16]


def _blacklisted(credentials: set[str]) -> set[str]:
    from django.apps import apps

    if not apps.is_installed("rest_framework_simplejwt.token_blacklist"):
        return set()
    from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

    ids = {name: _id_of(name) for name in credentials}
    ended = BlacklistedToken._default_manager.filter(token__jti__in=set(ids.values())).values_list(
        "token__jti", flat=True
    )
    return {name for name, id_ in ids.items() if id_ in set(ended)}


def _id_of(credential: str) -> str:
    id_ = credential.removeprefix(_PREFIX)
    return id_.rsplit(":", 2)[0] if _checks_passwords() else id_
