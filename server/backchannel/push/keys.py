"""The server's own key, by which push services know that it is the one the browser subscribed to (RFC 8292, "VAPID")."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from backchannel.push.browser_keys import from_base64url, to_base64url

TOKEN_S: Final = 12 * 3600
"""For so long a token holds. RFC 8292 allows 24 hours; a clock may be wrong."""
RENEW_S: Final = 3600
"""A token with less time left is made again."""


def new_key() -> str:
    """A new private key, as it is stored."""
    value = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return to_base64url(value.to_bytes(32, "big"))


class ServerKey:
    """Signs requests. A token holds for all messages to one service, and is kept until it is about to end."""

    def __init__(self, stored: str, contact: str, clock: Callable[[], float]) -> None:
        """`stored`: of `new_key`. `contact`: as in `ChatConfig`. `clock`: seconds since 1970."""
        self._vapid = Vapid02.from_raw(stored.encode())
        self._contact = contact
        self._clock = clock
        self._tokens: dict[str, tuple[float, str]] = {}

    @property
    def public(self) -> str:
        """What a page subscribes with: `applicationServerKey`, in base64url."""
        return to_base64url(self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def authorization(self, endpoint: str) -> str:
        """The header `Authorization` of a request to this endpoint."""
        parts = urlsplit(endpoint)
        audience = f"https://{parts.hostname}"
        ends, token = self._tokens.get(audience, (0.0, ""))
        if ends - self._clock() < RENEW_S:
            # Of as many services as members name hosts, so that what has ended is dropped.
            self._tokens = {of: kept for of, kept in self._tokens.items() if kept[0] > self._clock()}
            ends = int(self._clock()) + TOKEN_S
            token = self._vapid.sign({"aud": audience, "exp": ends, "sub": self._contact})["Authorization"]
            self._tokens[audience] = (ends, token)
        return token


def is_key(stored: str) -> bool:
    """Whether this is what `new_key` makes."""
    try:
        return len(from_base64url(stored)) == 32
    except ValueError:
        return False
