"""One seed: its world is run through trouble, healed, left in peace, and looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

import checker
from backchannel.store import rooms as stored_rooms
from tests.simulation.clients.client import Client
from tests.simulation.clients.replica import Frame
from tests.simulation.plan import Plan, plan
from tests.simulation.scenario import QUIET_WITHIN_S, Scenario
from tests.simulation.world.statements import CONTENT as CONTENT_
from tests.simulation.world.statements import DELETED, ID, MENTIONS, REACTIONS, READ, REV, SENDER, SEQ, STATE
from tests.simulation.world.world import World


@dataclass
class Outcome:
    """`anomalies`: what may not be. `history`: what happened, as JSON lines; kept where something is wrong or asked for."""

    seed: int
    anomalies: list[checker.Anomaly]
    history: str
    steps: int
    seconds: float


def run(seed: int, *, keep_history: bool = False, adjust: Callable[[Plan], None] = lambda _: None) -> Outcome:
    """`adjust` changes the plan that came of the seed."""
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
    anomalies = checker.check(world.history.records)
    history = world.history.lines() if keep_history or anomalies else ""
    outcome = Outcome(seed, anomalies, history, world.loop.steps, world.loop.now - healed)
    world.close()
    return outcome


def _waits_for(world: World) -> str:
    """What is still to come; empty where everybody has everything."""
    tables = world.database.tables
    if world.database.writers_about_to_commit:  # of a command that its client has given up; a read might let it in
        return "a commit"
    for node in world.nodes.values():
        if any(subscriber.credential in world.ended for subscriber in node.hub.subscribers):
            return f"the end of a session on node {node.number}"
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
        if replica.version != tables.people[user][3]:
            return f"version {tables.people[user][3]} at {client.name}"
        rooms = {room for room, who in tables.seats if who == user and tables.seats[room, who][STATE] == "member"}
        if rooms != replica.rooms.keys():
            return f"rooms {rooms} at {client.name}"
        for room in rooms:
            view = replica.rooms[room]
            if view.cursor != tables.rooms[room][5]:
                return f"event {tables.rooms[room][5]} of room {room} at {client.name}, which is at {view.cursor}"
            if not view.complete:
                return f"the history of room {room} at {client.name}"
    return ""


def _tell_end(world: World) -> None:
    """What is stored, and what everybody shows."""
    tables = world.database.tables
    for room, row in tables.rooms.items():
        log = tables.log.get(room, {})
        seats = [seat for (where, _), seat in tables.seats.items() if where == room and seat[STATE] == "member"]
        world.history.add(
            "log",
            room=room,
            kind=row[1],
            head=row[5],
            members=sorted(seat[2] for seat in seats),
            entries=[_entry(log[seq]) for seq in sorted(log)],
            messages=[_stored(log[seq]) for seq in sorted(log) if type(log[seq]) is list],
            read={seat[2]: seat[READ] for seat in seats},
        )
    for user in tables.people:
        world.history.add("list", user=user, rooms=_listed(user))
    for client in world.clients.values():
        world.history.add("view", client=client.name, user=client.who.user_id, rooms=_shown(client))


def _listed(user: int) -> Frame:
    """What the server says of somebody's rooms."""
    return {
        str(room.id): {
            "seq": room.seq, "read_seq": room.read_seq, "unread": room.unread_count, "mentioned": room.mention_count,
            "member_count": room.member_count, "last": room.last_message and str(room.last_message.id),
        }
        for room in stored_rooms.rooms_of(user)
    }  # fmt: skip


def _entry(entry: Any) -> Frame:
    if type(entry) is list:
        return {"seq": entry[SEQ], "at": 0, "type": checker.CREATED, "id": str(entry[ID]), "sender": entry[SENDER]}
    _, seq, kind, at_us, message_id, body = entry
    told: Frame = {"seq": seq, "at": at_us / 1_000_000 - 1_700_000_000, "type": kind}
    if message_id is not None:
        told["id"] = str(message_id)
    if kind.startswith("member_"):
        change = msgspec.json.decode(body)
        told["user"], told["by"] = change["user"]["id"], change["by"]["id"]
    return told


def _stored(row: list[Any]) -> Frame:
    return {
        "seq": row[SEQ], "id": str(row[ID]), "sender": row[SENDER], "content": row[CONTENT_], "deleted": row[DELETED],
        "rev_seq": row[REV], "reactions": msgspec.json.decode(row[REACTIONS]), "mentions": msgspec.json.decode(row[MENTIONS]),
    }  # fmt: skip


def _shown(client: Client) -> Frame:
    return {
        str(room): {
            "cursor": view.cursor,
            "read_seq": view.read_seq,
            "unread": min(100, view.unread(client.who.user_id)),
            "mentioned": min(100, view.mentioned(client.who.user_id)),
            "messages": [
                {
                    "seq": m["seq"], "id": m["id"], "sender": m["sender"]["id"], "content": m["content"],
                    "deleted": m["deleted"], "rev_seq": m["rev_seq"], "mentions": m["mentions"],
                    "reactions": [[each["emoji"], each["user_ids"]] for each in m["reactions"]],
                }
                for m in sorted(view.messages.values(), key=lambda m: m["seq"])
            ],
        }
        for room, view in client.replica.rooms.items()
    }  # fmt: skip
