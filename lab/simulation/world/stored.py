"""Reads the stored rows past all faults; clients are compared with them at the end."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import msgspec

from backchannel.store.transaction import EVENT, MEMBERSHIP, MESSAGE, PERSON, ROOM
from lab.checker.history import CREATED
from lab.simulation.world.database import Database

Record = dict[str, Any]


def heads(database: Database) -> dict[int, int]:
    """Room → the seq of its newest event."""
    return dict(database.query(f"SELECT id, head FROM {ROOM} ORDER BY id"))


def versions(database: Database) -> dict[int, int]:
    """Person → the version of their own list."""
    return dict(database.query(f"SELECT id, version FROM {PERSON} ORDER BY id"))


def rooms_of_everybody(database: Database) -> dict[int, set[int]]:
    """Person → the rooms that they are a member of."""
    found = defaultdict[int, set[int]](set)
    for person, room in database.query(f"SELECT person_id, room_id FROM {MEMBERSHIP} WHERE state = 'member'"):
        found[person].add(room)
    return found


def log(database: Database, room: int) -> Record:
    """A room, its members and its whole log, as lab/checker/checks.py reads them."""
    [(kind, head)] = database.query(f"SELECT kind, head FROM {ROOM} WHERE id = ?", room)
    read = database.query(
        f"SELECT person_id, read_seq FROM {MEMBERSHIP} WHERE room_id = ? AND state = 'member' ORDER BY person_id", room
    )
    messages = database.query(
        f"SELECT seq, id, sender_id, content, deleted, rev_seq, reactions, mentions, pinned_seq FROM {MESSAGE} WHERE room_id = ? ORDER BY seq",
        room,
    )
    events = database.query(
        f"SELECT seq, kind, at_us, message_id, body FROM {EVENT} WHERE room_id = ? ORDER BY seq", room
    )
    entries = [{"seq": row[0], "at": 0, "type": CREATED, "id": _id(row[1]), "sender": row[2]} for row in messages]
    entries += map(_entry, events)
    return {
        "room": room,
        "kind": kind,
        "head": head,
        "members": [person for person, _ in read],
        "entries": sorted(entries, key=lambda entry: entry["seq"]),
        "messages": list(map(_message, messages)),
        "read": dict(read),
    }


def _entry(row: Any) -> Record:
    seq, kind, at_us, message_id, body = row
    entry: Record = {"seq": seq, "at": at_us / 1_000_000 - 1_700_000_000, "type": kind}
    if message_id is not None:
        entry["id"] = _id(message_id)
    if kind.startswith("member_"):
        change = msgspec.json.decode(body)
        entry["user"], entry["by"] = change["user"]["id"], change["by"]["id"]
    return entry


def _message(row: Any) -> Record:
    seq, id_, sender, content, deleted, rev_seq, reactions, mentions, pinned_seq = row
    return {
        "seq": seq, "id": _id(id_), "sender": sender, "content": content, "deleted": bool(deleted), "rev_seq": rev_seq,
        "reactions": msgspec.json.decode(reactions), "mentions": msgspec.json.decode(mentions),
        "pinned": pinned_seq is not None,
    }  # fmt: skip


def _id(stored: str) -> str:
    return str(UUID(hex=stored))
