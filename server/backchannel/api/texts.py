"""Texts as a site's code gives them."""

from typing import Any, Final

from django.utils.functional import Promise

from backchannel.protocol.errors import invalid

SPACE_LENGTH: Final = 64


def plain(**field: Any) -> str:
    """The text of the field, that of a lazy translation in the language that is active now. Raises ChatError `invalid`: it is no text."""
    [(name, text)] = field.items()
    if isinstance(text, Promise):
        text = str(text)
    if not isinstance(text, str):
        raise invalid(**{name: f"Give a text; this is of type {type(text).__name__}."})
    return text


def short(longest: int, **field: Any) -> str | None:
    """The same of a field that may be None. Raises ChatError `invalid`, also for a text that is too long."""
    [(name, given)] = field.items()
    if given is None:
        return None
    text = plain(**field)
    if len(text) > longest:
        raise invalid(**{name: f"Too long: {len(text)} characters; at most {longest}."})
    return text


def space_of_room(space: str | None) -> str | None:
    """The tenant of a new room. Raises ChatError `invalid` for what no user's can be."""
    text = short(SPACE_LENGTH, space=space)
    if text is not None and not text.isprintable():
        raise invalid(space="Not printable.")
    return text
