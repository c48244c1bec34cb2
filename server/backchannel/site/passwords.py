"""Asks for the password of a new account at the terminal."""

from __future__ import annotations

import getpass
import secrets
import sys

# Without characters that look alike: people read these on one screen and type them on another.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def ask_or_make() -> tuple[str, bool]:
    """Returns the password, and whether it was generated: without a terminal, or if the user leaves it blank."""
    if sys.stdin.isatty():
        while given := getpass.getpass("Password (leave blank to generate one): "):
            if given == getpass.getpass("Again: "):
                return given, False
            print("The two differ. Try again:", file=sys.stderr)
    return made_up_password(), True


def made_up_password() -> str:
    """Twenty random characters in four groups: about 99 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
