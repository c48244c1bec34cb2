"""Threads by seeds: what everybody sees is compared with a count by hand after each step.

The model knows messages and what each person did, and no SQL: it recounts everything from the list of messages each time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from backchannel.commands.add_members import AddMembers
from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.follow_thread import FollowThread
from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.mark_read import MarkRead
from backchannel.commands.mark_thread_read import MarkThreadRead
from backchannel.commands.mark_unread import MarkUnread
from backchannel.commands.send_message import SendMessage
from backchannel.commands.unfollow_thread import UnfollowThread
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.store import reads, rooms, threads
from backchannel.store.log import commit
from backchannel.store.models import Message as MessageRow
from backchannel.store.models import Room
from tests.store.making import check_gapless, do, person, room, send

STEPS = 30
PEOPLE = 4


@dataclass
class Said:
    """A message of the model."""

    id: UUID
    seq: int
    sender: int
    mentions: list[int]
    thread: UUID | None = None
    in_room: bool = False
    deleted: bool = False


@dataclass
class Follows:
    """What a person has to do with one thread."""

    following: bool | None = None
    from_seq: int = 0
    read_seq: int = 0
    unread_from: int | None = None

    def read_on(self, seq: int, all_read_seq: int) -> None:
        """Of what was marked as unread, up to `seq` is read. `all_read_seq`: of all threads of the room."""
        if self.unread_from is not None and self.unread_from <= seq:
            self.unread_from = None if seq >= max(self.from_seq, self.read_seq, all_read_seq) else seq + 1


@dataclass
class Seat:
    """A person in the room."""

    user: User
    is_in: bool = True
    read_seq: int = 0
    threads_read_seq: int = 0
    unread_from: int | None = None
    threads: dict[UUID, Follows] = field(default_factory=dict)

    def of(self, root: UUID) -> Follows:
        return self.threads.setdefault(root, Follows())

    def begin(self, root: UUID, from_seq: int) -> None:
        """Follow it without asking, unless that was decided already."""
        held = self.of(root)
        if self.is_in and held.following is None:
            held.following, held.from_seq = True, from_seq


class Model:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seats = [Seat(person(f"s{seed}p")) for _ in range(PEOPLE)]
        self.room_id = room(self.seats[0].user, *(seat.user for seat in self.seats[1:]))
        self.messages: list[Said] = []
        self.repliers: dict[UUID, list[int]] = {}

    @property
    def head(self) -> int:
        return Room.objects.get(pk=self.room_id).head

    def member(self) -> Seat:
        return self.random.choice([seat for seat in self.seats if seat.is_in])

    def roots(self) -> list[Said]:
        return [said for said in self.messages if said.thread is None]

    def replies_of(self, root: UUID) -> list[Said]:
        return [said for said in self.messages if said.thread == root]

    # -- steps

    def send(self) -> None:
        """One to four messages in one transaction."""
        planned = [self._plan() for _ in range(self.random.randint(1, 4))]
        outcomes = commit([operation for operation, _ in planned])
        for (operation, _), outcome in zip(planned, outcomes, strict=True):
            assert outcome.error is None
            self._apply(operation, outcome.result.message.seq, outcome.result.message.mentions)

    def _plan(self) -> tuple[SendMessage, Seat]:
        seat, roll = self.member(), self.random.random()
        alive = [root for root in self.roots() if not root.deleted]
        thread = self.random.choice(alive).id if alive and roll < 0.7 else None
        mention = f"@{self.random.choice(self.seats).user.username}" if self.random.random() < 0.3 else ""
        made = SendMessage(
            actor=seat.user, id=uuid4(), room_id=self.room_id, content=f"x {mention}", thread=thread,
            in_room=thread is not None and self.random.random() < 0.3,
        )  # fmt: skip
        return made, seat

    def _apply(self, sent: SendMessage, seq: int, mentions: list[int]) -> None:
        said = Said(sent.id, seq, sent.actor.id, mentions, sent.thread, sent.in_room)
        seats = {seat.user.id: seat for seat in self.seats}
        if said.thread is not None:
            root = next(each for each in self.messages if each.id == said.thread)
            if root.id not in self.repliers:
                seats[root.sender].begin(root.id, root.seq)
                for mentioned in root.mentions:
                    seats[mentioned].begin(root.id, root.seq - 1)
            seats[said.sender].begin(root.id, seq)
            for mentioned in mentions:
                seats[mentioned].begin(root.id, seq - 1)
            others = [each for each in self.repliers.get(root.id, []) if each != said.sender]
            self.repliers[root.id] = [said.sender, *others][:5]
        self.messages.append(said)

    def delete(self) -> None:
        owner = next((seat for seat in self.seats if seat.is_in and self._may_delete(seat)), None)
        there = [said for said in self.messages if not said.deleted]
        if owner and there:
            said = self.random.choice(there)
            do(DeleteMessage(actor=owner.user, message_id=said.id))
            said.deleted = True

    def _may_delete(self, seat: Seat) -> bool:
        return next(each.role for each in rooms.rooms_of(seat.user.id, [self.room_id])) == "owner"

    def follow(self) -> None:
        if self.roots():
            seat, root = self.member(), self.random.choice(self.roots())
            do(FollowThread(actor=seat.user, message_id=root.id))
            held = seat.of(root.id)
            if not held.following:
                held.following, held.from_seq, held.unread_from = True, self.head, None

    def unfollow(self) -> None:
        if self.roots():
            seat, root = self.member(), self.random.choice(self.roots())
            do(UnfollowThread(actor=seat.user, message_id=root.id))
            held = seat.of(root.id)
            if held.following is not False:
                held.following, held.unread_from = False, None

    def read_thread(self) -> None:
        if self.roots():
            seat, root = self.member(), self.random.choice(self.roots())
            seq = self.random.randint(0, self.head + 3)
            do(MarkThreadRead(actor=seat.user, message_id=root.id, seq=seq))
            held = seat.of(root.id)
            held.read_seq = max(held.read_seq, min(seq, self.head))
            held.read_on(min(seq, self.head), seat.threads_read_seq)

    def read_room(self) -> None:
        seat, seq = self.member(), self.random.randint(0, self.head + 3)
        clears = self.random.random() < 0.3
        do(MarkRead(actor=seat.user, room_id=self.room_id, seq=seq, threads=clears))
        mark = min(seq, self.head)
        seat.read_seq = max(seat.read_seq, mark)
        if seat.unread_from is not None and seat.unread_from <= mark:
            seat.unread_from = None if mark >= seat.read_seq else mark + 1
        if clears:
            seat.threads_read_seq = max(seat.threads_read_seq, mark)
            for held in seat.threads.values():
                held.read_on(mark, seat.threads_read_seq)

    def unread_room(self) -> None:
        seat, seq = self.member(), self.random.randint(1, self.head + 3)
        do(MarkUnread(actor=seat.user, room_id=self.room_id, seq=seq))
        seat.unread_from = seq if seq <= seat.read_seq else None

    def unread_thread(self) -> None:
        if self.roots():
            seat, root, seq = self.member(), self.random.choice(self.roots()), self.random.randint(1, self.head + 3)
            do(MarkUnread(actor=seat.user, room_id=self.room_id, seq=seq, thread=root.id))
            held = seat.of(root.id)
            if not held.following:
                held.following, held.from_seq = True, self.head
            read = max(held.from_seq, held.read_seq, seat.threads_read_seq)
            held.unread_from = seq if seq <= read else None

    def leave(self) -> None:
        if sum(seat.is_in for seat in self.seats) > 2:
            seat = self.member()
            do(LeaveRoom(actor=seat.user, room_id=self.room_id))
            seat.is_in = False

    def come_back(self) -> None:
        for seat in self.seats:
            if not seat.is_in:
                do(AddMembers(actor=self.member().user, room_id=self.room_id, user_ids=[seat.user.id]))
                seat.is_in = True
                seat.read_seq = seat.threads_read_seq = self.head
                seat.unread_from = None
                for held in seat.threads.values():
                    held.unread_from = None

    def step(self) -> None:
        steps = [
            (self.send, 10), (self.delete, 2), (self.follow, 2), (self.unfollow, 2), (self.read_thread, 4), (self.read_room, 3),
            (self.unread_room, 3), (self.unread_thread, 3), (self.leave, 1), (self.come_back, 1),
        ]  # fmt: skip
        self.random.choices([step for step, _ in steps], [weight for _, weight in steps])[0]()

    # -- what is expected

    def unread_in_room(self, seat: Seat) -> list[Said]:
        from_seq = seat.read_seq + 1 if seat.unread_from is None else seat.unread_from
        return [
            said
            for said in self.messages
            if said.seq >= from_seq and said.sender != seat.user.id and not said.deleted
            if said.thread is None or (said.in_room and not self._was_read_in_thread(said, said.thread, seat))
        ]

    @staticmethod
    def _was_read_in_thread(said: Said, thread: UUID, seat: Seat) -> bool:
        held = seat.of(thread)
        again = [seq for seq in (seat.unread_from, held.unread_from) if seq is not None]
        return held.read_seq >= said.seq and not any(seq <= said.seq for seq in again)

    def unread_in(self, seat: Seat, root: UUID) -> list[Said]:
        held = seat.of(root)
        again = held.unread_from
        from_seq = max(held.from_seq, held.read_seq, seat.threads_read_seq) + 1 if again is None else again
        in_room = seat.read_seq + 1 if seat.unread_from is None else seat.unread_from
        return [
            said
            for said in self.replies_of(root)
            if held.following and said.seq >= from_seq and said.sender != seat.user.id and not said.deleted
            if not said.in_room or said.seq >= in_room or again is not None
        ]

    def check(self) -> None:
        for seat in self.seats:
            if seat.is_in:
                self._check_counts(seat)
                self._check_list(seat)
        self._check_summaries()

    def _check_counts(self, seat: Seat) -> None:
        me = seat.user.id
        in_room = self.unread_in_room(seat)
        in_threads = [said for root in self.roots() for said in self.unread_in(seat, root.id)]
        (row,) = rooms.rooms_of(me, [self.room_id])
        state = rooms.read_state_of(me, self.room_id)
        names = ("unread_count", "mention_count", "thread_unread_count", "thread_mention_count")
        expected = [
            count
            for unread in (in_room, in_threads)
            for count in (len(unread), sum(me in said.mentions for said in unread))
        ]
        assert [getattr(row, name) for name in names] == expected
        assert [getattr(state, name) for name in names] == expected

    def _check_list(self, seat: Seat) -> None:
        me = seat.user.id
        followed = {root.id for root in self.roots() if seat.of(root.id).following}
        listed = [each.thread for each in threads.followed_by(me, 500)]
        assert {thread.root.id for thread in listed} == followed
        for thread in listed:
            unread = self.unread_in(seat, thread.root.id)
            counts = (len(unread), sum(me in said.mentions for said in unread))
            assert (thread.unread_count, thread.mention_count) == counts
            state = threads.state_of(me, self.room_id, thread.root.id)
            assert (state.unread_count, state.mention_count, state.read_seq) == (*counts, thread.read_seq)
        unread_list = [each.thread.root.id for each in threads.followed_by(me, 500, unread=True)]
        assert set(unread_list) == {thread.root.id for thread in listed if thread.unread_count}
        # A badge is there exactly if the list has an entry.
        assert bool(rooms.read_state_of(me, self.room_id).thread_unread_count) == bool(unread_list)
        assert unread_list == [thread.root.id for thread in listed if thread.unread_count]

    def _check_summaries(self) -> None:
        for message in reads.page_before(self.room_id, None, 500):
            summary = message.thread_summary
            if message.id not in self.repliers:
                assert summary is None
                continue
            assert summary is not None
            replies = self.replies_of(message.id)
            assert summary.count == sum(not reply.deleted for reply in replies)
            assert summary.people == self.repliers[message.id]
            rows = MessageRow.objects.filter(thread=message.id)
            assert summary.rev == max(row.rev_seq if row.deleted else row.seq for row in rows)
            page = reads.page_before(self.room_id, None, 500, message.id)
            assert [each.id for each in page] == [reply.id for reply in replies]


@pytest.mark.parametrize("seed", range(12))
def test_counts_are_those_of_a_recount_and_a_badge_means_that_the_list_has_an_entry(seed: int) -> None:
    model = Model(seed)
    for _ in range(STEPS):
        model.step()
        model.check()
    check_gapless(model.room_id)


@pytest.mark.parametrize("seed", range(4))
def test_one_number_clears_all_threads_of_a_room(seed: int) -> None:
    model = Model(1000 + seed)
    for _ in range(STEPS):
        model.step()
    for seat in model.seats:
        if seat.is_in:
            state = do(MarkRead(actor=seat.user, room_id=model.room_id, seq=2**53 - 1, threads=True))
            assert (state.unread_count, state.mention_count) == (0, 0)
            assert (state.thread_unread_count, state.thread_mention_count) == (0, 0)
            assert threads.followed_by(seat.user.id, 500, unread=True) == []


def reply(root: Any, sender: User, content: str = "So.", *, in_room: bool = False) -> Any:
    sent = SendMessage(actor=sender, id=uuid4(), room_id=root.room_id, content=content, thread=root.id, in_room=in_room)
    return do(sent).message


def counts(user: User, room_id: int) -> tuple[int, int, int, int]:
    state = rooms.read_state_of(user.id, room_id)
    return state.unread_count, state.mention_count, state.thread_unread_count, state.thread_mention_count


def test_counts_of_threads_stop_at_a_hundred() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben)
    roots = [send(room_id, ada) for _ in range(2)]
    for root in roots:
        sends = [SendMessage(actor=ben, id=uuid4(), room_id=room_id, content="x", thread=root.id) for _ in range(101)]
        commit(sends)
    assert counts(ada, room_id) == (0, 0, 100, 0)
    assert [each.thread.unread_count for each in threads.followed_by(ada.id, 10)] == [100, 100]


def test_an_unfollow_holds_against_own_replies_and_mentions() -> None:
    ada, ben = person("ada"), person("ben")
    room_id = room(ada, ben)
    root = send(room_id, ada)
    reply(root, ben)
    do(UnfollowThread(actor=ada, message_id=root.id))
    reply(root, ada)
    reply(root, ben, f"@{ada.username}")
    assert counts(ada, room_id) == (0, 0, 0, 0)
    do(FollowThread(actor=ada, message_id=root.id))
    assert counts(ada, room_id) == (0, 0, 0, 0)
    reply(root, ben, f"@{ada.username}")
    assert counts(ada, room_id) == (0, 0, 1, 1)


def test_a_reply_that_the_room_shows_stays_unread_there_when_following_ends() -> None:
    ada, ben, cyd = person(), person(), person()
    room_id = room(ada, ben, cyd)
    root = send(room_id, ada)
    shown = reply(root, ben, in_room=True)
    do(FollowThread(actor=cyd, message_id=root.id))
    do(UnfollowThread(actor=cyd, message_id=root.id))
    assert counts(cyd, room_id)[0] == 2
    do(MarkThreadRead(actor=cyd, message_id=root.id, seq=shown.seq))
    assert counts(cyd, room_id)[0] == 1


def test_the_author_of_a_thread_who_left_does_not_follow_it() -> None:
    ada, ben, cyd = person(), person(), person()
    room_id = room(ada, ben, cyd)
    root = send(room_id, cyd, f"@{ben.username}")
    do(LeaveRoom(actor=cyd, room_id=room_id))
    reply(root, ada)
    do(AddMembers(actor=ada, room_id=room_id, user_ids=[cyd.id]))
    reply(root, ada)
    assert [threads.state_of(user.id, room_id, root.id).following for user in (ada, ben, cyd)] == [True, True, False]
    assert counts(ben, room_id)[2] == 2


def test_a_reply_to_the_message_before_it_in_one_transaction_finds_it() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben)
    root, other = uuid4(), uuid4()

    def sent(sender: User, id_: UUID, thread: UUID | None = None) -> SendMessage:
        return SendMessage(actor=sender, id=id_, room_id=room_id, content="x", thread=thread)

    outcomes = commit([sent(ada, root), sent(ben, other, root), sent(ada, uuid4(), other), sent(ben, uuid4(), root)])
    assert [outcome.error and outcome.error.code for outcome in outcomes] == [None, None, Code.INVALID, None]
    assert counts(ada, room_id)[2] == 2
    assert reads.messages_by_id(reads.default_connection, [root])[root].thread_summary.count == 2  # type: ignore[attr-defined, union-attr]


def test_a_thread_of_what_is_deleted_takes_no_reply_and_keeps_its_own() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben)
    root = send(room_id, ada)
    reply(root, ben)
    do(DeleteMessage(actor=ada, message_id=root.id))
    with pytest.raises(CommandError) as refused:
        reply(root, ben)
    assert refused.value.code is Code.MESSAGE_DELETED
    assert counts(ada, room_id)[2] == 1
    do(MarkThreadRead(actor=ada, message_id=root.id, seq=2**53 - 1))
    assert counts(ada, room_id)[2] == 0
