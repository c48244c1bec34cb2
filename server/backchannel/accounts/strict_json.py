"""Parses JSON bodies strictly: refuses what a database, a hasher or another parser could not handle.

    members = parse(request.body)

Raises a `CommandError` that says what to send instead for: bytes that are not UTF-8, text that is not JSON (including `NaN`), anything
but an object, a member given twice (parsers disagree which one counts), more than `DEPTH` levels, numbers beyond 64 bits, and, by
field, text with a NUL (PostgreSQL cannot store it) or a lone surrogate (it has no UTF-8 form).
"""

from __future__ import annotations

import json
from typing import Any, Final

from backchannel.protocol.errors import Code, CommandError, invalid

BODY_AT_MOST: Final = 64 * 1024
# No body of these endpoints has more than two; json itself gives up only at about a thousand, with a RecursionError.
DEPTH: Final = 8
_INT64: Final = 2**63


def parse(body: bytes) -> dict[str, Any]:
    """Return the members of the object in `body`. Raises `CommandError`: 400, 413, 422."""
    if len(body) > BODY_AT_MOST:
        raise CommandError(Code.TOO_LARGE, "The body is larger than 64 KiB.")
    try:
        value = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise CommandError(Code.BAD_FRAME, "The body is not UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise CommandError(Code.BAD_FRAME, "The body is not JSON.") from None
    if not isinstance(value, dict):
        raise CommandError(Code.BAD_FRAME, "The body is not a JSON object.")
    for name, member in value.items():
        if fault_of(name):
            raise CommandError(Code.BAD_FRAME, "The name of a member is not text that can be stored.")
        _check(name, member, DEPTH - 1)
    return value


def fault_of(text: str) -> str | None:
    """Why `text` cannot be stored, as a sentence; None if it can."""
    if "\x00" in text:
        return "Contains the character NUL. Leave it out."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "Contains half a character (a lone surrogate). Leave it out."
    return None


def _check(field: str, value: Any, levels: int) -> None:
    if isinstance(value, str):
        fault = fault_of(value)
        if fault:
            raise invalid(**{field: fault})
    elif isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise invalid(**{field: "Is too large a number."})
    elif isinstance(value, (dict, list)):
        if levels == 0:
            raise _too_deep()
        for each in (*value.keys(), *value.values()) if isinstance(value, dict) else value:
            _check(field, each, levels - 1)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise CommandError(Code.BAD_FRAME, "The body names a member twice. Send each once.")
    return members


def _no_constant(word: str) -> Any:
    raise ValueError(word)


def _too_deep() -> CommandError:
    return CommandError(Code.BAD_FRAME, f"The body is nested more than {DEPTH} levels deep.")
