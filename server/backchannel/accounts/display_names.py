"""Which display names are allowed. Everyone sees them, next to everything their owner writes."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from backchannel.accounts.strict_json import fault_of
from backchannel.text_rules import clean_name, holds_address

LENGTH = 80


def why_not(text: str) -> str | None:
    """Why `text` cannot be a display name, as a sentence; None if it can. A blank one is allowed: the username is shown instead."""
    if len(clean_name(text)) > LENGTH or len(text) > 10 * LENGTH:
        return f"Use at most {LENGTH} characters."
    if holds_address(text):
        return "Everyone sees this name: choose one without an e-mail address."
    return fault_of(text)


def check(text: str) -> None:
    """The same as a validator of models and forms."""
    refusal = why_not(text)
    if refusal is not None:
        raise ValidationError(refusal, code="invalid")
