"""Reads of rooms: a person's list with unread counts, members, open channels. Blocking: call through `ReadPool.run`.

Unread messages are counted on demand (`unread.py`) and never stored. A whole list is one query, whatever its length.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, cast

from django.db import connection
from msgspec import structs

from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import ReadState
from backchannel.protocol.shapes import ChannelSummary, Member, Role, Room, RoomKind, User
from backchannel.store.driver import by_code_point, position_of, read
from backchannel.store.models import Membership, Person
from backchannel.store.reads import MEMBER
from backchannel.store.render import (
    EXCERPTED_CHARACTERS,
    ids_from_text,
    last_message_from_row,
    people_from_text,
    user_columns,
    user_of,
)
from backchannel.store.transaction import MEMBERSHIP, MESSAGE, PERSON, ROOM, marks
from backchannel.store.unread import COUNTS, MINE
from backchannel.text_rules import fold

REMOVED: Final = Membership.State.REMOVED.value
SMALL_ROOM: Final = 20
"""Rooms with up to this many members carry them in the list."""

_PERSON: Final = user_columns("p")
_SENDER: Final = user_columns("lp")

_LAST: Final = f"(SELECT MAX(x.seq) FROM {MESSAGE} x WHERE x.room_id = mb.room_id AND x.seq <= mb.head)"
_SEATED: Final = f"o.room_id = mb.room_id AND o.state = '{MEMBER}' AND mb.member_count <= {SMALL_ROOM}"


def _list(narrowed: str, array_of: str, array: str, text: str) -> str:
    """The list as one statement. Its first row, with id 0, holds the list's version and everyone in it; the rooms follow, with their
    members as ids. So a person who is in many of the rooms is looked up and sent once."""
    people = f"SELECT o.person_id FROM mine mb JOIN {MEMBERSHIP} o ON {_SEATED}"
    return (
        f"WITH mine AS ({MINE} AND mb.state = '{MEMBER}'{narrowed}) "
        f"SELECT 0, w.epoch, me.version, (SELECT {array_of}({array}({_PERSON})){text} "
        f"FROM {PERSON} p WHERE p.id IN ({people})), {', '.join(['NULL'] * (18 + len(User.__struct_fields__)))} "
        f"FROM {PERSON} me LEFT JOIN backchannel_workspace w ON w.id = 1 WHERE me.id = %s UNION ALL "
        "SELECT mb.id, NULL, NULL, NULL, mb.kind, mb.name, mb.topic, mb.head, mb.read_seq, "
        f"{COUNTS}, mb.member_count, mb.role, "
        f"(SELECT {array_of}(o.person_id){text} FROM {MEMBERSHIP} o WHERE {_SEATED}), mb.key, mb.shows_seen, l.id, "
        f"SUBSTR(l.content, 1, {EXCERPTED_CHARACTERS}), l.attachments, l.created_us, {_SENDER} FROM mine mb "
        f"LEFT JOIN {MESSAGE} l ON l.room_id = mb.room_id AND l.seq = {_LAST} LEFT JOIN {PERSON} lp ON lp.id = l.sender_id "
        "ORDER BY 1"
    )


_IN_JSON: Final = {
    "sqlite": ("json_group_array", "json_array", ""),
    "postgresql": ("json_agg", "json_build_array", "::text"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A person's rooms, and the version of their list. Both are from one statement, and so of one moment: a client would discard a list
    that is newer than its version says."""

    epoch: str
    user_version: int
    rooms: list[Room]


def list_of(person_id: int, only: Sequence[int] | None = None) -> Listed:
    """The person's rooms (with `only`: those among them), as this person sees them, ascending by id. One query. Raises CommandError if
    the person does not exist."""
    narrowed, values = ("", []) if only is None else (f" AND mb.room_id IN ({marks(only)})", list(only))
    rows = read(_list(narrowed, *_IN_JSON[connection.vendor]), [person_id, *values, person_id])
    if not rows:
        raise CommandError(Code.USER_NOT_FOUND, f"There is no user {person_id}.")
    (_, epoch, user_version, named, *_), *listed = rows
    people = people_from_text(named)
    rooms = [
        Room(
            id=row[0], kind=row[4], name=row[5], topic=row[6], seq=row[7], read_seq=row[8], unread_count=row[9],
            mention_count=row[10], thread_unread_count=row[11], thread_mention_count=row[12],
            member_count=row[13], role=row[14],
            members=[people[id_] for id_ in ids_from_text(row[15])],
            last_message=last_message_from_row(row[18:]) if row[18] else None,
            key=row[16], shows_seen=bool(row[17]),
        )
        for row in listed
    ]  # fmt: skip
    return Listed(epoch or "", user_version, rooms)


def rooms_of(person_id: int, only: Sequence[int] | None = None) -> list[Room]:
    """The rooms of `list_of`."""
    return list_of(person_id, only).rooms if only is None or only else []


def read_state_of(person_id: int, room_id: int) -> ReadState:
    rows = read(
        f"SELECT mb.head, mb.read_seq, {COUNTS} FROM ({MINE} AND mb.room_id = %s) mb",
        [person_id, room_id],
    )
    return ReadState(*rows[0])


def members_page(room_id: int, after: int, limit: int) -> list[Member]:
    rows = Membership.objects.filter(room_id=room_id, state=MEMBER, person_id__gt=after).order_by("person_id")
    return [
        Member(role=cast("Role", row.role), **structs.asdict(user_of(row.person)))
        for row in rows.select_related("person")[:limit]
    ]


def open_channels(person_id: int, query: str, limit: int) -> list[ChannelSummary]:
    """Channels of the person's space whose names contain `query`, the largest first. Ignores case and accents; see `text_rules.fold`."""
    part = fold(query)
    named, values = (f"AND {position_of()}(r.folded, %s) > 0 ", [part]) if part else ("", [])
    rows = read(
        f"SELECT r.id, r.name, r.topic, r.member_count, mb.state FROM {ROOM} r "
        f"JOIN {PERSON} p ON p.id = %s AND p.space = r.space "
        f"LEFT JOIN {MEMBERSHIP} mb ON mb.room_id = r.id AND mb.person_id = p.id WHERE r.kind = 'channel' {named}"
        f"ORDER BY r.member_count DESC, r.folded{by_code_point()}, r.id LIMIT %s",
        [person_id, *values, limit],
    )
    return [
        ChannelSummary(id_, name or "", topic, members, state == MEMBER, state == REMOVED)
        for id_, name, topic, members, state in rows
    ]


def people_in(room_id: int, limit: int) -> list[User]:
    """All members of a room, up to `limit`."""
    people = Person.objects.filter(memberships__room_id=room_id, memberships__state=MEMBER).order_by("pk")[:limit]
    return [user_of(person) for person in people]


def kinds_of(rooms: Collection[int]) -> dict[int, RoomKind]:
    """Of those that exist."""
    return dict(read(f"SELECT id, kind FROM {ROOM} WHERE id IN ({marks(rooms)})", [*rooms])) if rooms else {}


def groups_and_channels() -> list[tuple[int, str, str | None, int, int]]:
    """Id, kind, name, number of members and head of every room but the direct ones, whose existence is private."""
    return [
        (row[0], row[1], row[2], row[3], row[4])
        for row in read(
            f"SELECT id, kind, name, member_count, head FROM {ROOM} WHERE kind <> %s ORDER BY id", ["direct"]
        )
    ]
