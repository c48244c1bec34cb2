"""What the statements of the writer mean to the model's tables."""

from typing import Any

from django.db import IntegrityError

from backchannel.text_rules import name_keys
from tests.simulation.world.reading import members, seats_of
from tests.simulation.world.statements import (
    CONTENT,
    COUNT,
    DELETED,
    DIRECT,
    EDITED,
    FILES,
    HEAD,
    ID,
    JOINED,
    LEFT,
    MEMBER,
    NAME,
    PERSON,
    PRINT,
    REACTIONS,
    READ,
    REV,
    ROLE,
    ROOM,
    SENDER,
    SEQ,
    STATE,
    TOPIC,
    Meaning,
    means,
)
from tests.simulation.world.store import Database


@means("SELECT id, kind, name, topic, head, member_count FROM backchannel_room WHERE id IN (…) ORDER BY id")
def _lock_rooms(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    rows = [db.tables.rooms[id_] for id_ in p if id_ in db.tables.rooms]
    return [(row[0], row[1], row[NAME], row[TOPIC], row[HEAD], row[COUNT]) for row in rows]


@means("SELECT role, state, joined_seq, read_seq FROM backchannel_membership WHERE room_id = %s AND person_id = %s")
def _standing(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    seat = db.tables.seats.get((p[0], p[1]))
    return [(seat[ROLE], seat[STATE], seat[JOINED], seat[READ])] if seat else []


@means("SELECT until_us FROM backchannel_allowance WHERE person_id = %s AND kind = %s")
def _allowance(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    """The worlds are too short for a day's allowance to run out."""
    return []


@means("INSERT INTO backchannel_allowance (person_id, kind, until_us) VALUES (%s, %s, %s) ON CONFLICT…")
def _spend(db: Database, p: list[Any]) -> None:
    pass


@means(
    "SELECT person_id, COUNT(*) FROM backchannel_membership WHERE person_id IN (…) AND state = 'member' GROUP BY person_id"
)
def _rooms_of_each(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(person, len(seats_of(db, person))) for person in p]


@means("SELECT person_id, state FROM backchannel_membership WHERE room_id = %s AND person_id IN (…)")
def _states(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(user, seat[STATE]) for user in p[1:] if (seat := db.tables.seats.get((p[0], user)))]


@means("SELECT left_seq FROM backchannel_membership WHERE room_id = %s AND person_id = %s")
def _left_at(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    seat = db.tables.seats.get((p[0], p[1]))
    return [(seat[LEFT],)] if seat else []


@means("SELECT id, room_id, sender_id, fingerprint FROM backchannel_message WHERE id IN (…)")
def _keys(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    rows = [db.tables.messages[id_] for id_ in p if id_ in db.tables.messages]
    return [(row[ID], row[ROOM], row[SENDER], row[PRINT]) for row in rows]


@means("SELECT room_id, person_id FROM backchannel_membership WHERE state = %s AND (room_id, person_id) IN (VALUES…")
def _aremembers(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    pairs = [(p[at], p[at + 1]) for at in range(1, len(p), 2)]
    return [pair for pair in pairs if (seat := db.tables.seats.get(pair)) and seat[STATE] == MEMBER]


@means("SELECT DISTINCT mb.room_id, p.username, p.id FROM…k JOIN…WHERE k.key IN (…mb.state = %s AND mb.room_id IN…")
def _mentioned(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    rooms = [value for value in p if isinstance(value, int)]
    *keys, _state = (value for value in p if isinstance(value, str))
    people = {seat[PERSON]: db.tables.people[seat[PERSON]] for room in rooms for seat in members(db, room)}
    found = {
        id_ for id_, (_, *names, _version) in people.items() if any({*keys} & {*name_keys(name)} for name in names)
    }
    seats = [seat for room in rooms for seat in members(db, room) if seat[PERSON] in found]
    return sorted(((seat[1], people[seat[PERSON]][1], seat[PERSON]) for seat in seats), key=lambda row: row[2])


@means("INSERT INTO backchannel_message (id,…")
def _insert_message(db: Database, p: list[Any]) -> None:
    row = [*p, "[]", "[]", None]
    if p[ID] in db.tables.messages:
        raise IntegrityError("the id is the primary key")
    db.set(db.tables.messages, p[ID], row)
    append(db, p[ROOM], p[SEQ], row)


@means("INSERT INTO backchannel_mention (person_id, room_id, seq) VALUES (%s, %s, %s)")
def _insert_mention(db: Database, p: list[Any]) -> None:
    db.set(db.tables.mentions, tuple(p), True)


@means("DELETE FROM backchannel_mention WHERE room_id = %s AND seq = %s")
def _delete_mentions(db: Database, p: list[Any]) -> None:
    for key in [key for key in db.tables.mentions if key[1:] == tuple(p)]:
        db.drop(db.tables.mentions, key)


@means("INSERT INTO backchannel_event (room_id, seq, kind, at_us, message_id, body) VALUES (%s, %s, %s, %s, %s, %s)")
def _insert_event(db: Database, p: list[Any]) -> None:
    append(db, p[0], p[1], tuple(p))


def append(db: Database, room: int, seq: int, entry: Any) -> None:
    log = db.tables.log.setdefault(room, {})
    assert seq not in log, "(room, seq) is unique"
    db.set(log, seq, entry)


@means("UPDATE backchannel_room SET head = moved.column2, member_count = moved.column3 FROM (VALUES…")
def _set_heads(db: Database, p: list[Any]) -> None:
    for at in range(0, len(p), 3):
        row = db.tables.rooms[p[at]]
        db.set(row, HEAD, p[at + 1])
        db.set(row, COUNT, p[at + 2])


@means("UPDATE backchannel_person SET version = version + CASE id…RETURNING id, version")
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
    means(f"UPDATE backchannel_message SET {', '.join(f'{name} = %s' for name in _names)} WHERE id = %s")(
        _update_message(*_names)
    )


@means("SELECT mb.state, mb.read_seq, r.head FROM backchannel_room r LEFT JOIN…WHERE r.id = %s")
def _before_mark(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    room, seat = db.tables.rooms.get(p[1]), db.tables.seats.get((p[1], p[0]))
    return [(seat and seat[STATE], seat and seat[READ], room[HEAD])] if room else []


@means("UPDATE backchannel_membership SET read_seq = %s WHERE room_id = %s AND person_id = %s AND read_seq < %s")
def _mark(db: Database, p: list[Any]) -> None:
    seat = db.tables.seats[p[1], p[2]]
    if seat[READ] < p[3]:
        db.set(seat, READ, p[0])


@means("INSERT INTO backchannel_membership…VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT…")
def _enter(db: Database, p: list[Any]) -> None:
    room, person, role, state, joined, read = p
    seat = db.tables.seats.get((room, person))
    db.set(
        db.tables.seats,
        (room, person),
        [seat[0] if seat else len(db.tables.seats) + 1, room, person, role, state, joined, None, read],
    )


@means("UPDATE backchannel_membership SET state = %s, left_seq = %s, role = %s WHERE room_id = %s AND person_id = %s")
def _exit(db: Database, p: list[Any]) -> None:
    seat = db.tables.seats[p[3], p[4]]
    for column, value in ((STATE, p[0]), (LEFT, p[1]), (ROLE, p[2])):
        db.set(seat, column, value)


@means("SELECT 1 FROM backchannel_membership mb JOIN backchannel_person p…AND p.active AND mb.role = 'owner' LIMIT 1")
def _owners(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(1,) for seat in members(db, p[0]) if seat[ROLE] == "owner"][:1]


@means(
    "SELECT mb.person_id FROM backchannel_membership mb JOIN backchannel_person p…AND p.active ORDER BY CASE mb.role…LIMIT 1"
)
def _heirs(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    seats = sorted(members(db, p[0]), key=lambda seat: (seat[ROLE] != "admin", seat[JOINED], seat[0]))
    return [(seat[PERSON],) for seat in seats[:1]]


@means("UPDATE backchannel_membership SET role = 'owner' WHERE room_id = %s AND person_id = %s")
def _make_owner(db: Database, p: list[Any]) -> None:
    db.set(db.tables.seats[p[0], p[1]], ROLE, "owner")


@means("UPDATE backchannel_room SET name = %s, topic = %s, folded = %s WHERE id = %s")
def _rename(db: Database, p: list[Any]) -> None:
    db.set(db.tables.rooms[p[3]], NAME, p[0])
    db.set(db.tables.rooms[p[3]], TOPIC, p[1])


@means("SELECT id FROM backchannel_room WHERE direct_key = %s")
def _direct(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    return [(row[0],) for row in db.tables.rooms.values() if row[DIRECT] == p[0]]


@means("INSERT INTO backchannel_room (kind,…RETURNING id")
def _insert_room(db: Database, p: list[Any]) -> list[tuple[Any, ...]]:
    id_ = max(db.tables.rooms, default=0) + 1
    kind, name, topic, direct_key, count, _, _ = p
    db.set(db.tables.rooms, id_, [id_, kind, name, topic, direct_key, 0, count])
    return [(id_,)]


@means("INSERT INTO backchannel_membership…VALUES (%s, %s, %s, 'member', 0, 0)")
def _insert_seat(db: Database, p: list[Any]) -> None:
    room, person, role = p
    id_ = len(db.tables.seats) + 1
    db.set(db.tables.seats, (room, person), [id_, room, person, role, MEMBER, 0, None, 0])
