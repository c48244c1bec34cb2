"""The same random operations have the same answers, events and reads on every database.

The database of the test run, SQLite in a file or PostgreSQL, is compared with SQLite in memory, which the simulation runs on.
"""

from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backchannel.commands.add_members import AddMembers
from backchannel.commands.add_reaction import AddReaction
from backchannel.commands.create_room import CreateRoom
from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.edit_message import EditMessage
from backchannel.commands.join_room import JoinRoom
from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.mark_read import MarkRead
from backchannel.commands.remove_member import RemoveMember
from backchannel.commands.remove_reaction import RemoveReaction
from backchannel.commands.send_message import SendMessage
from backchannel.commands.update_room import UpdateRoom
from backchannel.protocol.errors import CommandError
from backchannel.protocol.shapes import User
from backchannel.queries.rooms import room_list_of
from backchannel.store import former_members, reads, rooms
from backchannel.store.access import access_to
from backchannel.store.log import commit
from backchannel.store.models import Person, Workspace
from backchannel.store.operation import Operation
from tests import memory_database

PEOPLE = 4
STEPS = 120


class Script:
    """Operations from a seed, on the rooms and messages that earlier ones made. Rooms have the same ids on both databases."""

    def __init__(self, seed: int, users: list[User]) -> None:
        self._rng = Random(seed)
        self._users = users
        self._messages: list[tuple[UUID, int]] = []
        self._rooms: list[int] = []
        self._last: SendMessage | None = None

    def next(self) -> list[Operation]:
        if not self._rooms:
            return [self._create()]
        if self._rng.random() < 0.4:
            return [self._send() for _ in range(self._rng.choice((1, 2, 5)))]
        make = self._rng.choice((
            self._create, self._edit, self._delete, self._react, self._react, self._unreact, self._mark, self._mark,
            self._update, self._join, self._leave, self._add, self._remove,
        ))  # fmt: skip
        return [make()]

    def note(self, room: int) -> None:
        self._rooms.append(room)

    def _who(self) -> User:
        return self._rng.choice(self._users)

    def _room(self) -> int:
        return self._rng.choice(self._rooms)

    def _message(self) -> tuple[UUID, int]:
        return self._rng.choice(self._messages) if self._messages else (UUID(int=1), 0)

    def _send(self) -> SendMessage:
        if self._last is not None and self._rng.random() < 0.1:
            return self._last
        room, rng = self._room(), self._rng
        content = f"word {rng.random()} @{self._who().username}" if rng.random() < 0.4 else f"word {rng.random()}"
        reply_to = self._message()[0] if rng.random() < 0.3 else None
        self._last = SendMessage(
            actor=self._who(), id=UUID(int=rng.getrandbits(128)), room_id=room, content=content, reply_to=reply_to
        )
        self._messages.append((self._last.id, room))
        return self._last

    def _create(self) -> Operation:
        kind: Any = self._rng.choice(("channel", "group", "group", "direct"))
        others = [user.id for user in self._rng.sample(self._users, 1 if kind == "direct" else 2)]
        name = None if kind == "direct" else "a room"
        return CreateRoom(actor=self._who(), kind=kind, name=name, topic="", members=others)

    def _edit(self) -> Operation:
        id_, _ = self._message()
        content, base = f"edit {self._rng.random()}", self._rng.choice((None, 3))
        return EditMessage(actor=self._who(), message_id=id_, content=content, base_seq=base)

    def _delete(self) -> Operation:
        id_, _ = self._message()
        return DeleteMessage(actor=self._who(), message_id=id_)

    def _react(self) -> Operation:
        id_, _ = self._message()
        emoji = self._rng.choice(("+1", "heart"))
        return AddReaction(actor=self._who(), message_id=id_, emoji=emoji)

    def _unreact(self) -> Operation:
        id_, _ = self._message()
        return RemoveReaction(actor=self._who(), message_id=id_, emoji="+1")

    def _mark(self) -> Operation:
        return MarkRead(actor=self._who(), room_id=self._room(), seq=self._rng.randrange(30))

    def _update(self) -> Operation:
        return UpdateRoom(actor=self._who(), room_id=self._room(), name=None, topic=f"{self._rng.random()}")

    def _join(self) -> Operation:
        return JoinRoom(actor=self._who(), room_id=self._room())

    def _leave(self) -> Operation:
        return LeaveRoom(actor=self._who(), room_id=self._room())

    def _add(self) -> Operation:
        return AddMembers(actor=self._who(), room_id=self._room(), user_ids=[self._who().id])

    def _remove(self) -> Operation:
        return RemoveMember(actor=self._who(), room_id=self._room(), user_id=self._who().id)


def make_people() -> list[User]:
    Workspace.objects.update_or_create(pk=1, defaults={"epoch": "epoch"})
    rows = [Person.objects.create(account=str(n), username=f"user{n}", display_name=f"User {n}") for n in range(PEOPLE)]
    return [User(row.pk, row.username, row.display_name) for row in rows]


def play(seed: int) -> list[Any]:
    """The outcome of each operation, and every ten steps what each person reads."""
    users = make_people()
    script, found = Script(seed, users), list[Any]()
    for step in range(STEPS):
        operations = script.next()
        outcomes = commit(operations, at_us=1_700_000_000_000_000 + step)
        for outcome in outcomes:
            if isinstance(operations[0], CreateRoom) and outcome.result is not None and not outcome.is_repeat:
                script.note(outcome.result.room.id)
            error = outcome.error and (outcome.error.code.word, str(outcome.error))
            # The versions of one person are in order; a database may number different people in any order.
            updates = sorted(outcome.updates, key=lambda each: (each.user_id, each.version))
            found.append((step, error, _plain(outcome.result), [*map(_plain, outcome.events)], [*map(_plain, updates)]))
        if step % 10 == 9:
            found += [_read(user.id) for user in users]
    return found


def _plain(value: Any) -> Any:
    plain = msgspec.to_builtins(value)
    return {name: each for name, each in plain.items() if name != "timestamp"} if isinstance(plain, dict) else plain


def _read(person: int) -> Any:
    place = reads.position_of(person)
    listed = msgspec.to_builtins(room_list_of(person).rooms)
    cursors = {room: max(0, seat.head - 7) for room, seat in place.seats.items()}
    pages: list[Any] = [reads.page_before(room, None, 5) for room in sorted(place.seats)]
    pages += [reads.page_before(room, 9, 3) + reads.page_after(room, 4, 3) for room in sorted(place.seats)]
    pages += [former_members.as_they_were(reads.page_before(room, None, 20), 5) for room in sorted(place.seats)]
    checked: list[Any] = []
    for room in range(1, 6):
        try:
            checked.append([*access_to(room, person)])
        except CommandError as error:
            checked.append(error.code.word)
    events = msgspec.to_builtins({str(room): run for room, run in reads.events_after(cursors, 500).items()})
    ranges = {room: (after, after + 4) for room, after in (cursors | dict.fromkeys(range(1, 4), 1)).items()}
    allowed = msgspec.to_builtins({str(room): run for room, run in reads.events_for(person, ranges).items()})
    heads, versions = reads.heads_of(place.seats), reads.versions_of([person])
    marks = [rooms.read_state_of(person, room) for room in sorted(place.seats)]
    return [
        place.user_version, place.seats, listed, events, allowed, msgspec.to_builtins(pages), checked, heads, versions, marks
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True, reset_sequences=True)
@pytest.mark.parametrize("seed", range(6))
def test_databases_agree_on_random_operations(seed: int) -> None:
    on_this_one = play(seed)
    with memory_database.installed():
        in_memory = play(seed)
    for number, (one, other) in enumerate(zip(on_this_one, in_memory, strict=True)):
        for part, (expected, actual) in enumerate(zip(one, other, strict=True)):
            assert expected == actual, (number, part)
