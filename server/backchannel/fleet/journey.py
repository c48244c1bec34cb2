"""`GET /api/fleet/journey`: why did Cleo not get the message? Gathers the evidence; verdict.py says what it means.

Never content. Of a direct room neither its id nor its name nor the other person: staff learn that a message exists, not who writes whom.
"""

from typing import Any, Final
from uuid import UUID

from django.db import connection

from backchannel.evidence.upkeep import DAY_US
from backchannel.fleet.facts import Facts
from backchannel.fleet.kept import Kept
from backchannel.fleet.people import people_by_id, whom
from backchannel.fleet.steps import steps
from backchannel.fleet.stretches import connections_around, connections_of
from backchannel.fleet.verdict import verdict
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.fleet import Expected, FleetJourney, Journey, JourneyQuery, RoomOfMessage, Whom
from backchannel.protocol.times import to_wire
from backchannel.store.driver import read
from backchannel.store.memberships import MEMBER
from backchannel.store.reads import no_message
from backchannel.store.transaction import MEMBERSHIP, MESSAGE, ROOM, db_uuid, from_db_uuid

EXPECTED: Final = 20
EXPECTED_DAYS: Final = 14

_ROOMS: Final = (
    "SELECT mb.room_id, r.kind, r.name, mb.joined_seq, mb.read_seq, COALESCE((SELECT m.created_us"
    f" FROM {MESSAGE} m WHERE m.room_id = mb.room_id ORDER BY m.seq DESC LIMIT 1), 0) AS last_us"
    f" FROM {MEMBERSHIP} mb JOIN {ROOM} r ON r.id = mb.room_id WHERE mb.person_id = %s AND mb.state = %s"
    f" ORDER BY last_us DESC LIMIT {EXPECTED}"
)
_NEWEST: Final = f"SELECT id, seq, created_us FROM {MESSAGE} WHERE room_id = %s AND seq >= %s AND sender_id <> %s ORDER BY seq DESC LIMIT {EXPECTED}"
_ADDRESS: Final = f"SELECT m.id FROM {MESSAGE} m JOIN {ROOM} r ON r.id = m.room_id WHERE m.room_id = %s AND m.seq = %s AND r.kind <> 'direct'"
_MESSAGE: Final = (
    "SELECT m.room_id, m.seq, m.created_us, m.sender_id, m.deleted, r.kind, r.name, mb.state, mb.joined_seq, mb.left_seq, mb.read_seq"
    f" FROM {MESSAGE} m JOIN {ROOM} r ON r.id = m.room_id LEFT JOIN {MEMBERSHIP} mb ON mb.room_id = m.room_id AND mb.person_id = %s"
    " WHERE m.id = %s"
)


def journey(kept: Kept, query: JourneyQuery, now_us: int) -> FleetJourney:
    """Blocking. Raises `user_not_found`, `message_not_found`: of a direct room also for everybody but the one who should receive it."""
    person = whom(query.person)
    answer = FleetJourney(to_wire(now_us), kept.analytics, person, [], None)
    message = query.message
    if query.room is not None or query.seq is not None:
        message = _named_by_address(query)
    if message is None:
        answer.expected = _expected(kept, person, now_us)
    else:
        answer.journey = _journey(kept, person, message, now_us)
    return answer


def _named_by_address(query: JourneyQuery) -> UUID:
    """Raises `invalid`, `message_not_found`: for a direct room too, whose numbers are easily guessed."""
    if query.room is None or query.seq is None or query.message is not None:
        raise invalid(message="Name it by message, or by room and seq.")
    rows = read(_ADDRESS, [query.room, query.seq])
    if not rows:
        raise CommandError(
            Code.MESSAGE_NOT_FOUND, f"There is no message #{query.seq} in a group or channel {query.room}."
        )
    return from_db_uuid(rows[0][0])


def _expected(kept: Kept, person: Whom, now_us: int) -> list[Expected]:
    """The newest of the rooms that moved last."""
    found: list[tuple[int, Any, int, tuple[Any, ...]]] = []
    for room in read(_ROOMS, [person.id, MEMBER]):
        found += [(at_us, id_, seq, room) for id_, seq, at_us in read(_NEWEST, [room[0], room[3], person.id])]
    found.sort(key=lambda each: each[0], reverse=True)
    seen: dict[int, int] = {}
    if kept.has_people:
        with kept.view() as view:
            if view is not None:
                for each in connections_of(view, person.id, now_us - EXPECTED_DAYS * DAY_US)[0]:
                    seen.update({room_id: max(seq, seen.get(room_id, 0)) for room_id, seq in each.seen.items()})
    return [
        Expected(
            from_db_uuid(id_),
            to_wire(at_us),
            seq,
            _room(room[1], room[0], room[2]),
            True if max(seen.get(room[0], 0), room[4]) >= seq else None,
            room[4] >= seq,
        )
        for at_us, id_, seq, room in found[:EXPECTED]
    ]


def _journey(kept: Kept, person: Whom, message: UUID, now_us: int) -> Journey:
    rows = read(_MESSAGE, [person.id, db_uuid(connection, message)])
    if not rows:
        raise no_message(message)
    room_id, seq, at_us, sender_id, deleted, kind, name, state, joined_seq, left_seq, read_seq = rows[0]
    is_direct = kind == "direct"
    if is_direct and (state != MEMBER or sender_id == person.id):
        # Else staff with the id, as `_expected` lists it for one of the two, could try it with everybody until it is the other one.
        raise no_message(message)
    of_person, of_sender, nodes = [], [], None
    if kept.has_people:
        with kept.view() as view:
            if view is not None:
                of_person = connections_around(view, person.id, at_us)
                of_sender = [] if is_direct else connections_around(view, sender_id, at_us)
                served = "SELECT count(*) FROM ops_node WHERE started_us <= %s AND last_us >= %s"
                nodes = view.driver.query(served, [at_us, at_us])[0][0]
    facts = Facts(
        now_us=now_us,
        analytics=kept.analytics,
        name=person.display_name,
        is_sender=sender_id == person.id,
        state=state or "none",
        joined_seq=joined_seq or 0,
        left_seq=left_seq,
        read_seq=read_seq or 0,
        room=room_id,
        seq=seq,
        committed_us=at_us,
        deleted=bool(deleted),
        nodes=nodes,
        connections=of_person,
        of_sender=of_sender,
        sender_is_known=not is_direct,
    )
    sender = None if is_direct else people_by_id([sender_id]).get(sender_id)
    return Journey(message, seq, _room(kind, room_id, name), sender, verdict(facts), steps(facts))


def _room(kind: Any, room_id: int, name: str | None) -> RoomOfMessage:
    return RoomOfMessage(kind, None, None) if kind == "direct" else RoomOfMessage(kind, room_id, name)
