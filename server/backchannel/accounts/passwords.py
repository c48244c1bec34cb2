"""Which texts are one password, decided once: by RFC 8265, OpaqueString (docs/decisions/217-passwords-as-typed.md).

Nothing is trimmed and no case is folded: a password is what was typed. Two keyboards may write the same characters differently,
though: "é" is one code point on Windows and two from macOS's file names, and Option-space is a space that breaks no line. So
spaces of any kind are one space, and text is composed (NFC). Every hasher of ours is given what `prepared` returns, so that
command line, set-up, sign-up, change, reset, admin pages and sign-in agree whatever way the text came.
"""

from __future__ import annotations

import unicodedata

from backchannel.accounts.strict_json import fault_of


def prepared(password: str) -> str:
    """What is hashed."""
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in password)
    return unicodedata.normalize("NFC", spaced)


def why_not(password: str) -> str | None:
    """Why nobody could sign in with this text; None where one can."""
    if not password:
        return "Is needed."
    return fault_of(password)
