"""Reads what is stored at the end, as records of the history, and names what devices still miss."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

Query = Callable[..., list[tuple[Any, ...]]]
Log = dict[str, Any]

DAY_S = 24 * 3600
CAP = 100


def logs(query: Query, now_s: float) -> list[Log]:
    """One `log` record for each room. `now_s`: the time of day; a node's clock may have been a day off."""
    return [_log(query, room, head, now_s) for room, head in query("SELECT id, head FROM backchannel_room ORDER BY id")]


def _log(query: Query, room: int, head: int, now_s: float) -> Log:
    stored = query(
        "SELECT seq, created_us, id, sender_id, content, deleted, rev_seq, reactions FROM backchannel_message"
        " WHERE room_id = ? ORDER BY seq",
        room,
    )
    events = query("SELECT seq, at_us, kind, message_id, body FROM backchannel_event WHERE room_id = ?", room)
    seats = query("SELECT person_id, state, read_seq FROM backchannel_membership WHERE room_id = ?", room)
    entries = [
        {"seq": seq, "at": true_time(at_us, now_s), "type": "message_created", "id": _uuid(id_), "sender": sender}
        for seq, at_us, id_, sender, *_ in stored
    ]
    entries += [_event(*event, now_s=now_s) for event in events]
    members = {person: read_seq for person, state, read_seq in seats if state == "member"}
    return {
        "room": room,
        "head": head,
        "members": sorted(members),
        "entries": sorted(entries, key=lambda entry: entry["seq"]),
        "messages": [_message(row) for row in stored],
        "read": members,
    }


def _event(seq: int, at_us: int, kind: str, message_id: Any, body: Any, *, now_s: float) -> dict[str, Any]:
    entry: dict[str, Any] = {"seq": seq, "at": true_time(at_us, now_s), "type": kind}
    if message_id is not None:
        entry["id"] = _uuid(message_id)
    if kind.startswith("member_"):
        entry["user"] = _json(body)["user"]["id"]
    return entry


def _message(row: tuple[Any, ...]) -> dict[str, Any]:
    seq, _, id_, sender, content, deleted, rev_seq, reactions = row
    return {
        "seq": seq,
        "id": _uuid(id_),
        "sender": sender,
        "content": content,
        "deleted": bool(deleted),
        "rev_seq": rev_seq,
        "reactions": _json(reactions),
    }


def _uuid(value: Any) -> str:
    return str(UUID(str(value)))


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def true_time(at_us: int, now_s: float) -> float:
    """Corrects the time of a node whose clock is whole days off; a run takes less than half a day."""
    at_s = at_us / 1_000_000
    return at_s - round((at_s - now_s) / DAY_S) * DAY_S


def waits_for(devices: Sequence[Mapping[str, Any]], stored: Sequence[Log]) -> str:
    """What the first incomplete device misses; empty if all are complete."""
    for device in devices:
        name = device["name"]
        if device["status"] != "connected":
            return f"{name} is {device['status']} ({device['reason']})"
        if device["waiting"]:
            return f"{name} has {device['waiting']} messages waiting"
        shown = {int(room): standing for room, standing in device["rooms"].items()}
        inside = {log["room"]: log for log in stored if device["user"] in log["members"]}
        if shown.keys() != inside.keys():
            return f"{name} is in rooms {sorted(inside)} and shows {sorted(shown)}"
        for room, log in inside.items():
            missing = _missing(shown[room], log, device["user"])
            if missing:
                return f"{name} in room {room}: {missing}"
    return ""


def _missing(standing: Mapping[str, Any], log: Log, user: int) -> str:
    newest = max((message["seq"] for message in log["messages"]), default=0)
    read = log["read"][user]
    unread = sum(m["seq"] > read and m["sender"] != user and not m["deleted"] for m in log["messages"])
    expected = {"head": log["head"], "newest": newest, "read_seq": read, "unread": min(unread, CAP), "loaded": True}
    return ", ".join(
        f"{name} {standing[name]}, not {value}" for name, value in expected.items() if standing[name] != value
    )
