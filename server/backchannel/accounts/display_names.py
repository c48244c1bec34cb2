"""What a display name may be: everybody sees it, beside everything its bearer writes."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from backchannel.accounts.strict_json import fault_of
from backchannel.text_rules import clean_name, holds_address

LENGTH = 80


def why_not(text: str) -> str | None:
    """The sentence that refuses `text`, or None where it may be a display name. One that is blank may: the username stands in."""
    if len(clean_name(text)) > LENGTH or len(text) > 10 * LENGTH:
        return f"Use at most {LENGTH} characters."
    if holds_address(text):
        return "Everybody sees this name: write one without an e-mail address."
    return fault_of(text)


def check(text: str) -> None:
    """As a validator of models and forms."""
    refusal = why_not(text)
    if refusal is not None:
        raise ValidationError(refusal, code="invalid")
