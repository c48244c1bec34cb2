"""Quiet hours, by the clock of the person, on the days on which clocks change, too."""

import pytest

from backchannel.notifications.quiet_hours import check_quiet_hours, is_quiet
from backchannel.protocol import times
from backchannel.protocol.errors import CommandError
from backchannel.protocol.shapes import QuietHours

WORKDAYS = [1, 2, 3, 4, 5]
NIGHTS = QuietHours(zone="Europe/Berlin", days=WORKDAYS, start="22:00", end="07:00")
NOON = QuietHours(zone="Asia/Kathmandu", days=[3], start="12:00", end="13:30")
ALL_DAY = QuietHours(zone="Europe/Berlin", days=[7], start="00:00", end="00:00")


@pytest.mark.parametrize(
    ("hours", "at", "wanted"),
    [
        (NIGHTS, "2026-11-30T20:59:59Z", False),  # Monday, 21:59:59 in Berlin
        (NIGHTS, "2026-11-30T21:00:00Z", True),
        (NIGHTS, "2026-12-01T05:59:59Z", True),
        (NIGHTS, "2026-12-01T06:00:00Z", False),
        (NIGHTS, "2026-12-05T04:00:00Z", True),  # Saturday morning: Friday's night
        (NIGHTS, "2026-12-05T22:00:00Z", False),  # Saturday night
        (NIGHTS, "2026-11-30T03:00:00Z", False),  # Monday morning: Sunday's night
        (NOON, "2026-12-02T06:15:00Z", True),  # Wednesday, 12:00 at +05:45
        (NOON, "2026-12-02T07:45:00Z", False),
        (NOON, "2026-12-03T06:15:00Z", False),
        (ALL_DAY, "2026-11-29T00:00:00Z", True),
        (ALL_DAY, "2026-11-29T22:59:59Z", True),
        (ALL_DAY, "2026-11-29T23:00:00Z", False),
        (None, "2026-11-30T21:00:00Z", False),
        (QuietHours(zone="UTC", days=[], start="00:00", end="00:00"), "2026-11-30T21:00:00Z", False),
    ],
)
def test_it_is_quiet(hours: QuietHours | None, at: str, wanted: bool) -> None:
    assert is_quiet(hours, times.from_wire(at)) is wanted


def quiet_minutes(hours: QuietHours, first: str, last: str) -> int:
    return sum(is_quiet(hours, at) for at in range(times.from_wire(first), times.from_wire(last), 60_000_000))


def test_the_night_in_which_clocks_change_is_an_hour_shorter_or_longer() -> None:
    every_night = QuietHours(zone="Europe/Berlin", days=[1, 2, 3, 4, 5, 6, 7], start="22:00", end="07:00")
    assert quiet_minutes(every_night, "2026-11-30T12:00:00Z", "2026-12-01T12:00:00Z") == 9 * 60
    assert quiet_minutes(every_night, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z") == 8 * 60
    assert quiet_minutes(every_night, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z") == 10 * 60


def test_hours_that_begin_at_a_time_the_clock_leaves_out_begin_after_it() -> None:
    hours = QuietHours(zone="Europe/Berlin", days=[7], start="02:30", end="04:00")
    assert quiet_minutes(hours, "2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z") == 60


def test_days_are_stored_once_in_their_order() -> None:
    assert check_quiet_hours(QuietHours(zone="UTC", days=[5, 1, 5], start="22:00", end="07:00")).days == [1, 5]


@pytest.mark.parametrize("zone", ["Nowhere/City", "", "../../etc/passwd", "/etc/localtime", "europe/berlin\x00"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(CommandError) as refused:
        check_quiet_hours(QuietHours(zone=zone, days=[1], start="22:00", end="07:00"))
    assert list(refused.value.errors or {}) == ["quiet_hours"]
