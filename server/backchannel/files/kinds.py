"""Types of files: which are pictures, which browsers may play in place, and how their first bytes show it. Pure.

A type counts only if the bytes agree with it. Everything else is a file to download, whatever it says of itself.
"""

from collections.abc import Callable
from typing import Final

PLAIN: Final = "application/octet-stream"

PICTURES: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}
"""Type → Pillow's name of the format."""
ENDINGS: Final = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
}
"""Endings of the types that pictures are re-encoded to. A name without one gets the first."""

HEAD_BYTES: Final = 512
"""The part of a file that `is_playable` examines."""


def is_playable(content_type: str, head: bytes) -> bool:
    """Whether the first bytes of a file are those of this type, which browsers may play in place."""
    check = _PLAYABLE.get(content_type)
    return check is not None and check(head)


def may_be_played(content_type: str) -> bool:
    """Whether browsers may play a file of this type in place."""
    return content_type in _PLAYABLE


def is_inline(content_type: str, width: int | None) -> bool:
    """Whether a checked file may be shown in place: `width` is set for our own pictures alone."""
    return width is not None or content_type in _PLAYABLE


def _is_mp4(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] not in {b"avif", b"avis", b"heic", b"heix", b"mif1"}


def _is_mp3(head: bytes) -> bool:
    is_frame = len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08
    return head[:3] == b"ID3" or is_frame


def _is_webm(head: bytes) -> bool:
    return head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head[:64]


def _is_ogg(head: bytes) -> bool:
    return head[:4] == b"OggS"


_PLAYABLE: Final[dict[str, Callable[[bytes], bool]]] = {
    "video/mp4": _is_mp4,
    "audio/mp4": _is_mp4,
    "audio/x-m4a": _is_mp4,
    "video/webm": _is_webm,
    "audio/webm": _is_webm,
    "audio/mpeg": _is_mp3,
    "audio/ogg": _is_ogg,
    "video/ogg": _is_ogg,
}
