"""Runs one seed: actions and faults, then the end of all faults, then quiet, then the checks."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from backchannel.store import rooms as stored_rooms
from lab.checker.checks import check
from lab.checker.links import Anomaly
from lab.simulation.clients.client import Client
from lab.simulation.plan import Plan, plan
from lab.simulation.scenario import QUIET_WITHIN_S, Scenario
from lab.simulation.world import stored
from lab.simulation.world.world import World
from tests.reference import Frame
from tests.reference.replica import HeldRoom
from tests.reference.room import COUNTED_AT_MOST


@dataclass
class Outcome:
    """`anomalies`: broken promises. `history`: JSON lines; kept if there are anomalies or the caller asked for it."""

    seed: int
    anomalies: list[Anomaly]
    history: str
    steps: int
    seconds: float


def run(seed: int, *, keep_history: bool = False, adjust: Callable[[Plan], None] = lambda _: None) -> Outcome:
    """`adjust` changes the plan of the seed."""
    rng = Random(seed)
    planned = plan(seed, rng)
    adjust(planned)
    world = World(planned, rng)
    scenario = Scenario(world)
    scenario.set_up()
    world.loop.run_until(lambda: False, world.loop.now + world.plan.seconds + 0.5, every=10.0)
    scenario.heal()
    healed = world.loop.now
    reached = world.loop.run_until(lambda: not _waits_for(world), healed + QUIET_WITHIN_S, every=0.25)
    waits_for = _waits_for(world)
    world.history.add("quiet", reached=reached, waits_for=waits_for)
    _tell_end(world)
    if reached and planned.empties:
        world.empty()
    anomalies = check(world.history.records)
    history = world.history.lines() if keep_history or anomalies else ""
    outcome = Outcome(seed, anomalies, history, world.loop.steps, world.loop.now - healed)
    world.close()
    return outcome


def _waits_for(world: World) -> str:
    """What is still missing; empty if all clients are complete."""
    if world.database.writers_about_to_commit:  # of a command that its client has given up; a read could commit it
        return "a commit"
    for node in world.nodes.values():
        if any(subscriber.credential in world.ended for subscriber in node.hub.subscribers):
            return f"the end of a session on node {node.number}"
    versions, heads, rooms_of = (
        stored.versions(world.database),
        stored.heads(world.database),
        stored.rooms_of_everybody(world.database),
    )
    for client in world.clients.values():
        if not client.is_alive:
            return f"{client.name} to be back"
        if not client.is_proven:
            return f"a proven socket of {client.name}"
        if not client.outbox.is_empty:
            return f"the outbox of {client.name}"
        if client._commands or client.repairs.is_listing:
            return f"answers for {client.name}"
        user, replica = client.who.user_id, client.replica
        if replica.version != versions[user]:
            return f"version {versions[user]} at {client.name}"
        rooms = rooms_of[user]
        if rooms != replica.rooms.keys():
            return f"rooms {rooms} at {client.name}"
        for room in rooms:
            view = replica.rooms[room]
            if view.cursor != heads[room]:
                return f"event {heads[room]} of room {room} at {client.name}, which is at {view.cursor}"
            if not view.complete:
                return f"the history of room {room} at {client.name}"
    return ""


def _tell_end(world: World) -> None:
    """Record what is stored, and what each client shows."""
    for room in stored.heads(world.database):
        world.history.add("log", **stored.log(world.database, room))
    for user in stored.versions(world.database):
        world.history.add("list", user=user, rooms=_listed(user))
    for client in world.clients.values():
        world.history.add("view", client=client.name, user=client.who.user_id, rooms=_shown(client))


def _listed(user: int) -> Frame:
    """Record the server's room lists."""
    return {
        str(room.id): {
            "seq": room.seq, "read_seq": room.read_seq, "unread": room.unread_count, "mentioned": room.mention_count,
            "member_count": room.member_count, "last": room.last_message and str(room.last_message.id),
        }
        for room in stored_rooms.rooms_of(user)
    }  # fmt: skip


def _shown(client: Client) -> Frame:
    return {str(room): _view(held, client.who.user_id) for room, held in client.replica.rooms.items()}


def _view(held: HeldRoom, user: int) -> Frame:
    unread, mentioned = held.count_unread(user)
    return {
        "cursor": held.cursor,
        "read_seq": held.read_seq,
        "unread": min(COUNTED_AT_MOST, unread),
        "mentioned": min(COUNTED_AT_MOST, mentioned),
        "messages": [
            {
                "seq": m["seq"], "id": m["id"], "sender": m["sender"]["id"], "content": m["content"],
                "deleted": m["deleted"], "rev_seq": m["rev_seq"], "mentions": m["mentions"],
                "pinned": m.get("pinned", False),
                "reactions": [[each["emoji"], each["user_ids"]] for each in m["reactions"]],
            }
            for m in sorted(held.messages.values(), key=lambda m: m["seq"])
        ],
    }  # fmt: skip
