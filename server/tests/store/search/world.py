"""Rooms with the corpus in them, an index that is up to date or behind, and the reader's view without an index."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

import msgspec

from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.edit_message import EditMessage
from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.pin_message import PinMessage
from backchannel.followers.search import SearchFollower
from backchannel.protocol import times
from backchannel.protocol.shapes import Attachment, Message, User
from backchannel.store import former_members, reads
from backchannel.store.access import access_to_all
from backchannel.store.followers import Stretch
from backchannel.store.models import Message as MessageRow
from backchannel.store.models import Room
from backchannel.store.search.budget import Budget
from backchannel.store.search.choice import index
from backchannel.store.search.searching import Search, SearchPage, search
from tests.store.making import do, person, room, send
from tests.store.search import naive
from tests.store.search.corpus import FILES, texts

DAY_US = 24 * 3600 * 1_000_000


class StoppedClock:
    """A search has all the time it needs, however slow the machine is."""

    def __call__(self) -> float:
        return 0.0


def in_time() -> Budget:
    return Budget(StoppedClock(), 1e6)


@dataclass
class World:
    random: Random
    reader: User
    other: User
    rooms: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def catch_up(self, rooms: list[int] | None = None, most: int | None = None) -> None:
        """Index the rooms, up to this seq."""
        follower = SearchFollower()
        for room_id in rooms or [*self.rooms, *self.left]:
            head = min(Room.objects.get(pk=room_id).head, most or 10**9)
            with index().reading(reads.epoch()) as reading:
                seq = reading.cursors([room_id]).get(room_id, 0)
            while seq < head:
                upto = min(seq + 50, head)
                follower.prepare([Stretch(room_id, seq, upto)])
                seq = upto

    def notes(self) -> list[naive.Note]:
        """What the reader may see now, read from the log."""
        made = []
        kinds = {each.pk: each for each in Room.objects.all()}
        for room_id, access in access_to_all(self.reader.id).items():
            messages = reads.page_before(room_id, access.left_seq, 10**6)
            if access.left_seq is not None:
                messages = former_members.as_they_were(messages, access.left_seq)
            name = kinds[room_id].name
            for message in messages:
                if message.deleted:
                    continue
                made.append(
                    naive.Note(
                        str(message.id), message.content, times.from_wire(message.created_at), room_id, message.seq,
                        {naive.fold(message.sender.username), naive.fold(message.sender.display_name)}
                        | ({"me"} if message.sender.id == self.reader.id else set()),
                        {naive.fold(name)} if name and access.left_seq is None else set(),
                        kinds[room_id].kind == "direct", message.pinned, message.thread is not None,
                        [(file.name, file.content_type) for file in message.attachments],
                    )
                )  # fmt: skip
        return made

    def page(self, query: str, **rest: object) -> SearchPage:
        return search(Search(query, **rest), self.reader, in_time())  # type: ignore[arg-type]

    def all_ids(self, query: str, limit: int = 50, **rest: object) -> list[str]:
        """Every page's hits."""
        ids: list[str] = []
        before = None
        for _ in range(10_000):
            page = self.page(query, limit=limit, before=before, **rest)
            ids += [str(message.id) for message, _ in page.hits]
            before = page.before
            if before is None:
                assert not page.has_more
                return ids
        raise AssertionError("the pages have no end")

    def change(self) -> None:
        """Something that changes what is found."""
        choice = self.random.random()
        message = self.random.choice(self.messages)
        if choice < 0.4:
            room_id = self.random.choice(self.rooms)
            sender = self.random.choice((self.reader, self.other))
            self.messages.append(send(room_id, sender, self.random.choice(texts(self.random, 60))))
            return
        row = MessageRow.objects.get(pk=message.id)
        sender = self.reader if row.sender_id == self.reader.id else self.other
        if row.deleted or row.room_id in self.left:
            return
        if choice < 0.65:
            content = self.random.choice(texts(self.random, 60))
            do(EditMessage(actor=sender, message_id=message.id, content=content, base_seq=None))
        elif choice < 0.85:
            do(DeleteMessage(actor=sender, message_id=message.id))
        else:
            do(PinMessage(actor=sender, message_id=message.id))


_numbers = itertools.count(1)


def build(random: Random, count: int, rooms: int = 4) -> World:
    """A reader and somebody else in a direct room and groups, one of which the reader has left; nothing is indexed."""
    world = World(random, person("ben"), person("ada"))
    world.rooms = [room(world.reader, world.other, name=f"Room {number}") for number in range(rooms - 2)]
    world.rooms.append(room(world.reader, world.other, kind="direct"))
    leaving = room(world.other, world.reader, name="Left behind")
    every = texts(random, count)
    for content in every:
        room_id = random.choice([*world.rooms, leaving])
        sender = random.choice((world.reader, world.other))
        roots = [message for message in world.messages if message.room_id == room_id and message.thread is None]
        is_reply = bool(roots) and room_id != world.rooms[-1] and random.random() < 0.15  # a direct room has no threads
        threaded = {"thread": random.choice(roots).id, "in_room": random.random() < 0.5} if is_reply else {}
        world.messages.append(send(room_id, sender, content, **threaded))
    for message in random.sample(world.messages, 5):
        sender = world.reader if message.sender.id == world.reader.id else world.other
        do(PinMessage(actor=sender, message_id=message.id))
    do(LeaveRoom(actor=world.reader, room_id=leaving))
    for content in every[:10]:
        send(leaving, world.other, content)
    world.left.append(leaving)
    for message in random.sample(world.messages, 12):
        _attach(random, message)
    _spread(world)
    return world


def _attach(random: Random, message: Message) -> None:
    """One file or several, as a claim writes them."""
    files = random.sample(FILES, random.randrange(1, 4))
    made = [Attachment(uuid4(), name, 1, kind, f"/files/{number}") for number, (name, kind) in enumerate(files)]
    MessageRow.objects.filter(pk=message.id).update(attachments=msgspec.json.encode(made).decode())


def _spread(world: World) -> None:
    """Over days, several in one microsecond and several in one millisecond, in no order with the rooms' seqs."""
    start = times.from_wire("2026-01-01T00:00:00Z")
    for message in world.messages:
        at = start + world.random.choice((0, 1, 2, 999, 1000, DAY_US, world.random.randrange(90 * DAY_US)))
        MessageRow.objects.filter(pk=message.id).update(created_us=at)
