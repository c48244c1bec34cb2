"""Reads of the log: pages of messages and events, and a user's position. Blocking: call through `ReadPool.run`.

Every read is bounded and uses an index: (room, seq) for pages, (person, state) for memberships.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple, cast, get_args
from uuid import UUID

import msgspec
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper

from backchannel.protocol import times
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.events import AnyRoomEvent
from backchannel.protocol.shapes import Message, Quote
from backchannel.store.clock import POSTGRES_NOW_US
from backchannel.store.driver import read
from backchannel.store.models import Membership
from backchannel.store.render import MESSAGE_COLUMNS, MessageRow, message_from_row, quote_from_row, user_columns
from backchannel.store.transaction import (
    EVENT,
    MEMBERSHIP,
    MESSAGE,
    PERSON,
    ROOM,
    db_uuid,
    from_db_uuid,
    marks,
)

IDS_AT_ONCE: Final = 30_000
"""SQLite takes up to 32,766 parameters in a statement, PostgreSQL 65,535."""
ROOMS_AT_ONCE: Final = 5_000
"""Each takes three parameters."""
MEMBER: Final = Membership.State.MEMBER.value
_AND_QUOTES: Final = f"LEFT JOIN {MESSAGE} q ON q.id = m.reply_to LEFT JOIN {PERSON} qp ON qp.id = q.sender_id"
AND_SENDERS: Final = f"JOIN {PERSON} p ON p.id = m.sender_id {_AND_QUOTES}"
"""The joins that `MESSAGE_COLUMNS` needs besides the message `m`."""
_MESSAGES: Final = f"SELECT {MESSAGE_COLUMNS} FROM {MESSAGE} m {AND_SENDERS}"


class RoomPosition(NamedTuple):
    """One of a user's rooms, as the hub needs it."""

    head: int
    member_count: int


@dataclass(frozen=True, slots=True)
class UserPosition:
    """Up to where a user's client must be brought to be current."""

    epoch: str
    user_version: int
    """Of the user's room list."""
    seats: dict[int, RoomPosition]
    """By room."""
    read_us: int | None
    """When it was read, in µs on the clock shared by all nodes; None with a single process."""


def position_of(person_id: int) -> UserPosition:
    """One query. Raises CommandError if the person does not exist."""
    now_us = POSTGRES_NOW_US if default_connection.vendor == "postgresql" else "NULL"
    rows = read(
        f"SELECT w.epoch, p.version, r.id, r.head, r.member_count, {now_us} FROM {PERSON} p "
        "JOIN backchannel_workspace w ON w.id = 1 "
        f"LEFT JOIN {MEMBERSHIP} mb ON mb.person_id = p.id AND mb.state = %s LEFT JOIN {ROOM} r ON r.id = mb.room_id "
        "WHERE p.id = %s",
        [MEMBER, person_id],
    )
    if not rows:
        raise CommandError(Code.USER_NOT_FOUND, f"There is no user {person_id}.")
    (numbering, user_version, *_, read_us), *_ = rows
    seats = {room: RoomPosition(head, members) for _, _, room, head, members, _ in rows if room is not None}
    return UserPosition(numbering, user_version, seats, read_us)


def epoch() -> str:
    rows = read("SELECT epoch FROM backchannel_workspace WHERE id = 1", [])
    return str(rows[0][0]) if rows else ""


def heads_of(room_ids: Iterable[int]) -> dict[int, int]:
    return _numbers(f"SELECT id, head FROM {ROOM}", room_ids)


def versions_of(person_ids: Iterable[int]) -> dict[int, int]:
    return _numbers(f"SELECT id, version FROM {PERSON}", person_ids)


def _numbers(select: str, ids: Iterable[int]) -> dict[int, int]:
    """id → number, for any number of ids, in statements of up to IDS_AT_ONCE."""
    remaining = iter(ids)
    found: dict[int, int] = {}
    while some := list(islice(remaining, IDS_AT_ONCE)):
        found.update(read(f"{select} WHERE id IN ({marks(some)})", some))
    return found


def room_of_message(message_id: UUID) -> int:
    """The room of a message, which never changes. Raises `message_not_found`."""
    rows = read(f"SELECT room_id FROM {MESSAGE} WHERE id = %s", [db_uuid(default_connection, message_id)])
    if not rows:
        raise no_message(message_id)
    return int(rows[0][0])


def no_message(message_id: UUID) -> CommandError:
    return CommandError(Code.MESSAGE_NOT_FOUND, f"There is no message {message_id}.")


def messages_by_id(connection: BaseDatabaseWrapper, ids: Sequence[UUID]) -> dict[UUID, Message]:
    """Reads on the given connection, so that the writer sees its own transaction."""
    if not ids:
        return {}
    values = [db_uuid(connection, id_) for id_ in ids]
    return {message.id: message for message in messages_where(f"m.id IN ({marks(ids)})", values)}


def message_of(message_id: UUID) -> Message:
    """One message, which is known to be there: messages are never deleted as rows."""
    return messages_by_id(default_connection, [message_id])[message_id]


def quotes_of(ids: Collection[UUID]) -> dict[UUID, Quote]:
    """What replies to these messages show of them."""
    if not ids:
        return {}
    rows = read(
        f"SELECT m.id, m.seq, m.content, m.attachments, {user_columns('p')} FROM {MESSAGE} m "
        f"JOIN {PERSON} p ON p.id = m.sender_id WHERE m.id IN ({marks(ids)})",
        [db_uuid(default_connection, id_) for id_ in ids],
    )
    return {quote.id: quote for quote in map(quote_from_row, rows)}


def page_before(room_id: int, before: int | None, limit: int, thread: UUID | None = None) -> list[Message]:
    """The `limit` newest messages below `before` (None: of all), ascending. `thread`: only the replies of this thread."""
    source, of = _source(room_id, thread)
    bound, values = ("", []) if before is None else (" AND m.seq < %s", [before])
    return messages_where(f"{source}{bound} ORDER BY m.seq DESC LIMIT %s", [of, *values, limit])[::-1]


def page_after(room_id: int, after: int, limit: int, thread: UUID | None = None) -> list[Message]:
    """The `limit` oldest messages above `after`, ascending. `thread`: as in `page_before`."""
    source, of = _source(room_id, thread)
    return messages_where(f"{source} AND m.seq > %s ORDER BY m.seq LIMIT %s", [of, after, limit])


def _source(room_id: int, thread: UUID | None) -> tuple[str, Any]:
    return ("m.room_id = %s", room_id) if thread is None else ("m.thread = %s", db_uuid(default_connection, thread))


def events_after(cursors: Mapping[int, int], limit: int) -> dict[int, list[AnyRoomEvent]]:
    """Room → events above its cursor, ascending without a gap, at most `limit` per room. One query per ROOMS_AT_ONCE rooms."""
    return events_in({room: (seq, seq + limit) for room, seq in cursors.items()})


def events_in(ranges: Mapping[int, tuple[int, int]]) -> dict[int, list[AnyRoomEvent]]:
    """Room → events above the first number of its range up to the second. One query per ROOMS_AT_ONCE rooms."""
    return _events(ranges, _WANTED, [])


def events_for(reader: int, ranges: Mapping[int, tuple[int, int]]) -> dict[int, list[AnyRoomEvent]]:
    """Room → events above the first number of its range up to the second, for the rooms that `reader` is a member of. One query per
    ROOMS_AT_ONCE rooms.

    Membership and log are read in one statement: the result is what a member at that moment may see.
    """
    return _events(ranges, _WANTED_BY_MEMBER, [reader, MEMBER])


_EVENTS: Final[dict[str, Any]] = {event.__struct_config__.tag: event for event in get_args(AnyRoomEvent)}
_WITH_MESSAGE: Final = frozenset(kind for kind, event in _EVENTS.items() if "message" in event.__struct_fields__)
"""Events that carry a message. They show it in its current state, whatever their seq."""

# A range of seq limits the count as well, since the log has no gaps: no sort and no LIMIT per room is needed. CROSS JOIN keeps
# SQLite from starting with the large table.
_WANTED: Final = "SELECT * FROM asked"
_WANTED_BY_MEMBER: Final = f"SELECT asked.* FROM asked CROSS JOIN {MEMBERSHIP} mb WHERE mb.room_id = asked.room_id AND mb.person_id = %s AND mb.state = %s"
_CHANGED_MESSAGE: Final = ", ".join(repr(kind) for kind in sorted(_WITH_MESSAGE - {"message_created"}, reverse=True))
_LOGGED: Final = (
    f"SELECT m.room_id, m.seq, 'message_created', m.created_us, NULL, m.id, {MESSAGE_COLUMNS} FROM wanted w "
    f"CROSS JOIN {MESSAGE} m "
    f"JOIN {PERSON} p ON p.id = m.sender_id {_AND_QUOTES} "
    "WHERE m.room_id = w.room_id AND m.seq > w.low AND m.seq <= w.high "
    f"UNION ALL SELECT e.room_id, e.seq, e.kind, e.at_us, e.body, e.message_id, {MESSAGE_COLUMNS} FROM wanted w "
    f"CROSS JOIN {EVENT} e "
    f"LEFT JOIN {MESSAGE} m ON m.id = e.message_id AND e.kind IN ({_CHANGED_MESSAGE}) "
    f"LEFT JOIN {PERSON} p ON p.id = m.sender_id {_AND_QUOTES} "
    "WHERE e.room_id = w.room_id AND e.seq > w.low AND e.seq <= w.high"
)


def _events(ranges: Mapping[int, tuple[int, int]], wanted: str, values: list[Any]) -> dict[int, list[AnyRoomEvent]]:
    found: dict[int, dict[int, AnyRoomEvent]] = {room: {} for room in ranges}
    remaining = iter(ranges.items())
    while some := list(islice(remaining, ROOMS_AT_ONCE)):
        rows = read(
            f"WITH asked (room_id, low, high) AS (VALUES {', '.join(['(%s, %s, %s)'] * len(some))}), "
            f"wanted AS ({wanted}) {_LOGGED}",
            [*(value for room, (low, high) in some for value in (room, low, high)), *values],
        )
        for room_id, seq, kind, at_us, body, message_id, *message in rows:
            found[room_id][seq] = _event(room_id, seq, kind, at_us, body, message_id, message)
    return {room: _unbroken(events, ranges[room][0]) for room, events in found.items()}


def _unbroken(events: dict[int, AnyRoomEvent], cursor: int) -> list[AnyRoomEvent]:
    run = []
    while (event := events.get(cursor := cursor + 1)) is not None:
        run.append(event)
    return run


def _event(
    room_id: int, seq: int, kind: str, at_us: int, body: str | None, message_id: Any, message: Sequence[Any]
) -> AnyRoomEvent:
    """`body`: the event's own members, as JSON; None for a new message. `message`: the columns of a `MessageRow`, for events that carry one."""
    fields: dict[str, Any] = {"type": kind, "room_id": room_id, "seq": seq, "at": times.to_wire(at_us)}
    struct = _EVENTS[kind]
    if kind in _WITH_MESSAGE:
        fields["message"] = message_from_row(MessageRow._make(message))
    else:
        assert body is not None
        fields.update(msgspec.json.decode(body))
        if "message_id" in struct.__struct_fields__:
            fields["message_id"] = from_db_uuid(message_id)
    return cast("AnyRoomEvent", msgspec.convert(fields, struct))


def messages_where(condition: str, values: Sequence[Any]) -> list[Message]:
    """The messages `m` that fulfil an SQL condition, which may end in ORDER BY and LIMIT. It has to be bounded and go by an index."""
    return [message_from_row(MessageRow._make(row)) for row in read(f"{_MESSAGES} WHERE {condition}", values)]
