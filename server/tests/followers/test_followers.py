"""A follower gets every room's events in order and without a gap, and its derived data agrees with the log after any failure."""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.delivery import Delivery
from backchannel.commands.edit_message import EditMessage
from backchannel.followers import runner
from backchannel.followers.activity import ActivityFollower
from backchannel.followers.cursors import SECOND_US, HoldLease, ReleaseLease, ResetFollower
from backchannel.followers.follower import Follower, Lost
from backchannel.followers.runner import RENEW_AT, FollowerRunner
from backchannel.protocol import times
from backchannel.protocol.shapes import User
from backchannel.store.followers import Stretch, lease_of, progress_of
from backchannel.store.log import Log, commit
from backchannel.store.models import Activity, FollowerCursor, FollowerLease
from backchannel.store.models import Message as MessageRow
from backchannel.store.operation import NOBODY, Operation
from backchannel.store.transaction import Transaction
from tests.reading import READS, run_read
from tests.store.making import append, do, person, room, send


@pytest.fixture(scope="module", autouse=True)
def _database(module_database: None) -> None:
    """All tests here share their module's database."""


@pytest.fixture(autouse=True)
def _fresh() -> None:
    for model in (Activity, FollowerCursor, FollowerLease):
        model.objects.all().delete()


def events_of(stretches: Sequence[Stretch]) -> list[tuple[int, int]]:
    return [(room_id, seq) for room_id, after, upto in stretches for seq in range(after + 1, upto + 1)]


class Recorder(Follower):
    """Records the events it gets. `broken`: `prepare` fails where a batch has this room."""

    name = "recorder"

    def __init__(self, broken: int | None = None) -> None:
        self.prepared: list[tuple[int, int]] = []
        self.applied: list[tuple[int, int]] = []
        self.broken = broken

    def prepare(self, stretches: Sequence[Stretch]) -> None:
        self.prepared += events_of(stretches)
        if self.broken in {stretch.room_id for stretch in stretches}:
            raise RuntimeError("it broke between preparing and applying")

    def apply(self, transaction: Transaction, stretches: Sequence[Stretch], prepared: Any) -> None:
        self.applied += events_of(stretches)

    def clear(self, transaction: Transaction) -> None:
        self.applied.clear()


class Running:
    """A log with its loop, and runners on it."""

    def __init__(self) -> None:
        self.delivery = Delivery(lambda _: None)
        self.log = Log(self.delivery)

    async def __aenter__(self) -> "Running":
        self.log.start(asyncio.get_running_loop())
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.log.stop)

    def runner(self, follower: Follower, node: str = "here", **settings: Any) -> FollowerRunner:
        return FollowerRunner(follower, self.log, READS, node, **settings)


async def test_every_event_of_every_room_comes_once_in_order() -> None:
    def make() -> list[int]:
        ada, ben = person(), person()
        rooms = [room(ada, ben) for _ in range(3)]
        commit([append(rooms[number % 2], ada) for number in range(450)])
        return rooms

    rooms = await run_read(make)
    recorder = Recorder()
    async with Running() as running:
        await running.runner(recorder).catch_up(set(rooms))
    assert Counter(recorder.applied) == {(each, seq): 1 for each in rooms[:2] for seq in range(1, 226)}
    for each in rooms:
        seqs = [seq for room_id, seq in recorder.applied if room_id == each]
        assert seqs == sorted(seqs)


async def test_events_whose_preparation_failed_are_given_again_and_other_rooms_continue() -> None:
    ada = await run_read(person)
    rooms = [await run_read(room, ada) for _ in range(2)]
    for each in rooms:
        await run_read(send, each, ada)
    recorder = Recorder(broken=rooms[0])
    async with Running() as running:
        runner = running.runner(recorder)
        await runner.catch_up(set(rooms))
        assert recorder.applied == [(rooms[1], 1)]
        recorder.broken = None
        await runner.catch_up(set(rooms))
    assert recorder.applied == [(rooms[1], 1), (rooms[0], 1)]
    assert recorder.prepared == [(rooms[0], 1), (rooms[1], 1)] * 2 + [(rooms[0], 1)]


async def test_what_moved_in_many_rooms_costs_one_commit() -> None:
    def make() -> list[int]:
        ada = person()
        rooms = [room(ada) for _ in range(20)]
        commit([append(each, ada) for each in rooms for _ in range(3)])
        return rooms

    rooms = await run_read(make)
    recorder = Recorder()
    async with Running() as running:
        counting = CountingLog(running.delivery)
        counting.start(asyncio.get_running_loop())
        try:
            await running.log.write(HoldLease(actor=NOBODY, name="recorder", node="here", seconds=3600))
            await FollowerRunner(recorder, counting, READS, "here", lease_s=3600).catch_up(set(rooms))
        finally:
            await asyncio.to_thread(counting.stop)
    assert counting.commits == 1
    assert recorder.applied == [(each, seq) for each in sorted(rooms) for seq in (1, 2, 3)]


async def test_a_follower_that_is_far_behind_gets_batches_of_its_own_size() -> None:
    def make() -> list[int]:
        ada = person()
        rooms = [room(ada) for _ in range(4)]
        commit([append(each, ada) for each in rooms for _ in range(15)])
        return rooms

    rooms = await run_read(make)
    sizes: list[int] = []

    class Small(Recorder):
        batch = 20

        def apply(self, transaction: Transaction, stretches: Sequence[Stretch], prepared: Any) -> None:
            super().apply(transaction, stretches, prepared)
            sizes.append(len(events_of(stretches)))

    recorder = Small()
    async with Running() as running:
        await running.runner(recorder).catch_up(set(rooms))
    assert sizes == [20, 20, 20]
    assert recorder.applied == [(each, seq) for each in sorted(rooms) for seq in range(1, 16)]


async def test_one_node_runs_a_follower_until_its_lease_ends_or_is_released() -> None:
    async with Running() as running:

        async def holds(node: str, seconds: float = 60) -> bool:
            return bool(await running.log.write(HoldLease(actor=NOBODY, name="x", node=node, seconds=seconds)))

        assert [await holds("a"), await holds("b"), await holds("a")] == [True, False, True]
        await running.log.write(ReleaseLease(actor=NOBODY, name="x", node="b"))
        assert not await holds("b")
        await running.log.write(ReleaseLease(actor=NOBODY, name="x", node="a"))
        assert [await holds("b", seconds=-1), await holds("a")] == [True, True]


class CountingLog(Log):
    """Counts the operations that it is given to commit."""

    commits = 0

    async def write(self, operation: Operation) -> Any:
        self.commits += 1
        return await super().write(operation)


async def test_an_idle_node_keeps_its_lease_without_a_commit_until_the_lease_is_near_its_end() -> None:
    ada = await run_read(person)
    room_id = await run_read(room, ada)
    recorder = Recorder()
    async with Running() as running:
        counting = CountingLog(running.delivery)
        counting.start(asyncio.get_running_loop())
        here = FollowerRunner(recorder, counting, READS, "here", lease_s=3600)
        there = FollowerRunner(recorder, counting, READS, "there", lease_s=3600)
        try:
            await here.catch_up({room_id})
            taken = counting.commits
            for _ in range(5):
                await here.catch_up({room_id})
                await there.catch_up({room_id})
            assert counting.commits == taken
            assert (await run_read(progress_of, "recorder")).node == "here"
            near_its_end = HoldLease(actor=NOBODY, name="recorder", node="here", seconds=3600 * RENEW_AT)
            await running.log.write(near_its_end)
            await there.catch_up({room_id})
            assert counting.commits == taken
            await here.catch_up({room_id})
            assert counting.commits == taken + 1
            lease = await run_read(lease_of, "recorder")
            assert lease.node == "here"
            assert lease.left_us > 3600 * SECOND_US * RENEW_AT
        finally:
            await asyncio.to_thread(counting.stop)


async def test_two_nodes_that_look_at_once_apply_every_event_once_and_one_of_them_all() -> None:
    def make() -> tuple[User, list[int]]:
        ada = person()
        return ada, [room(ada) for _ in range(3)]

    ada, rooms = await run_read(make)
    nodes = {"a": Recorder(), "b": Recorder()}
    async with Running() as running:
        runners = [running.runner(recorder, node) for node, recorder in nodes.items()]
        for _ in range(6):
            await run_read(commit, [append(each, ada) for each in rooms])
            await asyncio.gather(*(runner.catch_up(set(rooms)) for runner in runners))
        holder = (await run_read(progress_of, "recorder")).node
        (other,) = nodes.keys() - {holder}
        everything = sorted((each, seq) for each in rooms for seq in range(1, 7))
        assert (sorted(nodes[holder].applied), nodes[other].prepared) == (everything, [])
        # The lease ends: the other takes over where this one stopped.
        await running.log.write(ReleaseLease(actor=NOBODY, name="recorder", node=holder))
        await run_read(commit, [append(each, ada) for each in rooms])
        await running.runner(nodes[other], other).catch_up(set(rooms))
        await running.runner(nodes[holder], holder).catch_up(set(rooms))
    assert sorted(nodes[holder].applied) == everything
    assert sorted(nodes[other].applied) == [(each, 7) for each in sorted(rooms)]


async def test_a_commit_of_this_node_is_followed_without_waiting_for_the_next_look() -> None:
    ada = await run_read(person)
    room_id = await run_read(room, ada)
    recorder = Recorder()
    async with Running() as running:
        runner = running.runner(recorder, look_s=3600, gather_s=0)
        running.delivery.observe(runner.notice)
        task = asyncio.create_task(runner.run())
        async with asyncio.timeout(30):
            while not await run_read(FollowerLease.objects.filter(name="recorder").exists):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await running.log.write(append(room_id, ada))
            while (room_id, 1) not in recorder.applied:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        lease = await run_read(FollowerLease.objects.get, name="recorder")
        assert lease.until_us == 0


async def test_a_follower_that_was_reset_reads_everything_again() -> None:
    ada = await run_read(person)
    room_id = await run_read(room, ada)
    await run_read(send, room_id, ada)
    recorder = Recorder()
    async with Running() as running:
        await running.runner(recorder).catch_up({room_id})
        await running.log.write(ResetFollower(actor=NOBODY, follower=recorder))
        assert recorder.applied == []
        await running.runner(recorder).catch_up({room_id})
    assert recorder.applied == [(room_id, 1)]


class Losing(Recorder):
    """Says once, at the given call, that what it derived is gone."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def lose(self, here: str) -> None:
        if self.where == here:
            self.where = ""
            raise Lost(self.name)

    def prepare(self, stretches: Sequence[Stretch]) -> None:
        if any(stretch.after for stretch in stretches):
            self.lose("prepare")
        super().prepare(stretches)

    def tend(self) -> None:
        self.lose("tend")


@pytest.mark.parametrize("where", ["prepare", "tend"])
async def test_a_follower_that_lost_what_it_derived_reads_everything_again(where: str) -> None:
    ada = await run_read(person)
    room_id = await run_read(room, ada)
    await run_read(send, room_id, ada)
    follower = Losing("")
    async with Running() as running:
        await running.runner(follower).catch_up({room_id})
        assert follower.applied == [(room_id, 1)]
        await run_read(send, room_id, ada)
        follower.where = where
        for _ in range(2):
            await running.runner(follower).catch_up()
    assert [each for each in follower.applied if each[0] == room_id] == [(room_id, 1), (room_id, 2)]


def counted() -> Counter[tuple[str, int, int]]:
    rows = Activity.objects.values_list("day", "room_id", "person_id", "messages")
    return Counter({(day, room_id, person_id): count for day, room_id, person_id, count in rows})


def recounted(rooms: Sequence[int]) -> Counter[tuple[str, int, int]]:
    rows = MessageRow.objects.filter(room_id__in=rooms).values_list("created_us", "room_id", "sender_id")
    return Counter((times.to_wire(at).partition("T")[0], room_id, sender) for at, room_id, sender in rows)


class BreakingActivity(ActivityFollower):
    """Fails at random: before its transaction, or in the middle of it."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def prepare(self, stretches: Sequence[Stretch]) -> None:
        if self._random.random() < 0.3:
            raise RuntimeError("before")

    def apply(self, transaction: Transaction, stretches: Sequence[Stretch], prepared: Any) -> None:
        super().apply(transaction, stretches, prepared)
        if self._random.random() < 0.3:
            raise RuntimeError("after what it wrote, before the commit")


@pytest.mark.parametrize("seed", range(8))
async def test_derived_rows_agree_with_the_log_through_failures_and_changes_of_node(seed: int) -> None:
    random = Random(seed)

    def make() -> tuple[list[User], list[int]]:
        users = [person() for _ in range(3)]
        return users, [room(*users) for _ in range(2)]

    users, rooms = await run_read(make)
    sent: list[tuple[User, Any]] = []

    def happen() -> None:
        deed = random.random()
        if sent and deed < 0.2:
            do(DeleteMessage(actor=users[0], message_id=random.choice(sent)[1]))
        elif sent and deed < 0.4:
            who, id_ = random.choice(sent)
            commit([EditMessage(actor=who, message_id=id_, content=f"{random.random()}", base_seq=None)])
        else:
            who = random.choice(users)
            at_us = (1_790_000_000 + random.randrange(4) * 86_400) * 1_000_000
            message = append(random.choice(rooms), who)
            commit(
                [
                    message.__class__(
                        **{name: getattr(message, name) for name in message.__struct_fields__ if name != "at_us"},
                        at_us=at_us,
                    )
                ]
            )
            sent.append((who, message.id))

    async with Running() as running:
        nodes = [running.runner(BreakingActivity(random), node, lease_s=-1) for node in ("a", "b")]
        for _ in range(8):
            for _ in range(random.randrange(6)):
                await run_read(happen)
            await asyncio.gather(*(node.catch_up(set(rooms)) for node in random.sample(nodes, random.choice((1, 2)))))
        healthy = running.runner(ActivityFollower(), "c", lease_s=60)
        await healthy.catch_up(set(rooms))
        progress = await run_read(progress_of, "activity")
    assert await run_read(counted) == await run_read(recounted, rooms)
    assert progress.node == "c"


async def test_a_failed_look_does_not_end_the_follower(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await run_read(person)
    room_id = await run_read(room, ada)
    recorder = Recorder()
    failures = [1, 2]

    def failing_twice(*arguments: Any) -> Any:
        if failures:
            raise KeyError(failures.pop())
        return lease_of(*arguments)

    monkeypatch.setattr(runner, "lease_of", failing_twice)
    async with Running() as running:
        task = asyncio.create_task(running.runner(recorder, look_s=0.01).run())
        await running.log.write(append(room_id, ada))
        async with asyncio.timeout(30):
            while (room_id, 1) not in recorder.applied:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert failures == []


class SlowActivity(ActivityFollower):
    """Waits inside its transaction, after its write, until `may_commit`."""

    def __init__(self) -> None:
        self.has_written, self.may_commit = threading.Event(), threading.Event()

    def apply(self, transaction: Transaction, stretches: Sequence[Stretch], prepared: Any) -> None:
        super().apply(transaction, stretches, prepared)
        self.has_written.set()
        assert self.may_commit.wait(30)


async def test_a_reset_during_an_advance_counts_nothing_twice() -> None:
    """The reset comes from another process than the server, as `backchannel followers --reset` does."""
    ada = await run_read(person)
    room_id = await run_read(room, ada)
    await run_read(send, room_id, ada)
    slow = SlowActivity()
    async with Running() as running:
        advancing = asyncio.create_task(running.runner(slow).catch_up({room_id}))
        assert await asyncio.to_thread(slow.has_written.wait, 30)
        resetting = asyncio.create_task(run_read(commit, [ResetFollower(actor=NOBODY, follower=slow)]))
        await asyncio.sleep(0.2)
        slow.may_commit.set()
        await asyncio.gather(advancing, resetting)
        await running.runner(ActivityFollower()).catch_up({room_id})
    assert await run_read(counted) == await run_read(recounted, [room_id])


class BusyLog(Log):
    """A log to which others write all the time, or never."""

    others = 0

    def progress(self) -> tuple[int, int]:
        self.written = getattr(self, "written", 0) + self.others
        accepted, handed_over = super().progress()
        return accepted + self.written, handed_over + self.written


async def test_a_follower_pauses_between_batches_while_others_write_and_only_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def make() -> list[int]:
        ada = person()
        rooms = [room(ada) for _ in range(2)]
        commit([append(each, ada) for each in rooms for _ in range(10)])
        return rooms

    class Small(Recorder):
        batch = 5

    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    log = BusyLog(Delivery(lambda _: None))
    log.start(asyncio.get_running_loop())
    try:
        for others, batches in ((0, 0), (7, 4)):
            rooms = await run_read(make)
            log.others, recorder = others, Small()
            await log.write(HoldLease(actor=NOBODY, name="recorder", node="here", seconds=3600))
            with monkeypatch.context() as patched:
                patched.setattr(asyncio, "sleep", pause)
                await FollowerRunner(recorder, log, READS, "here", lease_s=3600).catch_up(set(rooms))
            assert recorder.applied == [(each, seq) for each in sorted(rooms) for seq in range(1, 11)]
            assert len(pauses) == batches
    finally:
        await asyncio.to_thread(log.stop)
