"""The hours in which a person is not disturbed: from one time of their clock to another, on some days of the week."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from backchannel.protocol.errors import invalid
from backchannel.protocol.shapes import QuietHours

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_quiet(hours: QuietHours | None, now_us: int) -> bool:
    """By the clock on the wall of the person's zone: on a day on which the clocks change, the hours are as much shorter or longer. Hours
    beyond midnight belong to the day on which they begin; those that begin and end at the same time last a whole day. In a zone that was
    known when it was chosen, but not here, there are none: the machines of two nodes may have different lists."""
    zone = _zone(hours.zone) if hours is not None and hours.days else None
    if hours is None or zone is None:
        return False
    local = (_EPOCH + timedelta(microseconds=now_us)).astimezone(zone)
    clock, today = f"{local:%H:%M}", local.isoweekday()
    if hours.start < hours.end:
        return today in hours.days and hours.start <= clock < hours.end
    yesterday = (today - 2) % 7 + 1
    return (today in hours.days and clock >= hours.start) or (yesterday in hours.days and clock < hours.end)


def check_quiet_hours(hours: QuietHours) -> QuietHours:
    """Return them as stored: each day once, ascending. The form of the times is the declaration's. Raises CommandError `invalid`."""
    if hours.zone not in _zones():
        raise invalid(quiet_hours=f"There is no time zone {hours.zone[:80]}. Write it like Europe/Berlin.")
    return QuietHours(zone=hours.zone, days=sorted(set(hours.days)), start=hours.start, end=hours.end)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """Reading their names walks a folder, once."""
    return frozenset(available_timezones())


@lru_cache(maxsize=600)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
