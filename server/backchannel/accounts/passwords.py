"""Which texts are the same password: RFC 8265, OpaqueString (docs/decisions/217-passwords-as-typed.md).

Nothing is trimmed and case matters: a password is what was typed. But keyboards may encode the same characters differently: "é" is
one code point on Windows and two in macOS's file names, and Option-space is a no-break space. So all kinds of spaces count as one
space, and text is composed (NFC). All our hashers receive the result of `prepared`, so that command line, setup, sign-up, change,
reset, admin pages and sign-in agree.
"""

from __future__ import annotations

import unicodedata

from backchannel.accounts.strict_json import fault_of


def prepared(password: str) -> str:
    """The text that is hashed."""
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in password)
    return unicodedata.normalize("NFC", spaced)


def why_not(password: str) -> str | None:
    """Why nobody could sign in with this text, as a sentence; None if it is usable."""
    if not password:
        return "Is needed."
    return fault_of(password)
