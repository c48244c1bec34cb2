"""Derives a plan from a seed: the people, their actions, the faults, and how many of each.

Each seed uses only some of the actions and faults, so that rare ones coincide often.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from backchannel.protocol.shapes import Limits
from backchannel.store.transaction import MEMBERSHIP, NAME_KEY, PERSON, ROOM, WORKSPACE
from backchannel.text_rules import name_keys
from lab.simulation.seams import BOUNDS
from lab.simulation.world.database import Database

ACTIONS = (
    "send", "edit", "delete", "react", "mark", "leave_join", "remove_add", "rename", "create", "direct",
    "look_back",
)  # fmt: skip
FAULTS = (
    "kill", "drain", "bus_loses", "bus_away", "bus_reorders", "bus_doubles", "slow", "db_down", "db_slow", "db_breaks",
    "cut", "dark", "stall", "drop_message", "slow_reader", "offline", "requests_lost", "requests_doubled", "no_upgrade",
    "crash", "new_device", "sign_out",
)  # fmt: skip
LARGE = 0.02
"""The share of seeds with many people, actions and faults. Most are small: few people are enough to show most mistakes."""


@dataclass
class Plan:
    """Sizes, limits, actions and faults of a seed. `plan` chooses them at random."""

    epoch: str
    nodes: int
    people: int
    devices: list[int]
    """The user of each client."""
    rooms: int
    actions: list[str]
    faults: list[str]
    action_count: int
    fault_count: int
    seconds: float
    heartbeat_s: int
    poll_wait_s: float
    page: int
    limits: Limits
    shuffles: bool
    interleaves: float
    skews_clocks: bool
    restores: bool
    empties: bool
    """At the end everybody leaves."""
    has_direct: bool
    """Two of the people have a direct room from the start."""
    kernel_buffer: int
    """Bytes that fit into the kernel's buffers towards a client that does not read."""
    bounds: dict[str, int]
    return_within_ms: int = 2000
    members: dict[int, list[int]] = field(default_factory=dict)

    def populate(self, database: Database) -> None:
        """Insert the workspace, the people, and the rooms with their members."""
        database.insert(WORKSPACE, id=1, name="Simulated", epoch=self.epoch, namespace="", created_us=0)
        for user in range(1, self.people + 1):
            names = {"username": f"user{user}", "display_name": f"User {user}"}
            database.insert(PERSON, id=user, account=str(user), **names, active=True, version=1, folded="")
            for key in dict.fromkeys(key for name in names.values() for key in name_keys(name)):
                database.insert(NAME_KEY, person_id=user, key=key)
        for room in range(1, self.rooms + 1):
            first, *others = self.members[room]
            roles = {first: "owner"} | dict.fromkeys(others, "member")
            _insert_room(database, room, roles, kind="group" if room % 2 else "channel", name=f"room {room}")
        if self.has_direct:
            _insert_room(database, self.rooms + 1, {1: "member", 2: "member"}, kind="direct", direct_key="1:2")


def _insert_room(database: Database, id_: int, roles: dict[int, str], **columns: Any) -> None:
    database.insert(ROOM, id=id_, topic="", head=0, member_count=len(roles), created_us=0, folded="", **columns)
    for user, role in roles.items():
        database.insert(
            MEMBERSHIP, room_id=id_, person_id=user, role=role, state="member", joined_seq=0, read_seq=0
        )  # fmt: skip


def plan(seed: int, rng: Random) -> Plan:
    random, choice = rng.random, rng.choice
    is_large = random() < LARGE
    people = choice((5, 6)) if is_large else choice((2, 3, 3, 4))
    clients = max(people, 10 if is_large else choice((2, 3, 3, 4, 5, 6)))
    actions = [action for action in ACTIONS if random() < 0.5]
    rooms = choice((1, 2, 2, 3))
    limits = Limits(
        catch_up_events=choice((3, 8, 500)),
        sends_per_second=2.0 if random() < 0.1 else 1000.0,
        send_burst=3 if random() < 0.1 else 1000,
        commands_per_second=1000.0,
        changes_per_second=1000.0,
        change_burst=1000,
        page=200,
    )
    made = Plan(
        epoch=f"epoch-{seed}",
        nodes=choice((1, 2, 2, 2, 3)),
        people=people,
        devices=[1 + index % people for index in range(clients)],
        rooms=rooms,
        actions=["send", *actions],
        faults=rng.sample(FAULTS, choice((0, 1, 2, 3, 4))),
        action_count=100 if is_large else choice((6, 10, 20)),
        fault_count=12 if is_large else choice((1, 2, 4, 6)),
        seconds=10.0 if is_large else choice((2.0, 3.0, 6.0)),
        heartbeat_s=choice((2, 5)),
        poll_wait_s=choice((2.0, 10.0, 25.0)),
        page=choice((3, 50)),
        limits=limits,
        shuffles=random() < 0.7,
        interleaves=choice((0.0, 0.2, 0.6)),
        skews_clocks=random() < 0.3,
        restores=random() < 0.03,
        has_direct=random() < 0.3,
        empties=random() < 0.05,
        kernel_buffer=choice((500, 4096)),
        bounds={name: choice((1, 2, 4)) for name in BOUNDS if random() < 0.2},
        members={
            room: rng.sample(range(1, people + 1), choice((people, people, max(2, people - 1))))
            for room in range(1, rooms + 1)
        },
    )
    if random() < 0.5:  # drawn last, so that it changes nothing else of a seed
        made.actions.append("pin")
    return made
