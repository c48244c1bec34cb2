"""What each SQL statement of the store means to the model's tables. A statement nobody taught the model stops the run.

`test_store_model.py` holds the model to a real database: the same operations, the same answers, the same events.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db import IntegrityError

from tests.simulation.world.store import Database, Row

Meaning = Callable[[Database, list[Any]], list[tuple[Any, ...]] | None]

_known: dict[str, Meaning] = {}
_taught: list[tuple[re.Pattern[str], Meaning]] = []

MEMBER = "member"

# message rows, in the order of the store's INSERT
ID, ROOM, SEQ, REV, SENDER, CONTENT, REPLY, PRINT, CREATED, DELETED, MENTIONS, REACTIONS, FILES, EDITED = range(14)
# membership rows
_, _, PERSON, ROLE, STATE, JOINED, LEFT, READ = range(8)
NAME, TOPIC, DIRECT, HEAD, COUNT = 2, 3, 4, 5, 6


def meaning_of(sql: str) -> Meaning:
    found = _known.get(sql)
    if found is None:
        flat = " ".join(sql.split())
        matching = [meaning for pattern, meaning in _taught if pattern.match(flat)]
        assert len(matching) == 1, f"the model knows {len(matching)} meanings of: {flat}"
        found = _known[sql] = matching[0]
    return found


def _means(*patterns: str) -> Callable[[Meaning], Meaning]:
    """Patterns are plain text; `…` stands for anything."""

    def teach(meaning: Meaning) -> Meaning:
        _taught.extend(
            (re.compile(".*".join(map(re.escape, pattern.split("…"))) + "$"), meaning) for pattern in patterns
        )
        return meaning

    return teach


# -- where somebody stands


@_means("SELECT w.epoch, p.version, r.id, r.head, r.member_count FROM backchannel_person p…WHERE p.id = %s")
def _place(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    t, person = db.tables, db.tables.people.get(p[1])
    if person is None:
        return []
    rooms = [t.rooms[seat[1]] for seat in _seats_of(db, p[1])]
    return [(t.epoch, person[3], room[0], room[HEAD], room[COUNT]) for room in rooms] or [
        (t.epoch, person[3], None, None, None)
    ]


@_means("SELECT epoch FROM backchannel_workspace WHERE id = 1")
def _epoch(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(db.tables.epoch,)]


@_means("SELECT id, head FROM backchannel_room WHERE id IN (…)")
def _heads(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(id_, db.tables.rooms[id_][HEAD]) for id_ in p if id_ in db.tables.rooms]


@_means("SELECT id, version FROM backchannel_person WHERE id IN (…)")
def _versions(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(id_, db.tables.people[id_][3]) for id_ in p]


@_means("SELECT r.head, mb.state FROM backchannel_room r LEFT JOIN…WHERE r.id = %s")
def _reader(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    room = db.tables.rooms.get(p[1])
    seat = db.tables.seats.get((p[1], p[0]))
    return [(room[HEAD], seat and seat[STATE])] if room else []


@_means("SELECT room_id FROM backchannel_message WHERE id = %s")
def _room_of_message(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    row = db.tables.messages.get(p[0])
    return [(row[ROOM],)] if row else []


# -- messages and events


def _message(db: Database, row: Row) -> tuple[Any, ...]:
    id_, room, seq, rev, sender, content, reply, _, created, deleted, mentions, reactions, files, edited = row
    person = db.tables.people[sender]
    return (
        id_, room, seq, rev, content, reply, created, edited, deleted, mentions, reactions, files, sender, person[1], person[2],
    )  # fmt: skip


def _range(db: Database, room: int, after: int, upto: int) -> Iterable[Any]:
    log = db.tables.log.get(room, {})
    return (log[seq] for seq in range(after + 1, min(upto, len(log)) + 1))


_COLUMNS = "SELECT m.id, m.room_id, m.seq, m.rev_seq, m.content, m.reply_to, m.created_us,…WHERE "


@_means(f"{_COLUMNS}m.id IN (…)")
def _messages_by_id(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [_message(db, db.tables.messages[id_]) for id_ in p if id_ in db.tables.messages]


@_means(
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


@_means(f"{_COLUMNS}m.room_id = %s AND m.seq > %s ORDER BY m.seq LIMIT %s")
def _page_after(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    entries = [entry for entry in _range(db, p[0], p[1], 2**53) if type(entry) is list]
    return [_message(db, entry) for entry in entries[: p[2]]]


@_means(f"{_COLUMNS}(m.room_id = %s AND m.seq > %s AND m.seq <= %s)…")
def _created_in(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [
        _message(db, entry)
        for at in range(0, len(p), 3)
        for entry in _range(db, p[at], p[at + 1], p[at + 2])
        if type(entry) is list
    ]


@_means("SELECT e.room_id, e.seq, e.kind, e.at_us, e.message_id, e.body FROM backchannel_event e WHERE (e.…")
def _events_in(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [
        entry for at in range(0, len(p), 3) for entry in _range(db, p[at], p[at + 1], p[at + 2]) if type(entry) is tuple
    ]


@_means("SELECT m.id, m.seq, m.content, p.id, p.username, p.display_name FROM backchannel_message m…WHERE m.id IN (…)")
def _quoted(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [_quote(db, db.tables.messages[id_]) for id_ in p if id_ in db.tables.messages]


@_means(
    "SELECT m.id, m.seq, m.content, p.id, p.username, p.display_name, m.room_id FROM backchannel_message m…WHERE m.id IN (…)"
)
def _quoted_with_room(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    rows = [db.tables.messages[id_] for id_ in p if id_ in db.tables.messages]
    return [(*_quote(db, row), row[ROOM]) for row in rows]


def _quote(db: Database, row: Row) -> tuple[Any, ...]:
    person = db.tables.people[row[SENDER]]
    return (row[ID], row[SEQ], row[CONTENT], person[0], person[1], person[2])


# -- somebody's rooms


def _seats_of(db: Database, person: int) -> list[Row]:
    """Ascending by room."""
    t = db.tables
    found = [seat for room in t.rooms if (seat := t.seats.get((room, person))) and seat[STATE] == MEMBER]
    return sorted(found, key=lambda seat: seat[1])


def _members(db: Database, room: int) -> list[Row]:
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


@_means(
    "SELECT r.id, r.kind, r.name, r.topic, r.head, mb.read_seq,…WHERE mb.person_id = %s AND mb.state = %s…ORDER BY r.id"
)
def _rooms_of(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    found = []
    for seat in _seats_of(db, p[0]):
        if len(p) > 2 and seat[1] not in p[2:]:
            continue
        id_, kind, name, topic, _, head, count = db.tables.rooms[seat[1]]
        log = db.tables.log.get(id_, {})
        last = next((seq for seq in range(len(log), 0, -1) if type(log[seq]) is list), None)
        found.append((id_, kind, name, topic, head, seat[READ], *_counts(db, seat), count, seat[ROLE], last))
    return found


@_means("SELECT mb.read_seq, (SELECT COUNT(*)…WHERE mb.person_id = %s AND mb.room_id = %s")
def _read_state(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    seat = db.tables.seats[p[1], p[0]]
    return [(seat[READ], *_counts(db, seat))]


@_means("SELECT m.id, m.content, m.created_us, p.id,…WHERE (m.room_id, m.seq) IN…")
def _last_messages(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    rows = [db.tables.log[p[at]][p[at + 1]] for at in range(0, len(p), 2)]
    return [(row[ID], row[CONTENT], row[CREATED], *db.tables.people[row[SENDER]][:3], row[ROOM]) for row in rows]


@_means("SELECT mb.room_id, p.id, p.username, p.display_name FROM…ORDER BY mb.room_id, p.id")
def _members_of(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(room, *db.tables.people[seat[PERSON]][:3]) for room in sorted(p[1:]) for seat in _members(db, room)]


# -- the writer


@_means("SELECT id, kind, name, topic, head, member_count FROM backchannel_room WHERE id IN (…) ORDER BY id")
def _lock_rooms(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    rows = [db.tables.rooms[id_] for id_ in p if id_ in db.tables.rooms]
    return [(row[0], row[1], row[NAME], row[TOPIC], row[HEAD], row[COUNT]) for row in rows]


@_means("SELECT role, state, joined_seq, read_seq FROM backchannel_membership WHERE room_id = %s AND person_id = %s")
def _standing(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    seat = db.tables.seats.get((p[0], p[1]))
    return [(seat[ROLE], seat[STATE], seat[JOINED], seat[READ])] if seat else []


@_means("SELECT id, room_id, sender_id, fingerprint FROM backchannel_message WHERE id IN (…)")
def _keys(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    rows = [db.tables.messages[id_] for id_ in p if id_ in db.tables.messages]
    return [(row[ID], row[ROOM], row[SENDER], row[PRINT]) for row in rows]


@_means("SELECT room_id, person_id FROM backchannel_membership WHERE state = %s AND (room_id, person_id) IN (VALUES…")
def _are_members(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    pairs = [(p[at], p[at + 1]) for at in range(1, len(p), 2)]
    return [pair for pair in pairs if (seat := db.tables.seats.get(pair)) and seat[STATE] == MEMBER]


@_means("SELECT mb.room_id, p.username, p.id FROM backchannel_person p JOIN…WHERE mb.state = %s AND mb.room_id IN…")
def _mentioned(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    rooms = [value for value in p[1:] if isinstance(value, int)]
    seats = [seat for room in rooms for seat in _members(db, room)]
    return [
        (seat[1], person[1], person[0])
        for seat in seats
        if (person := db.tables.people[seat[PERSON]]) and person[1] in p[1:]
    ]


@_means("INSERT INTO backchannel_message (id,…")
def _insert_message(db: Database, p: list[Any]) -> None:
    row = [*p, "[]", "[]", None]
    if p[ID] in db.tables.messages:
        raise IntegrityError("the id is the primary key")
    db.set(db.tables.messages, p[ID], row)
    _append(db, p[ROOM], p[SEQ], row)


@_means("INSERT INTO backchannel_mention (person_id, room_id, seq) VALUES (%s, %s, %s)")
def _insert_mention(db: Database, p: list[Any]) -> None:
    db.set(db.tables.mentions, tuple(p), True)


@_means("DELETE FROM backchannel_mention WHERE room_id = %s AND seq = %s")
def _delete_mentions(db: Database, p: list[Any]) -> None:
    for key in [key for key in db.tables.mentions if key[1:] == tuple(p)]:
        db.drop(db.tables.mentions, key)


@_means("INSERT INTO backchannel_event (room_id, seq, kind, at_us, message_id, body) VALUES (%s, %s, %s, %s, %s, %s)")
def _insert_event(db: Database, p: list[Any]) -> None:
    _append(db, p[0], p[1], tuple(p))


def _append(db: Database, room: int, seq: int, entry: Any) -> None:
    log = db.tables.log.setdefault(room, {})
    assert seq not in log, "(room, seq) is unique"
    db.set(log, seq, entry)


@_means("UPDATE backchannel_room SET head = %s, member_count = %s WHERE id = %s")
def _set_head(db: Database, p: list[Any]) -> None:
    row = db.tables.rooms[p[2]]
    db.set(row, HEAD, p[0])
    db.set(row, COUNT, p[1])


@_means("UPDATE backchannel_person SET version = version + CASE id…RETURNING id, version")
def _number(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    count = len(p) // 3
    found = []
    for at in range(count):
        row = db.tables.people[p[2 * at]]
        db.set(row, 3, row[3] + p[2 * at + 1])
        found.append((row[0], row[3]))
    return found


_COLUMN = {
    "content": CONTENT,
    "reactions": REACTIONS,
    "attachments": FILES,
    "deleted": DELETED,
    "edited_us": EDITED,
    "rev_seq": REV,
}


def _update_message(*names: str) -> Meaning:
    def update(db: Database, p: list[Any]) -> None:
        row = db.tables.messages[p[-1]]
        for name, value in zip(names, p, strict=False):
            db.set(row, _COLUMN[name], value)

    return update


for _names in (
    ("content", "edited_us", "rev_seq"),
    ("content", "reactions", "attachments", "deleted", "edited_us", "rev_seq"),
    ("reactions", "rev_seq"),
):
    _means(f"UPDATE backchannel_message SET {', '.join(f'{name} = %s' for name in _names)} WHERE id = %s")(
        _update_message(*_names)
    )


@_means("SELECT mb.state, mb.read_seq, r.head FROM backchannel_room r LEFT JOIN…WHERE r.id = %s")
def _before_mark(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    room, seat = db.tables.rooms.get(p[1]), db.tables.seats.get((p[1], p[0]))
    return [(seat and seat[STATE], seat and seat[READ], room[HEAD])] if room else []


@_means("UPDATE backchannel_membership SET read_seq = %s WHERE room_id = %s AND person_id = %s AND read_seq < %s")
def _mark(db: Database, p: list[Any]) -> None:
    seat = db.tables.seats[p[1], p[2]]
    if seat[READ] < p[3]:
        db.set(seat, READ, p[0])


@_means("INSERT INTO backchannel_membership…VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT…")
def _enter(db: Database, p: list[Any]) -> None:
    room, person, role, state, joined, read = p
    seat = db.tables.seats.get((room, person))
    db.set(
        db.tables.seats,
        (room, person),
        [seat[0] if seat else len(db.tables.seats) + 1, room, person, role, state, joined, None, read],
    )


@_means("UPDATE backchannel_membership SET state = %s, left_seq = %s, role = %s WHERE room_id = %s AND person_id = %s")
def _exit(db: Database, p: list[Any]) -> None:
    seat = db.tables.seats[p[3], p[4]]
    for column, value in ((STATE, p[0]), (LEFT, p[1]), (ROLE, p[2])):
        db.set(seat, column, value)


@_means("SELECT 1 FROM backchannel_membership WHERE room_id = %s AND state = %s AND role = 'owner' LIMIT 1")
def _owners(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(1,) for seat in _members(db, p[0]) if seat[ROLE] == "owner"][:1]


@_means("SELECT person_id FROM backchannel_membership WHERE room_id = %s AND state = %s ORDER BY CASE role…LIMIT 1")
def _heirs(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    seats = sorted(_members(db, p[0]), key=lambda seat: (seat[ROLE] != "admin", seat[JOINED], seat[0]))
    return [(seat[PERSON],) for seat in seats[:1]]


@_means("UPDATE backchannel_membership SET role = 'owner' WHERE room_id = %s AND person_id = %s")
def _make_owner(db: Database, p: list[Any]) -> None:
    db.set(db.tables.seats[p[0], p[1]], ROLE, "owner")


@_means("UPDATE backchannel_room SET name = %s, topic = %s WHERE id = %s")
def _rename(db: Database, p: list[Any]) -> None:
    db.set(db.tables.rooms[p[2]], NAME, p[0])
    db.set(db.tables.rooms[p[2]], TOPIC, p[1])


@_means("SELECT id FROM backchannel_room WHERE direct_key = %s")
def _direct(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(row[0],) for row in db.tables.rooms.values() if row[DIRECT] == p[0]]


@_means("INSERT INTO backchannel_room (kind,…RETURNING id")
def _insert_room(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    id_ = max(db.tables.rooms, default=0) + 1
    kind, name, topic, direct_key, count, _ = p
    db.set(db.tables.rooms, id_, [id_, kind, name, topic, direct_key, 0, count])
    return [(id_,)]


@_means("INSERT INTO backchannel_membership…VALUES (%s, %s, %s, 'member', 0, 0)")
def _insert_seat(db: Database, p: list[Any]) -> None:
    room, person, role = p
    id_ = len(db.tables.seats) + 1
    db.set(db.tables.seats, (room, person), [id_, room, person, role, MEMBER, 0, None, 0])
