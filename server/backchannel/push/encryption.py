"""Encrypts a push message for one browser (RFC 8291): the push service that passes it on cannot read it."""

from typing import Final

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec

from backchannel.push.browser_keys import BrowserKeys
from backchannel.push.payload import LARGEST

RECORD: Final = 4096
"""Bytes of the one record that a push message is. Services must take a body of 4,096 bytes (RFC 8030, section 7.2)."""
SIZES: Final = (1024, 3072, LARGEST)
"""A text is padded to one of these, so that its length says little."""


class TooLarge(Exception):
    """A push message has no room for this text."""


def encrypt(
    text: bytes, keys: BrowserKeys, *, salt: bytes | None = None, private_key: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """The body of a request with `Content-Encoding: aes128gcm`. `salt` and `private_key`: new ones for each message, but in tests. Raises
    `TooLarge`, and ValueError if the browser's key is no point of the curve."""
    if len(text) > LARGEST:
        raise TooLarge(f"{len(text)} bytes; there is room for {LARGEST}")
    return http_ece.encrypt(  # type: ignore[no-any-return]
        text,
        salt=salt,
        private_key=private_key or ec.generate_private_key(ec.SECP256R1()),
        dh=keys.p256dh,
        auth_secret=keys.auth,
        rs=RECORD,
        version="aes128gcm",
    )


def padded(json: bytes) -> bytes:
    """JSON with spaces behind it, up to the next of `SIZES`."""
    return json.ljust(next((size for size in SIZES if len(json) <= size), len(json)))
