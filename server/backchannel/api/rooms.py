"""Rooms that belong to the site's own objects."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from backchannel import rules
from backchannel.api.people import people_of, person
from backchannel.api.texts import plain, short, space_of_room
from backchannel.api.writing import carry_out, catch_up, is_in_transaction
from backchannel.intents.kinds import AddIntent, DirectIntent, MakeRoomIntent, RemoveIntent, RoomName, UpdateIntent
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.store import intents, people, reads

KEY_LENGTH: Final = 100
NAME_LENGTH: Final = 80
TOPIC_LENGTH: Final = 250
OUT_OF_RANGE: Final = 2**63
"""Ids and seqs are below it; a database may not even be able to look for a larger one."""


@dataclass(frozen=True, slots=True)
class RoomRef:
    """A room. `id`: None where the room is made by a transaction that has not committed; `find(key)` has it afterwards.
    `key`: the site's own; of a direct room "direct:3:8"; None where the room has none."""

    id: int | None
    key: str | None


RoomLike = RoomRef | int | str
"""A reference, an id or a key."""


def room(
    key: str,
    *,
    kind: Literal["group", "channel"] = "group",
    name: str | None = None,
    topic: str = "",
    members: Iterable[Any] = (),
    sync_members: bool = False,
    space: str | None = None,
) -> RoomRef:
    """The room of this key: made, or found. `members`, users of the site, are added to it where they are not in it; with `sync_members`
    everybody else is removed. `kind`, `name` and `topic` are those of a new room; `update` changes them later. The first member of a new
    room owns it. `space`: the tenant of a new room, where there are several; None: that of its first member."""
    key = plain(key=key)
    _check_key(key)
    if kind not in {"group", "channel"}:
        raise invalid(kind='"group" or "channel"; `direct` makes the room of two people.')
    system, those = people.system_person(), people_of(members)
    intent = MakeRoomIntent(
        key=key,
        type=kind,
        name=rules.check_room_name(kind, short(NAME_LENGTH, name=name)),
        topic=rules.check_topic(short(TOPIC_LENGTH, topic=topic)) or "",
        members=list(those),
        sync_members=sync_members,
        by=system.id,
        space=space_of_room(space),
    )
    catch_up()
    carry_out(intent, {system.id: system, **those}, makes=key)
    return find(key) or RoomRef(None, key)


def find(key: str) -> RoomRef | None:
    """The room of this key; None if there is none (yet)."""
    key = plain(key=key)
    if not key.isprintable():  # a database may not even be able to look for it
        return None
    id_ = intents.rooms_of_keys([key]).get(key)
    return None if id_ is None else RoomRef(id_, key)


def direct(a: Any, b: Any) -> RoomRef:
    """The direct room of two users, made or found."""
    first, second = person(a), person(b)
    if first.id == second.id:
        raise invalid(members="A direct room is with exactly one other person.")
    key = f"{intents.DIRECT}{min(first.id, second.id)}:{max(first.id, second.id)}"
    if (found := find(key)) is not None:
        return found
    catch_up()
    carry_out(DirectIntent(first=first.id, second=second.id), {first.id: first, second.id: second}, makes=key)
    return find(key) or RoomRef(None, key)


def add(room: RoomLike, *who: Any, by: Any = None) -> None:
    """Add users to a group or channel; who is in it already stays as they are. `by`: who is shown to have added them; None: the
    system."""
    target, actor, those = name_of(room), people.system_person() if by is None else person(by), people_of(who)
    intent = AddIntent(room=target, members=list(those), by=actor.id)
    carry_out(intent, {actor.id: actor, **those}, id_of(target))


def remove(room: RoomLike, *who: Any) -> None:
    """Remove users from a group or channel. They receive nothing of it from then on."""
    target, system, those = name_of(room), people.system_person(), people_of(who)
    intent = RemoveIntent(room=target, members=list(those), by=system.id)
    carry_out(intent, {system.id: system, **those}, id_of(target))


def update(room: RoomLike, *, name: str | None = None, topic: str | None = None) -> None:
    """Change the name or topic of a group or channel. What is left out stays."""
    name = short(NAME_LENGTH, name=name)
    rules.check_text(name=name)
    topic = rules.check_topic(short(TOPIC_LENGTH, topic=topic))
    target, system = name_of(room), people.system_person()
    carry_out(UpdateIntent(room=target, name=name, topic=topic, by=system.id), {system.id: system}, id_of(target))


def name_of(room: RoomLike) -> RoomName:
    """How an intent names the room. Raises `room_not_found`, unless an intent that waits makes it."""
    catch_up()
    name = (room.id or room.key) if isinstance(room, RoomRef) else room
    if not isinstance(name, int | str):
        raise invalid(room=f"Give what `room` returned, a key or an id; this is of type {type(name).__name__}.")
    if isinstance(name, int):
        exists = 0 < name < OUT_OF_RANGE and name in reads.heads_of([name])
    else:
        is_made = is_in_transaction() and name.isprintable() and intents.will_make(name)
        exists = is_made or find(name) is not None
    if not exists:
        raise CommandError(Code.ROOM_NOT_FOUND, f"There is no room {name!a}.")
    return name


def id_of(name: RoomName) -> int | None:
    if isinstance(name, int):
        return name
    found = find(name)
    return None if found is None else found.id


def _check_key(key: str) -> None:
    if not key or len(key) > KEY_LENGTH or not key.isprintable() or key.startswith(intents.DIRECT):
        raise invalid(
            key=f'A key has 1 to {KEY_LENGTH} printable characters and does not begin with "{intents.DIRECT}", like "order:17".'
        )
