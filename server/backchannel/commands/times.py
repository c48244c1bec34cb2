"""Times that a command names."""

from backchannel.protocol import times
from backchannel.protocol.errors import invalid


def time_of(field: str, text: str | None) -> int | None:
    """The time in microseconds since 1970. Raises CommandError `invalid`, which names the field."""
    if text is None:
        return None
    try:
        at_us = times.from_wire(text)
    except ValueError:
        raise invalid(**{field: "Is not a time like 2026-11-30T18:00:00Z."}) from None
    if at_us < 0:
        raise invalid(**{field: "Is before 1970."})
    return at_us
