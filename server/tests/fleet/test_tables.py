"""What the pages show is what the tables say, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from backchannel.evidence import nodes, upkeep
from backchannel.evidence.classify import Reached
from backchannel.evidence.nodes import NodeState
from backchannel.evidence.pace import MINUTE_US, Pace, forget_minutes, read_minutes, write_minute
from backchannel.evidence.rows import Arrived, Ended, Origin, Seen, attempt_number
from backchannel.fleet.fallback import fallback
from backchannel.fleet.kept import Kept
from backchannel.fleet.now import latest_of, now, points
from backchannel.fleet.person import person
from backchannel.fleet.problems import problems_of
from backchannel.protocol.fleet import FallbackQuery, PersonQuery
from backchannel.store.backup_marker import Backup
from backchannel.store.driver import Driver
from tests.evidence.test_tables import CLEO, DEVICE, World, cut, world
from tests.running import Someone, somebody

__all__ = ["world"]

HOUR_US = upkeep.HOUR_US


class Database:
    """The world's connection, as one that reads."""

    def __init__(self, world: World) -> None:
        self._world = world

    @contextmanager
    def reading(self) -> Iterator[Driver]:
        with self._world.connected.transaction() as driver:
            yield driver


def kept(world: World, analytics: Any = "on") -> Kept:
    return Kept(analytics, Database(world))  # type: ignore[arg-type]


def strip(world: World, origin: Origin = CLEO) -> None:
    """An upgrade that a proxy removed, which its client reports."""
    attempt = world.attempt()
    world.write(Arrived(world.next_id(), "websocket", origin, Reached.NO_UPGRADE, 426, attempt_number(attempt)))


def live(world: World, origin: Origin, **more: Any) -> int:
    row_id = world.next_id()
    world.write(Arrived(row_id, "websocket", origin, client="web", device=DEVICE, **more))
    return row_id


# -- now


def minute(world: World, node: str, at: int, **pace: Any) -> None:
    with world.connected.transaction() as driver:
        write_minute(driver, node, at * MINUTE_US, Pace(**pace))


def test_a_minute_is_written_over_until_it_ends_and_forgotten_after_a_day(world: World) -> None:
    minute(world, "a", 1000, websocket=1, sends=5)
    minute(world, "a", 1000, websocket=2, sends=9, delivery=[1, 2])
    with world.connected.transaction() as driver:
        (row,) = read_minutes(driver, 0)
        assert (row.node, row.pace) == ("a", Pace(2, 0, 0, 9, [1, 2]))
        forget_minutes(driver, (1000 + 26 * 60) * MINUTE_US)
        assert read_minutes(driver, 0) == []


def test_sends_are_counted_between_the_rows_of_a_process_and_never_from_its_start(world: World) -> None:
    for at, sends in ((100, 1000), (101, 1010), (104, 1030), (105, 1031)):
        minute(world, "a", at, websocket=4, people=3, sends=sends)
    minute(world, "b", 104, http=2, people=1, sends=7)
    with world.connected.transaction() as driver:
        rows = read_minutes(driver, 0)
    assert [(each.websocket, each.http, each.people, each.sends) for each in points(rows)] == [
        (4, 2, 4, 30),
        (4, 0, 3, 1),
    ]
    assert [row.node for row in latest_of(rows, 105)] == ["a", "b"]
    assert [row.node for row in latest_of(rows, 106)] == ["a"]


def test_now_has_connections_delivery_causes_and_nodes_of_all_processes(world: World) -> None:
    strip(world)
    live(world, CLEO)
    polls = world.next_id()
    world.write(Arrived(polls, "http", CLEO, status=200, client="web", device=DEVICE))
    at = world.now_us // MINUTE_US
    minute(world, "a", at - 90, sends=0, delivery=[100, *[0] * 14])
    minute(world, "a", at, sends=300, people=1, delivery=[100, 98, 0, 0, 0, 0, 0, 0, 2, *[0] * 6])
    with world.connected.transaction() as driver:
        nodes.beat(
            driver, "a", world.now_us - 1, world.now_us, NodeState("1.2.3", bus_up=False, free_bytes=1, size_bytes=100)
        )
        nodes.beat(driver, "b", 1, 2, NodeState("1.2.3"))
    shown = now(kept(world), None, None, world.now_us)
    assert [(each.transport, each.client, each.count) for each in shown.open] == [
        ("websocket", "web", 1),
        ("http", "web", 1),
    ]
    assert [(each.cause, each.count) for each in shown.causes] == [("upgrade_stripped", 1)]
    assert shown.delivery is not None
    assert (shown.delivery.count, shown.delivery.p50, shown.delivery.p99) == (100, 0.01, 2.5)
    assert [(each.id, each.silent) for each in shown.nodes] == [("a", False), ("b", True)]
    assert [each.alert for each in shown.problems] == [
        "BackchannelBusLost",
        "BackchannelDiskFillsUp",
        "BackchannelDeliverySlow",
    ]


def test_an_old_backup_is_a_problem_and_none_that_is_known_is_none(world: World) -> None:
    day_us = 24 * HOUR_US
    assert now(kept(world), None, None, world.now_us).problems == []
    assert now(kept(world), Backup(world.now_us - day_us, 5), None, world.now_us).problems == []
    shown = now(kept(world), Backup(world.now_us - 2 * day_us, 5), None, world.now_us)
    assert [(each.alert, each.text) for each in shown.problems] == [
        ("BackchannelBackupOld", "the newest backup is 48 hours old")
    ]


def test_a_share_of_few_connections_is_no_surge(world: World) -> None:
    for _ in range(9):
        world.write(Arrived(world.next_id(), "http", CLEO, status=200, client="web"))
    assert now(kept(world), None, None, world.now_us).problems == []
    world.write(Arrived(world.next_id(), "http", CLEO, status=200, client="web"))
    shown = now(kept(world), None, None, world.now_us)
    assert [each.text for each in problems_of(shown, world.now_us)] == ["100% of connections live on HTTP"]


# -- fallback


def test_hours_that_are_rolled_up_and_those_that_are_not_are_counted_once(world: World) -> None:
    world.now_us = world.now_us // HOUR_US * HOUR_US
    for _ in range(3):
        strip(world)
    with world.connected.transaction() as driver:
        upkeep.roll_up(driver, world.tables.words, world.now_us // HOUR_US)
    world.now_us += HOUR_US
    strip(world)
    shown = fallback(kept(world), FallbackQuery(hours=2), world.now_us)
    assert [(each.attempts, each.causes) for each in shown.hours] == [
        (3, {"upgrade_stripped": 3}),
        (1, {"upgrade_stripped": 1}),
    ]
    assert [each.attempts for each in fallback(kept(world), FallbackQuery(hours=1), world.now_us).hours] == [1]


def test_an_idle_cut_is_a_spike_of_the_lives_and_names_its_network(world: World) -> None:
    elsewhere = Origin(8, "198.51.100.0/24", "firefox 133, linux")
    for _ in range(4):
        attempt = world.attempt()
        row_id = live(world, CLEO, attempt=attempt_number(attempt))
        world.now_us += 60_000_000
        world.write(Ended(row_id, "websocket", 60_000, 1006, "link_lost", 5, "web", DEVICE))
        world.write(world.report(cut(attempt)))
    row_id = live(world, elsewhere)
    world.write(Ended(row_id, "websocket", 7_000, 1001, "client_gone", 5, "web"))
    shown = fallback(kept(world), FallbackQuery(), world.now_us)
    assert [(each.up_to, each.count, each.cut) for each in shown.lives if each.count] == [(20, 1, 0), (60, 4, 4)]
    first, second = shown.places
    assert (first.network, first.failed, first.attempts, first.cause) == ("203.0.113.0/24", 4, 4, "idle_cut")
    assert first.low > 0.5
    assert (second.network, second.failed, second.cause) == ("198.51.100.0/24", 0, "")
    assert [(each.via, each.attempts) for each in shown.proxies] == [("1.1 squid", 4)]


def test_who_is_on_http_has_the_cause_of_their_last_attempt(world: World) -> None:
    cleo = somebody("cleo")
    origin = Origin(cleo.id, CLEO.network, CLEO.agent)
    strip(world, origin)
    world.write(Arrived(world.next_id(), "http", origin, status=200, client="web", device=DEVICE))
    (shown,) = fallback(kept(world), FallbackQuery(), world.now_us).people
    assert (shown.username, shown.cause, shown.network) == (cleo.user.username, "upgrade_stripped", "203.0.113.0/24")
    assert fallback(kept(world, "anonymous"), FallbackQuery(), world.now_us).people == []


def test_with_analytics_off_nothing_that_was_kept_before_is_shown(world: World) -> None:
    strip(world)
    live(world, CLEO)
    shown = fallback(kept(world, "off"), FallbackQuery(), world.now_us)
    assert (shown.hours, shown.places, shown.lives, shown.people) == ([], [], [], [])
    assert now(kept(world, "off"), None, None, world.now_us).open == []


# -- person


@pytest.fixture
def cleo(world: World) -> Someone:
    return somebody("cleo")


def test_a_person_has_a_lane_for_each_device(world: World, cleo: Someone) -> None:
    origin = Origin(cleo.id, CLEO.network, CLEO.agent)
    first = live(world, origin)
    world.write(Seen(first, {7: 3}), Ended(first, "websocket", 900, 1006, "link_lost", 4, "web", DEVICE))
    strip(world, origin)
    world.write(Arrived(world.next_id(), "http", origin, status=200, client="react", device=DEVICE + 1))
    world.write(Arrived(world.next_id(), "websocket", Origin(cleo.id + 1)))
    shown = person(kept(world), PersonQuery(person=cleo.user.username), world.now_us)
    assert [(lane.name, lane.client, len(lane.stretches)) for lane in shown.lanes] == [
        ("A", "web", 1),
        ("B", "react", 1),
        ("?", "", 1),
    ]
    ended, refused, polls = (lane.stretches[0] for lane in (shown.lanes[0], shown.lanes[2], shown.lanes[1]))
    assert (ended.code, ended.reason, ended.live) == (1006, "link_lost", True)
    assert (refused.cause, refused.live, refused.until) == ("upgrade_stripped", False, refused.since)
    assert (polls.transport, polls.until) == ("http", None)
    assert not shown.partial


def test_a_person_is_found_by_name_and_by_id(world: World, cleo: Someone) -> None:
    assert person(kept(world), PersonQuery(person=str(cleo.id)), 1).person.username == cleo.user.username


@pytest.mark.parametrize("analytics", ["anonymous", "off"])
def test_nothing_is_shown_by_person_unless_that_is_kept(world: World, cleo: Someone, analytics: str) -> None:
    live(world, Origin(cleo.id, CLEO.network, CLEO.agent))
    shown = person(kept(world, analytics), PersonQuery(person=cleo.user.username), world.now_us)
    assert (shown.lanes, shown.recordings) == ([], [])
