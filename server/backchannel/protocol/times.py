"""The only codec for times.

Internally a time is an int: microseconds since 1970-01-01 UTC. On the wire it is ISO 8601 with a `Z`.
No other code formats a time, so a raw datetime cannot reach a frame.
"""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def to_wire(microseconds: int) -> str:
    """`1763869468123456` → `"2025-11-23T03:44:28.123456Z"` (without a fraction if it is zero)."""
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat().removesuffix("+00:00") + "Z"


def from_wire(text: str) -> int:
    """The inverse of `to_wire`. Raises ValueError if `text` is not ISO 8601 with an offset, or is in no year that `to_wire` can write: an
    offset may lead out of the years 1 to 9999."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    microseconds = (moment - _EPOCH) // _MICROSECOND
    if not _FIRST <= microseconds <= _LAST:
        raise ValueError(f"{text!r} is not within the years 1 to 9999")
    return microseconds
