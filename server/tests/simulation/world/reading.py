"""What the statements of the store that read mean to the model's tables."""

import json
from collections.abc import Iterable
from typing import Any

from backchannel.store.rooms import SMALL_ROOM
from tests.simulation.world.statements import (
    CONTENT,
    COUNT,
    CREATED,
    DELETED,
    HEAD,
    ID,
    LEFT,
    MEMBER,
    PERSON,
    READ,
    ROLE,
    ROOM,
    SENDER,
    SEQ,
    STATE,
    means,
)
from tests.simulation.world.store import Database, Row

# -- where somebody stands


@means("SELECT w.epoch, p.version, r.id, r.head, r.member_count FROM backchannel_person p…WHERE p.id = %s")
def _place(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    t, person = db.tables, db.tables.people.get(p[1])
    if person is None:
        return []
    rooms = [t.rooms[seat[1]] for seat in seats_of(db, p[1])]
    return [(t.epoch, person[3], room[0], room[HEAD], room[COUNT]) for room in rooms] or [
        (t.epoch, person[3], None, None, None)
    ]


@means("SELECT epoch FROM backchannel_workspace WHERE id = 1")
def _epoch(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(db.tables.epoch,)]


@means("SELECT id, head FROM backchannel_room WHERE id IN (…)")
def _heads(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(id_, db.tables.rooms[id_][HEAD]) for id_ in p if id_ in db.tables.rooms]


@means("SELECT id, version FROM backchannel_person WHERE id IN (…)")
def _versions(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(id_, db.tables.people[id_][3]) for id_ in p]


@means("SELECT r.head, mb.state, mb.left_seq FROM backchannel_room r LEFT JOIN…WHERE r.id = %s")
def _reader(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    room = db.tables.rooms.get(p[1])
    seat = db.tables.seats.get((p[1], p[0]))
    return [(room[HEAD], seat and seat[STATE], seat and seat[LEFT])] if room else []


@means("SELECT room_id FROM backchannel_message WHERE id = %s")
def _room_of_message(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    row = db.tables.messages.get(p[0])
    return [(row[ROOM],)] if row else []


@means("SELECT DISTINCT message_id FROM backchannel_event WHERE seq > %s AND kind IN (…) AND message_id IN (…)")
def _changed_since(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    kinds = ("message_edited", "message_deleted")
    entries = (entry for log in db.tables.log.values() for entry in log.values() if type(entry) is tuple)
    return list({(entry[4],): None for entry in entries if entry[1] > p[0] and entry[2] in kinds and entry[4] in p[1:]})


# -- messages and events


def _message(db: Database, row: Row) -> tuple[Any, ...]:
    id_, room, seq, rev, sender, content, reply, _, created, deleted, mentions, reactions, files, edited = row
    return (
        id_, room, seq, rev, content, created, edited, deleted, mentions, reactions, files, *db.tables.people[sender][:3],
        *(_quote(db, db.tables.messages[reply]) if reply else _NOTHING[:6]),
    )  # fmt: skip


_NOTHING = (None,) * 20


def _range(db: Database, room: int, after: int, upto: int) -> Iterable[Any]:
    log = db.tables.log.get(room, {})
    return (log[seq] for seq in range(after + 1, min(upto, len(log)) + 1))


_COLUMNS = "SELECT m.id, m.room_id, m.seq, m.rev_seq, m.content, m.created_us,…WHERE "


@means(f"{_COLUMNS}m.id IN (…)")
def _messages_by_id(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [_message(db, db.tables.messages[id_]) for id_ in p if id_ in db.tables.messages]


@means(
    f"{_COLUMNS}m.room_id = %s ORDER BY m.seq DESC LIMIT %s",
    f"{_COLUMNS}m.room_id = %s AND m.seq < %s ORDER BY m.seq DESC LIMIT %s",
)
def _page_before(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    log = db.tables.log.get(p[0], {})
    before = p[1] if len(p) == 3 else len(log) + 1
    found: list[tuple[Any, ...]] = []
    for seq in range(min(before - 1, len(log)), 0, -1):
        entry = log[seq]
        if type(entry) is list:
            found.append(_message(db, entry))
            if len(found) == p[-1]:
                break
    return found


@means(f"{_COLUMNS}m.room_id = %s AND m.seq > %s ORDER BY m.seq LIMIT %s")
def _page_after(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    entries = [entry for entry in _range(db, p[0], p[1], 2**53) if type(entry) is list]
    return [_message(db, entry) for entry in entries[: p[2]]]


_ASKED = "WITH asked (room_id, low, high) AS (VALUES …), wanted AS (SELECT "


@means(f"{_ASKED}* FROM asked) …")
def _logged_in(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [
        _logged(db, p[at], entry) for at in range(0, len(p), 3) for entry in _range(db, p[at], p[at + 1], p[at + 2])
    ]


@means(f"{_ASKED}asked.* FROM asked CROSS JOIN backchannel_membership mb …)…")
def _logged_for(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    *ranges, reader, _ = p
    seats = {seat[1] for seat in seats_of(db, reader)}
    return [row for row in _logged_in(db, ranges) if row[-2] in seats]


def _logged(db: Database, room: int, entry: Any) -> tuple[Any, ...]:
    if type(entry) is list:
        return ("message_created", entry[CREATED], None, entry[ID], *_message(db, entry), room, entry[SEQ])
    _, seq, kind, at_us, message, body = entry
    changed = kind in ("message_edited", "message_deleted")
    return (
        kind, at_us, body, message, *(_message(db, db.tables.messages[message]) if changed else _NOTHING), room, seq,
    )  # fmt: skip


@means(
    "SELECT m.id, m.seq, m.content, p.id, p.username, p.display_name, m.room_id FROM backchannel_message m…WHERE m.id IN (…)"
)
def _quoted_with_room(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    rows = [db.tables.messages[id_] for id_ in p if id_ in db.tables.messages]
    return [(*_quote(db, row), row[ROOM]) for row in rows]


def _quote(db: Database, row: Row) -> tuple[Any, ...]:
    person = db.tables.people[row[SENDER]]
    return (row[ID], row[SEQ], row[CONTENT], *person[:3])


# -- somebody's rooms


def seats_of(db: Database, person: int) -> list[Row]:
    """Ascending by room."""
    t = db.tables
    found = [seat for room in t.rooms if (seat := t.seats.get((room, person))) and seat[STATE] == MEMBER]
    return sorted(found, key=lambda seat: seat[1])


def members(db: Database, room: int) -> list[Row]:
    """Ascending by person."""
    t = db.tables
    return [seat for person in sorted(t.people) if (seat := t.seats.get((room, person))) and seat[STATE] == MEMBER]


def _counts(db: Database, seat: Row) -> tuple[int, int]:
    _, room, person, *_, read = seat
    unread = sum(
        1
        for entry in _range(db, room, read, 2**53)
        if type(entry) is list and entry[SENDER] != person and not entry[DELETED]
    )
    mentioned = sum(1 for who, where, seq in db.tables.mentions if (who, where) == (person, room) and seq > read)
    return min(unread, 100), min(mentioned, 100)


@means(
    "WITH mine AS (SELECT r.id, r.kind, r.name, r.topic,…) SELECT 0, w.epoch, me.version, (SELECT…WHERE me.id = %s UNION ALL…"
)
def _list_of(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    person, only, found = p[-1], p[1:-1], []
    if person not in db.tables.people:
        return []
    named: set[int] = set()
    for seat in seats_of(db, person):
        if only and seat[1] not in only:
            continue
        id_, kind, name, topic, _, head, count = db.tables.rooms[seat[1]]
        log = db.tables.log.get(id_, {})
        last = next((seq for seq in range(len(log), 0, -1) if type(log[seq]) is list), None)
        people = [each[PERSON] for each in members(db, id_)] if count <= SMALL_ROOM else []
        named.update(people)
        found.append((
            id_, *_NOTHING[:3], kind, name, topic, head, seat[READ], *_counts(db, seat), count, seat[ROLE],
            json.dumps(people), *(_last(db, log[last]) if last else _NOTHING[:6]),
        ))  # fmt: skip
    names = json.dumps([db.tables.people[each][:3] for each in named])
    return [(0, db.tables.epoch, db.tables.people[person][3], names, *_NOTHING[:16]), *found]


def _last(db: Database, row: Row) -> tuple[Any, ...]:
    return (row[ID], row[CONTENT], row[CREATED], *db.tables.people[row[SENDER]][:3])


@means("SELECT mb.head, mb.read_seq, (SELECT COUNT(*)…WHERE mb.person_id = %s AND mb.room_id = %s) mb")
def _read_state(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    seat = db.tables.seats[p[1], p[0]]
    return [(db.tables.rooms[p[1]][HEAD], seat[READ], *_counts(db, seat))]
