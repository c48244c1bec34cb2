"""What stands for a login that is an e-mail address: everybody sees usernames and display names, and an address is not everybody's.

handle_of("Ada.L+chat@example.com") == "ada.l"
"""

import re
import unicodedata
from typing import Final

RESERVED: Final = frozenset({"all", "channel", "everyone", "here", "room", "system", "backchannel"})
"""These address many people at once, and must not come to mean one person."""

_ADDRESS: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_NOT_IN_HANDLES: Final = re.compile(r"[^a-z0-9._-]+")
_LONGEST: Final = 32


def holds_address(text: str) -> bool:
    """Whether an e-mail address, or what looks like one (`ada@corp`), is the text or stands in it."""
    return _ADDRESS.search(text) is not None


def handle_of(login: str) -> str:
    """What stands before the @, as far as others can type it after theirs; "person" where nothing is left."""
    local = unicodedata.normalize("NFKD", login.partition("@")[0].partition("+")[0].lower())
    ascii_alone = local.encode("ascii", "ignore").decode()
    handle = _NOT_IN_HANDLES.sub("-", ascii_alone)[:_LONGEST].strip("._-")
    return f"{handle}.person" if handle in RESERVED else handle or "person"


def numbered(handle: str, number: int) -> str:
    """For the second of that name (number 2) and those after: `ada.l.2`."""
    return handle if number < 2 else f"{handle}.{number}"
