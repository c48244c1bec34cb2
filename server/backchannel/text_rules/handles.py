"""The name shown for a login that is an e-mail address: usernames and display names are public, an address is not.

handle_of("Ada.L+chat@example.com") == "ada.l"
"""

import re
import unicodedata
from typing import Final

RESERVED: Final = frozenset({"all", "channel", "everyone", "here", "room", "system", "backchannel"})
"""Addresses like these mean many people at once, so they cannot be a person's name."""

OF_ERASED: Final = re.compile(r"deleted-\d+")
"""The usernames of those who are erased. They are kept free, so that nobody's name stands in the way of that."""

_ADDRESS: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_NOT_IN_HANDLES: Final = re.compile(r"[^a-z0-9._-]+")
_LONGEST: Final = 32


def holds_address(text: str) -> bool:
    """Whether the text is or contains an e-mail address, or something like one (`ada@corp`)."""
    return _ADDRESS.search(text) is not None


def handle_of(login: str) -> str:
    """The part before the @, as far as it can be typed in a mention; "person" if nothing is left."""
    local = unicodedata.normalize("NFKD", login.partition("@")[0].partition("+")[0].lower())
    ascii_alone = local.encode("ascii", "ignore").decode()
    handle = _NOT_IN_HANDLES.sub("-", ascii_alone)[:_LONGEST].strip("._-")
    return f"{handle}.person" if handle in RESERVED else handle or "person"


def numbered(handle: str, number: int) -> str:
    """The second (number 2) and further people of that name: `ada.l.2`."""
    return handle if number < 2 else f"{handle}.{number}"
