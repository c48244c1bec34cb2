"""The credentials that a site accepts: Django's session, the chat's tokens, and classes of the site's own.

    BACKCHANNEL = {"AUTHENTICATION": ["backchannel.auth.Session", "backchannel.auth.Token", "shop.chat.Jwt"]}

`backchannel.auth` has the classes for sites. A class of the site turns the secret of an `Authorization` header into a `Grant`; the chat keeps
nothing of the secret.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

CREDENTIAL_LENGTH: Final = 200
_OURS: Final = ("session:", "token:")


@dataclass(frozen=True, slots=True)
class Grant:
    """The user of a secret."""

    user: Any
    """The site's user."""
    credential: str
    """Names the credential and opens nothing, like "jwt:6f1c": it is logged, sent to other nodes, and how its end is announced."""
    expires_at: datetime | None = None
    """When the credential ends by itself, with a time zone."""


class Authentication:
    """A way to let people in. One instance serves all threads."""

    header: ClassVar[str] = "Bearer"
    """The scheme of the `Authorization` header that it answers for, in any case."""

    def authenticate(self, secret: str) -> Grant | None:
        """The user of the secret; None if it is not valid. Called in a thread. The answer is remembered for up to 30 s."""
        raise NotImplementedError

    def still_good(self, credentials: Collection[str]) -> set[str]:
        """The credentials among these that it granted and that have not ended. Asked every 30 s about those in use. What `Grant.expires_at` says, and
        whether the user is active, is looked at besides. If it raises, they all go on until it is asked again, and the error is logged.
        Default: all of them."""
        return set(credentials)


class Session(Authentication):
    """The session cookie of the site, from the pages that `ORIGINS` names."""


class Token(Authentication):
    """The chat's tokens for programs: `Authorization: Bearer bc_…`."""


class Schemes:
    """The classes that a site has chosen."""

    def __init__(self, paths: Sequence[str]) -> None:
        """`paths`: as in `AUTHENTICATION`. Raises `ImproperlyConfigured` if one of them is no such class."""
        made = {path: _made(path) for path in paths}
        self.has_session = any(isinstance(each, Session) for each in made.values())
        self.has_token = any(isinstance(each, Token) for each in made.values())
        self._own = {path: each for path, each in made.items() if not isinstance(each, Session | Token)}
        self.headers = frozenset({"bearer", *(each.header.lower() for each in self._own.values())})
        """The schemes of an `Authorization` header that are read; others are a proxy's own."""

    def grant(self, header: str, secret: str) -> tuple[str, Grant] | None:
        """The first class that lets this secret in: its path, and what it grants."""
        for path, scheme in self._own.items():
            if scheme.header.lower() != header:
                continue
            grant = scheme.authenticate(secret)
            if grant is not None:
                return path, _checked(path, grant)
        return None

    def still_good(self, path: str, credentials: Collection[str]) -> set[str]:
        """The credentials that have not ended. Empty if the class is no longer configured."""
        scheme = self._own.get(path)
        return set() if scheme is None else scheme.still_good(credentials) & set(credentials)


def _made(path: str) -> Authentication:
    try:
        made = import_string(path)()
    except ImportError as error:
        raise ImproperlyConfigured(f'BACKCHANNEL["AUTHENTICATION"] names {path}: {error}') from None
    if not isinstance(made, Authentication):
        raise ImproperlyConfigured(
            f'BACKCHANNEL["AUTHENTICATION"] names {path}, which is no subclass of backchannel.auth.Authentication.'
        )
    return made


def is_credential_name(name: str) -> bool:
    """Whether `Grant.credential` may be this."""
    return 0 < len(name) <= CREDENTIAL_LENGTH and name.isprintable() and not name.startswith(_OURS)


def _checked(path: str, grant: Grant) -> Grant:
    if not is_credential_name(grant.credential):
        raise RuntimeError(
            f"{path} named a credential that cannot be used: 1 to {CREDENTIAL_LENGTH} printable characters, and neither "
            f"{' nor '.join(_OURS)} at the beginning."
        )
    if grant.expires_at is not None and grant.expires_at.tzinfo is None:
        raise RuntimeError(f"{path} gave expires_at without a time zone: use datetime.fromtimestamp(…, UTC).")
    return grant
