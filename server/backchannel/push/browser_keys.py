"""The keys that a browser makes for a subscription, as they come from a client. Needs no library, so that every chat can check them."""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

POINT_BYTES: Final = 65
SECRET_BYTES: Final = 16
_UNCOMPRESSED: Final = 4


@dataclass(frozen=True, slots=True)
class BrowserKeys:
    """The browser's public key, an uncompressed point of P-256, and its authentication secret."""

    p256dh: bytes
    auth: bytes


def read_keys(p256dh: str, auth: str) -> BrowserKeys:
    """From base64url. Raises ValueError if they have not the form of such keys; whether the point is on the curve, `encrypt` finds."""
    keys = BrowserKeys(from_base64url(p256dh), from_base64url(auth))
    if len(keys.p256dh) != POINT_BYTES or keys.p256dh[0] != _UNCOMPRESSED:
        raise ValueError("p256dh is not an uncompressed point of P-256")
    if len(keys.auth) != SECRET_BYTES:
        raise ValueError(f"auth has not {SECRET_BYTES} bytes")
    return keys


def from_base64url(text: str) -> bytes:
    """With or without padding. Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def to_base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
