"""Reads of the log: pages of messages and events, and where somebody stands. Sync: call through `hop.in_thread`.

Every read is bounded and goes by an index: (room, seq) for pages, (person, state) for memberships.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper

from backchannel.protocol import times
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.events import (
    AnyRoomEvent,
    MemberJoined,
    MemberLeft,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    ReactionAdded,
    ReactionRemoved,
    RoomUpdated,
)
from backchannel.protocol.shapes import Message, Quote
from backchannel.store.models import Membership
from backchannel.store.render import MESSAGE_COLUMNS, message_from_row, quote_from_row
from backchannel.store.transaction import (
    EVENT,
    MEMBERSHIP,
    MESSAGE,
    PERSON,
    ROOM,
    db_uuid,
    from_db_uuid,
    marks,
    not_a_member,
)

MEMBER: Final = Membership.State.MEMBER.value
CATCH_UP_PAGE: Final = 500
_FROM_MESSAGES: Final = f"SELECT {MESSAGE_COLUMNS} FROM {MESSAGE} m JOIN {PERSON} p ON p.id = m.sender_id"


@dataclass(frozen=True, slots=True)
class Seat:
    """One of somebody's rooms, as the hub needs it."""

    room_id: int
    head: int
    member_count: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands: the numbering, their version, their rooms."""

    epoch: str
    user_version: int
    seats: dict[int, Seat]


def place_of(person_id: int) -> Place:
    """One query. Raises CommandError where the person does not exist."""
    rows = _query(
        f"SELECT w.epoch, p.version, r.id, r.head, r.member_count FROM {PERSON} p "
        "JOIN backchannel_workspace w ON w.id = 1 "
        f"LEFT JOIN {MEMBERSHIP} mb ON mb.person_id = p.id AND mb.state = %s LEFT JOIN {ROOM} r ON r.id = mb.room_id "
        "WHERE p.id = %s",
        [MEMBER, person_id],
    )
    if not rows:
        raise CommandError(Code.USER_NOT_FOUND, f"There is no user {person_id}.")
    seats = {row[2]: Seat(row[2], row[3], row[4]) for row in rows if row[2] is not None}
    return Place(rows[0][0], rows[0][1], seats)


def epoch() -> str:
    rows = _query("SELECT epoch FROM backchannel_workspace WHERE id = 1", [])
    return str(rows[0][0]) if rows else ""


def heads_of(room_ids: Iterable[int]) -> dict[int, int]:
    ids = list(room_ids)
    return dict(_query(f"SELECT id, head FROM {ROOM} WHERE id IN ({marks(ids)})", ids)) if ids else {}


def versions_of(person_ids: Iterable[int]) -> dict[int, int]:
    ids = list(person_ids)
    return dict(_query(f"SELECT id, version FROM {PERSON} WHERE id IN ({marks(ids)})", ids)) if ids else {}


def check_reader(room_id: int, person_id: int) -> int:
    """The room's head, where the person may read it; raises `room_not_found` or `not_a_member`."""
    rows = _query(
        f"SELECT r.head, mb.state FROM {ROOM} r LEFT JOIN {MEMBERSHIP} mb ON mb.room_id = r.id AND mb.person_id = %s WHERE r.id = %s",
        [person_id, room_id],
    )
    if not rows:
        raise CommandError(Code.ROOM_NOT_FOUND, f"There is no room {room_id}.")
    head, state = rows[0]
    if state != MEMBER:
        raise not_a_member(room_id)
    return int(head)


def room_of_message(message_id: UUID) -> int:
    """Which room a message is in; it never moves. Raises `message_not_found`."""
    rows = _query(f"SELECT room_id FROM {MESSAGE} WHERE id = %s", [db_uuid(default_connection, message_id)])
    if not rows:
        raise CommandError(Code.MESSAGE_NOT_FOUND, f"There is no message {message_id}.")
    return int(rows[0][0])


def messages_by_id(connection: BaseDatabaseWrapper, ids: Sequence[UUID]) -> dict[UUID, Message]:
    """On the given connection, so that the writer sees its own transaction."""
    if not ids:
        return {}
    values = [db_uuid(connection, id_) for id_ in ids]
    return {message.id: message for message in _messages(f"{_FROM_MESSAGES} WHERE m.id IN ({marks(ids)})", values)}


def page_before(room_id: int, before: int | None, limit: int) -> list[Message]:
    """The `limit` newest messages below `before` (or at all), ascending."""
    bound, values = ("", []) if before is None else (" AND m.seq < %s", [before])
    sql = f"{_FROM_MESSAGES} WHERE m.room_id = %s{bound} ORDER BY m.seq DESC LIMIT %s"
    return _messages(sql, [room_id, *values, limit])[::-1]


def page_after(room_id: int, after: int, limit: int) -> list[Message]:
    """The `limit` oldest messages above `after`, ascending."""
    sql = f"{_FROM_MESSAGES} WHERE m.room_id = %s AND m.seq > %s ORDER BY m.seq LIMIT %s"
    return _messages(sql, [room_id, after, limit])


def events_after(cursors: Mapping[int, int], limit: int) -> dict[int, list[AnyRoomEvent]]:
    """For each room the events above its cursor, ascending without a gap, at most `limit` in each. Two queries.

    The two reads need no common snapshot: a run stops at the first number that neither of them saw.
    """
    if not cursors:
        return {}
    # The bound in seq is one in count, since the log has no gaps: no sort, no LIMIT per room is needed.
    ranges = " OR ".join("({0}.room_id = %s AND {0}.seq > %s AND {0}.seq <= %s)" for _ in cursors)
    values = [value for room, seq in cursors.items() for value in (room, seq, seq + limit)]
    rows = _query(
        f"SELECT e.room_id, e.seq, e.kind, e.at_us, e.message_id, e.body FROM {EVENT} e WHERE {ranges.format('e')}",
        values,
    )
    created = _messages(f"{_FROM_MESSAGES} WHERE {ranges.format('m')}", values)
    by_id = {message.id: message for message in created}
    changed = {from_db_uuid(row[4]) for row in rows if row[4] and row[2].startswith("message_")} - by_id.keys()
    by_id.update(messages_by_id(default_connection, sorted(changed)))

    found: dict[int, dict[int, AnyRoomEvent]] = {room: {} for room in cursors}
    for message in created:
        found[message.room_id][message.seq] = MessageCreated(
            room_id=message.room_id, seq=message.seq, at=message.created_at, message=message
        )
    for row in rows:
        found[row[0]][row[1]] = _event_from_row(row, by_id)
    return {room: _unbroken(events, cursors[room]) for room, events in found.items()}


def _unbroken(events: dict[int, AnyRoomEvent], cursor: int) -> list[AnyRoomEvent]:
    run = []
    while (event := events.get(cursor := cursor + 1)) is not None:
        run.append(event)
    return run


_MESSAGE_EVENTS: Final[dict[str, Any]] = {"message_edited": MessageEdited, "message_deleted": MessageDeleted}
_REACTION_EVENTS: Final[dict[str, Any]] = {"reaction_added": ReactionAdded, "reaction_removed": ReactionRemoved}
_OTHER_EVENTS: Final[dict[str, Any]] = {
    "member_joined": MemberJoined,
    "member_left": MemberLeft,
    "room_updated": RoomUpdated,
}


def _event_from_row(row: tuple[Any, ...], messages: Mapping[UUID, Message]) -> AnyRoomEvent:
    room_id, seq, kind, at_us, message_id, body = row
    numbers = {"room_id": room_id, "seq": seq, "at": times.to_wire(at_us)}
    if kind in _MESSAGE_EVENTS:
        return cast("AnyRoomEvent", _MESSAGE_EVENTS[kind](**numbers, message=messages[from_db_uuid(message_id)]))
    fields = msgspec.json.decode(body)
    if kind in _REACTION_EVENTS:
        return cast("AnyRoomEvent", _REACTION_EVENTS[kind](**numbers, message_id=from_db_uuid(message_id), **fields))
    return cast("AnyRoomEvent", msgspec.convert({"type": kind, **numbers, **fields}, _OTHER_EVENTS[kind]))


def _messages(sql: str, values: Sequence[Any]) -> list[Message]:
    rows = _query(sql, values)
    quotes = _quotes({row[5] for row in rows if row[5]})
    return [message_from_row(row, quotes) for row in rows]


def _quotes(ids: set[Any]) -> dict[UUID, Quote]:
    if not ids:
        return {}
    rows = _query(
        f"SELECT m.id, m.seq, m.content, p.id, p.username, p.display_name FROM {MESSAGE} m "
        f"JOIN {PERSON} p ON p.id = m.sender_id WHERE m.id IN ({marks(ids)})",
        list(ids),
    )
    return {from_db_uuid(row[0]): quote_from_row(row) for row in rows}


def _query(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with default_connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return list(cursor.fetchall())
