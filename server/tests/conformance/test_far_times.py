"""Times at the ends of all times, and clocks that are none."""

from typing import Any

import pytest

from tests.conformance.world import World, build
from tests.running import WAYS, Running


@pytest.fixture
def world(server: Running) -> World:
    return build(server)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("set_notifications", "mute_until"),
        ("set_my_notifications", "dnd_until"),
        ("get_history", "at"),
        ("schedule_message", "at"),
    ],
)
def test_a_time_outside_the_years_that_there_are_is_refused(
    world: World, way: str, word: str, field: str, at: str
) -> None:
    needed: dict[str, dict[str, Any]] = {
        "set_my_notifications": {},
        "schedule_message": {"id": world.scheduled, "room_id": world.group, "content": "x"},
    }
    answer = world.server.sender(way)(world.ada, word, **needed.get(word, {"room_id": world.group}), **{field: at})
    assert (answer.code, list(answer.body["errors"])) == ("invalid", [field])


@pytest.mark.parametrize("start", ["22:00\n", "2٣:00", "1٠:00", "24:00", "7:00"])
def test_quiet_hours_begin_at_a_time_of_the_day(world: World, start: str) -> None:
    hours = {"zone": "Europe/Berlin", "days": [1], "start": start, "end": "06:00"}
    assert world.server.call(world.ada, "set_my_notifications", quiet_hours=hours).code == "invalid"
