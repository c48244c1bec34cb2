"""The only codec for times.

Internally a time is an int: microseconds since 1970-01-01 UTC. On the wire it is ISO 8601 with a `Z`.
No other code formats a time, so a raw datetime cannot reach a frame.
"""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_wire(microseconds: int) -> str:
    """`1763869468123456` → `"2025-11-23T03:44:28.123456Z"` (without a fraction if it is zero)."""
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat().removesuffix("+00:00") + "Z"


def from_wire(text: str) -> int:
    """The inverse of `to_wire`. Raises ValueError if `text` is not ISO 8601 with an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)
