"""The effect of frames on a room's row in the list. A row is as of its own `seq`. Pure: rows are replaced, never changed."""

from collections.abc import Mapping
from typing import NamedTuple

from tests.reference import Frame
from tests.reference.message import excerpt

COUNTED_AT_MOST = 100
"""The server's counts stop here."""
THREAD_COUNTS = ("thread_unread_count", "thread_mention_count")
LEFT_OUT = (*THREAD_COUNTS, "unread_from")
"""Members that a row does not have where they are 0 or null."""
SMALL_ROOM = 20
"""Rooms of up to this many members list them."""


class Row(NamedTuple):
    row: Frame
    is_exact: bool = True
    """False if the event does not have all that the row shows: the list has to be fetched."""


def after_event(row: Frame, event: Frame, me: int, followed: Mapping[str, bool]) -> Row:
    """The row of user `me` after an event that is newer than it. `followed`: root of a thread → whether they follow it, as far as known."""
    row = {**row, "seq": event["seq"]}
    match event["type"]:
        case "message_created":
            message = event["message"]
            last = {"id": message["id"], "sender": message["sender"], "timestamp": message["created_at"]}
            return _counted({**row, "last_message": {**last, "content": excerpt(message)}}, message, me, 1, followed)
        case "message_edited" | "message_deleted":
            message, last = event["message"], row["last_message"]
            if last and last["id"] == message["id"]:
                row["last_message"] = {**last, "content": excerpt(message)}
            return _counted(row, message, me, -1, followed) if event["type"] == "message_deleted" else Row(row)
        case "member_joined":
            count = row["member_count"] + 1
            members = sorted([*row["members"], event["user"]], key=lambda user: user["id"])
            return Row({**row, "member_count": count, "members": members if count <= SMALL_ROOM else []})
        case "member_left":
            count = row["member_count"] - 1
            members = [user for user in row["members"] if user["id"] != event["user"]["id"]]
            return Row({**row, "member_count": count, "members": members}, is_exact=count != SMALL_ROOM)
        case "room_updated":
            changed = {**row, **{name: event["room"][name] for name in ("name", "topic", "member_count")}}
            changed.pop("shows_seen", None)
            return Row({**changed, "shows_seen": True} if event["room"].get("shows_seen") else changed)
        case _:
            return Row(row)


def _counted(row: Frame, message: Frame, me: int, by: int, followed: Mapping[str, bool]) -> Row:
    """The row with one unread message more or less."""
    if message["sender"]["id"] == me:
        return Row(row)
    thread = message.get("thread")
    # Whether what was marked as unread was read in its thread since, is known to the server alone.
    is_exact = by > 0 or not row.get("unread_from", message["seq"] + 1) <= message["seq"]
    if message["seq"] > row["read_seq"] and (thread is None or message["in_room"]):
        # A count at its bound may stand for more. A deleted reply may have been read in its thread.
        is_exact = by > 0 or (is_exact and row["unread_count"] < COUNTED_AT_MOST and thread is None)
        _add(row, "unread_count", by)
        if me in message["mentions"]:
            _add(row, "mention_count", by)
    if thread is not None:
        if by > 0 and followed.get(thread):
            _add(row, "thread_unread_count", by)
            if me in message["mentions"]:
                _add(row, "thread_mention_count", by)
        elif by > 0 or row.get("thread_unread_count"):
            # Whether the thread is followed is not known, or whether the deleted reply was unread.
            is_exact = is_exact and by > 0 and thread in followed
    return Row(row, is_exact)


def _add(row: Frame, name: str, by: int) -> None:
    row[name] = _bounded(row.get(name, 0) + by)


def _bounded(count: int) -> int:
    return min(COUNTED_AT_MOST, max(0, count))


def after_read(row: Frame, frame: Frame) -> Row:
    """The row after `read_state`. A mark never goes down; its counts are as of its own `seq`."""
    if frame["read_seq"] < row["read_seq"]:
        return Row(row)
    read = {name: frame[name] for name in ("read_seq", "unread_count", "mention_count")}
    others = {name: value for name, value in row.items() if name not in LEFT_OUT}
    return Row(
        {**others, **read, **{name: frame[name] for name in LEFT_OUT if frame.get(name)}},
        is_exact=frame["seq"] == row["seq"],
    )


def merged(held: Frame, listed: Frame) -> Frame:
    """The row after it was listed again. Where it was read before events that are applied already, it keeps what these changed."""
    if listed["seq"] >= held["seq"] and listed["read_seq"] >= held["read_seq"]:
        return listed
    kept = ("seq", "read_seq", "unread_count", "mention_count", "last_message", *LEFT_OUT)
    others = {name: value for name, value in listed.items() if name not in LEFT_OUT}
    return {**others, **{name: held[name] for name in kept if name in held}}
