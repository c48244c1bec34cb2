"""Reads of rooms: a person's list with unread counts, members, open channels. Blocking: call through `ReadPool.run`.

Unread messages are counted on demand (`unread.py`) and never stored. A whole list is one query, whatever its length.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from django.db import connection
from msgspec import structs

from backchannel.protocol import times
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import ReadState
from backchannel.protocol.shapes import (
    ChannelSummary,
    LastMessage,
    Member,
    NotificationLevel,
    PersonKind,
    Role,
    Room,
    RoomKind,
    User,
)
from backchannel.store.driver import by_code_point, position_of, read
from backchannel.store.models import Membership, Person
from backchannel.store.reads import MEMBER
from backchannel.store.render import (
    EXCERPTED_CHARACTERS,
    attachments_from_text,
    excerpt,
    ids_from_text,
    people_from_text,
    user_columns,
    user_of,
)
from backchannel.store.transaction import MEMBERSHIP, MESSAGE, PERSON, ROOM, from_db_uuid, marks
from backchannel.store.unread import COUNTS, MINE
from backchannel.text_rules import fold

REMOVED: Final = Membership.State.REMOVED.value
SMALL_ROOM: Final = 20
"""Rooms with up to this many members carry them in the list."""

_PERSON: Final = user_columns("p")
_SENDER: Final = user_columns("lp")

_LAST: Final = f"(SELECT MAX(x.seq) FROM {MESSAGE} x WHERE x.room_id = mb.room_id AND x.seq <= mb.head)"
_SEATED: Final = f"o.room_id = mb.room_id AND o.state = '{MEMBER}' AND mb.member_count <= {SMALL_ROOM}"


class _ListRow(NamedTuple):
    """A row of `_list`. The first row has the list's columns alone; the others have those of a room, and None in the list's."""

    id: int
    """0 in the first row."""
    epoch: str | None
    user_version: int
    people: str | None
    kind: RoomKind
    name: str | None
    topic: str
    head: int
    read_seq: int
    unread_count: int
    mention_count: int
    thread_unread_count: int
    thread_mention_count: int
    member_count: int
    role: Role
    members: str | None
    key: str | None
    shows_seen: bool
    unread_from: int | None
    level: NotificationLevel | None
    muted_until_us: int | None
    last_id: Any
    """None if the room has no message; then the other columns of the last message are None too."""
    last_content: str
    last_attachments: str
    last_created_us: int
    last_sender_id: int
    last_sender_username: str
    last_sender_display_name: str
    last_sender_external_id: str
    last_sender_avatar_url: str
    last_sender_kind: PersonKind | None


_OF_A_ROOM: Final = ", ".join(["NULL"] * (len(_ListRow._fields) - _ListRow._fields.index("kind")))


def _list(narrowed: str, array_of: str, array: str, text: str) -> str:
    """The list as one statement. Its first row, with id 0, holds the list's version and everyone in it; the rooms follow, with their
    members as ids. So a person who is in many of the rooms is looked up and sent once."""
    people = f"SELECT o.person_id FROM mine mb JOIN {MEMBERSHIP} o ON {_SEATED}"
    return (
        f"WITH mine AS ({MINE} AND mb.state = '{MEMBER}'{narrowed}) "
        f"SELECT 0, w.epoch, me.version, (SELECT {array_of}({array}({_PERSON})){text} "
        f"FROM {PERSON} p WHERE p.id IN ({people})), {_OF_A_ROOM} "
        f"FROM {PERSON} me LEFT JOIN backchannel_workspace w ON w.id = 1 WHERE me.id = %s UNION ALL "
        "SELECT mb.id, NULL, NULL, NULL, mb.kind, mb.name, mb.topic, mb.head, mb.read_seq, "
        f"{COUNTS}, mb.member_count, mb.role, "
        f"(SELECT {array_of}(o.person_id){text} FROM {MEMBERSHIP} o WHERE {_SEATED}), mb.key, mb.shows_seen, mb.unread_from, "
        "mb.level, mb.muted_until_us, l.id, "
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
    first, *listed = map(_ListRow._make, rows)
    people = people_from_text(first.people)
    return Listed(first.epoch or "", first.user_version, [_room(row, people) for row in listed])


def _room(row: _ListRow, people: Mapping[int, User]) -> Room:
    """`people`: everyone in the list, by id."""
    return Room(
        id=row.id,
        kind=row.kind,
        name=row.name,
        topic=row.topic,
        seq=row.head,
        read_seq=row.read_seq,
        unread_count=row.unread_count,
        mention_count=row.mention_count,
        thread_unread_count=row.thread_unread_count,
        thread_mention_count=row.thread_mention_count,
        member_count=row.member_count,
        role=row.role,
        members=[people[id_] for id_ in ids_from_text(row.members)],
        last_message=_last_message_of(row) if row.last_id else None,
        key=row.key,
        shows_seen=bool(row.shows_seen),
        unread_from=row.unread_from,
        level=row.level,
        muted_until=None if row.muted_until_us is None else times.to_wire(row.muted_until_us),
    )


def _last_message_of(row: _ListRow) -> LastMessage:
    sender = User(
        row.last_sender_id,
        row.last_sender_username,
        row.last_sender_display_name,
        row.last_sender_external_id,
        row.last_sender_avatar_url,
        row.last_sender_kind,
    )
    words = excerpt(row.last_content, attachments_from_text(row.last_attachments))
    return LastMessage(from_db_uuid(row.last_id), sender, words, times.to_wire(row.last_created_us))


def rooms_of(person_id: int, only: Sequence[int] | None = None) -> list[Room]:
    """The rooms of `list_of`."""
    return list_of(person_id, only).rooms if only is None or only else []


def badge_of(person_id: int, at_us: int) -> int:
    """How many unread messages are for this person."""
    return badge_in(rooms_of(person_id), at_us)


def badge_in(rooms: Sequence[Room], at_us: int) -> int:
    """All of rooms whose level is `all`, as direct rooms are without a choice, and mentions elsewhere. None of rooms that are muted or
    notify of nothing. `badgeIn` of web/src/app/roomLevels.ts counts the same."""
    return sum(_for_the_person(room) for room in rooms if not _is_quiet(room, at_us))


def _is_quiet(room: Room, at_us: int) -> bool:
    return room.level == "none" or (room.muted_until is not None and times.from_wire(room.muted_until) > at_us)


def _for_the_person(room: Room) -> int:
    level = room.level or ("all" if room.kind == "direct" else "mentions")
    return (room.unread_count if level == "all" else room.mention_count) + room.thread_mention_count


def read_state_of(person_id: int, room_id: int) -> ReadState:
    rows = read(
        f"SELECT mb.head, mb.read_seq, {COUNTS}, mb.unread_from FROM ({MINE} AND mb.room_id = %s) mb",
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


class RoomSummary(NamedTuple):
    """A room as the operator sees it."""

    id: int
    kind: str
    name: str | None
    member_count: int
    head: int


def groups_and_channels() -> list[RoomSummary]:
    """Every room but the direct ones, whose existence is private."""
    rows = read(f"SELECT {', '.join(RoomSummary._fields)} FROM {ROOM} WHERE kind <> %s ORDER BY id", ["direct"])
    return [RoomSummary(*row) for row in rows]
