"""A process that ends without a word leaves no connection open for ever."""

from typing import Any

from backchannel.evidence import nodes
from backchannel.evidence.nodes import KEPT_US, SILENT_US, NodeState
from backchannel.evidence.rows import Arrived, Ended
from tests.evidence.test_tables import CLEO, World, world

__all__ = ["world"]

STATE = NodeState("1.2.3", bus_up=False, free_bytes=5, size_bytes=9)


def beat(world: World, node: str, at_us: int) -> None:
    with world.connected.transaction() as driver:
        nodes.beat(driver, node, at_us, at_us, STATE)


def close_lost(world: World, at_us: int) -> int:
    with world.connected.transaction() as driver:
        return nodes.close_lost(driver, world.tables.words, at_us)


def known(world: World) -> list[tuple[Any, ...]]:
    with world.connected.transaction() as driver:
        return driver.query("SELECT id, version, last_us, bus_up, free_bytes, closed FROM ops_node ORDER BY id", [])


def test_a_beat_renews_the_row_of_its_process(world: World) -> None:
    beat(world, "a", 1_000)
    beat(world, "b", 2_000)
    beat(world, "a", 3_000)
    assert known(world) == [("a", "1.2.3", 3_000, 0, 5, 0), ("b", "1.2.3", 2_000, 0, 5, 0)]


def test_connections_of_a_silent_process_are_closed_at_its_last_beat(world: World) -> None:
    row_id = world.next_id()
    world.write(Arrived(row_id, "websocket", CLEO))
    last_us = world.now_us + 30_000_000
    beat(world, world.tables.node, last_us)
    assert close_lost(world, last_us + SILENT_US) == 0
    assert close_lost(world, last_us + SILENT_US + 1) == 1
    (row,) = world.rows()
    assert row["lived_ms"] == 30_000
    assert known(world)[0][-1] == 1
    assert close_lost(world, last_us + SILENT_US + 2) == 0


def test_a_process_that_was_only_frozen_goes_on_and_its_ends_count(world: World) -> None:
    row_id = world.next_id()
    world.write(Arrived(row_id, "websocket", CLEO))
    beat(world, world.tables.node, world.now_us)
    close_lost(world, world.now_us + 2 * SILENT_US)
    beat(world, world.tables.node, world.now_us + 3 * SILENT_US)
    world.write(Ended(row_id, "websocket", 200_000, 1001, "client_gone", 5))
    assert world.rows()[0]["lived_ms"] == 200_000
    assert known(world)[0][-1] == 0


def test_what_another_process_has_open_stays_open(world: World) -> None:
    world.write(Arrived(world.next_id(), "websocket", CLEO))
    beat(world, "another", world.now_us)
    assert close_lost(world, world.now_us + 2 * SILENT_US) == 0
    assert world.rows()[0]["lived_ms"] is None


def test_processes_are_forgotten_a_week_after_their_last_beat(world: World) -> None:
    beat(world, "a", 1_000)
    close_lost(world, 1_001 + KEPT_US)
    assert known(world) == []
