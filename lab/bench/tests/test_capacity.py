"""The simulation behaves as the world does, whatever the figures are."""

from __future__ import annotations

from lab.bench.capacity import COMMUNITY, TEAM, Costs, carried, inputs, most_people, rounded, simulate

COSTS = Costs(
    delivery=5e-6,
    send=60e-6,
    database_send=40e-6,
    connection_bytes=7000,
    base_bytes=8e7,
    connection_cpu=2e-6,
    event_bytes=460,
)


def test_the_same_seed_gives_the_same_load() -> None:
    assert simulate(COSTS, TEAM, 10, 10_000, seed=3) == simulate(COSTS, TEAM, 10, 10_000, seed=3)


def test_more_people_ask_more_of_every_part() -> None:
    few, many = simulate(COSTS, TEAM, 10, 1000), simulate(COSTS, TEAM, 10, 10_000)
    assert all(many.strain[part] > few.strain[part] for part in few.strain)


def test_more_nodes_carry_more_people_but_no_node_more() -> None:
    one, ten = most_people(COSTS, COMMUNITY, 1)[0], most_people(COSTS, COMMUNITY, 10)[0]
    assert one < ten <= one * 11


def test_a_node_alone_needs_no_bus() -> None:
    assert simulate(COSTS, TEAM, 1, 1000).bus_per_s == 0


def test_the_bus_carries_a_message_once_for_each_node_at_most() -> None:
    load = simulate(COSTS, COMMUNITY, 3, 10_000)
    assert load.messages_per_s < load.bus_per_s <= 3 * load.messages_per_s


def test_sharing_out_leaves_the_limit_to_the_nodes() -> None:
    together, apart = most_people(COSTS, COMMUNITY, 1000)[0], most_people(COSTS, COMMUNITY, 1000, shards=True)[0]
    assert apart > together


def test_the_page_can_be_filled() -> None:
    assert "µs" in inputs(COSTS)
    assert "1,000 nodes, sharded by room" in carried(COSTS)
    assert rounded(123_456) == "120,000"
