"""Names of files that people send. Pure.

A name is shown, saved on other people's machines, and part of an address; so it keeps its letters and its ending, and loses what could
lead out of a folder or disguise the ending.
"""

import re
from typing import Final
from unicodedata import normalize
from urllib.parse import quote
from uuid import UUID

NAME_BYTES: Final = 255
"""The limit of common file systems."""
FALLBACK: Final = "file"
_ENDING_BYTES: Final = 32
"""A longer one is no ending."""
_SEPARATORS: Final = re.compile(r"[/\\]")
_BAD: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
    '\ud800-\udfff<>:"|?*]'
)
"""Controls, bidi controls, invisible characters that no script needs, lone surrogates, and what Windows allows in no name."""
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|\Z)", re.IGNORECASE)
"""Devices of Windows."""


def clean_file_name(name: str) -> str:
    """The name as stored: NFC, the last part of a path, at most 255 bytes with its ending kept."""
    last = _SEPARATORS.split(normalize("NFC", name).rstrip("/\\"))[-1]
    cleaned = _BAD.sub("", last).strip(" ").rstrip(". ")
    if not cleaned.strip("."):
        return FALLBACK
    if _RESERVED.match(cleaned):
        cleaned = f"_{cleaned}"
    return _shortened(cleaned)


def with_ending(name: str, ending: str) -> str:
    """The name with another ending, like ".webp"."""
    stem, dot, old = name.rpartition(".")
    return _shortened((stem if dot and stem and len(old) < _ENDING_BYTES else name) + ending)


def address_of(upload_id: UUID, name: str) -> str:
    """Where the file is served, below the address of the chat. The name is for people alone."""
    return f"/files/{upload_id}/{quote(name, safe='')}"


def _shortened(name: str) -> str:
    if len(name.encode()) <= NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    end = f".{ending}" if dot and stem and len(ending.encode()) < _ENDING_BYTES else ""
    start = stem if end else name
    return start.encode()[: NAME_BYTES - len(end.encode())].decode(errors="ignore").rstrip(". ") + end
