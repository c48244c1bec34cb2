"""Which usernames are allowed: people type them after an @."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from backchannel.text_rules.handles import OF_ERASED, RESERVED

USERNAME_LENGTH = 32

# Names end with a letter or digit, so that a full stop after a mention is not part of it.
_SHAPE = re.compile(r"\A[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\Z")


def check_reserved(name: str) -> None:
    if name in RESERVED or OF_ERASED.fullmatch(name):
        raise ValidationError("This name is reserved.", code="reserved")


validators: list[Callable[[str], None]] = [
    RegexValidator(
        _SHAPE,
        "Use lowercase letters and digits, with . _ - between them.",
        code="invalid",
    ),
    check_reserved,
]


def why_not(name: str) -> str | None:
    """Why `name` cannot be a username, as a sentence; None if it can."""
    if not name or len(name) > USERNAME_LENGTH:
        return f"Use 1 to {USERNAME_LENGTH} characters."
    for check in validators:
        try:
            check(name)
        except ValidationError as refusal:
            return str(refusal.messages[0])
    return None
