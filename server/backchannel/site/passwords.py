"""A password for a new account at the terminal."""

from __future__ import annotations

import getpass
import secrets
import sys

# No characters that look alike: these are read from one screen and typed into another.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def ask_or_make() -> tuple[str, bool]:
    """The password, and whether it was made up: where nobody can be asked, or who is asked leaves it blank."""
    if sys.stdin.isatty():
        while given := getpass.getpass("Password (blank: one is made up): "):
            if given == getpass.getpass("Again: "):
                return given, False
            print("These two differ. Once more:", file=sys.stderr)
    return made_up_password(), True


def made_up_password() -> str:
    """Twenty random characters in four groups: about 99 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
