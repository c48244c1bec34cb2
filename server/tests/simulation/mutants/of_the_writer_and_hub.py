"""Breakages between the commit and the subscribers."""

from typing import Any
from unittest import mock

from tests.simulation.mutants.registry import mutant, replaced


@mutant(faults=("requests_doubled", "cut"))
def a_key_is_neither_looked_up_nor_unique() -> Any:
    """The look-up alone is not enough to be noticed: the primary key stands behind it."""
    from backchannel.store import send
    from tests.simulation.world import statements, writing

    def insert(db: Any, p: list[Any]) -> None:
        row = [*p, "[]", "[]", None]
        db.set(db.tables.messages, p[statements.ID], row)
        writing.append(db, p[statements.ROOM], p[statements.SEQ], row)

    with (
        mock.patch.object(send, "_look_up_keys", side_effect=lambda *_: {}),
        mock.patch.dict(statements.known, {send._INSERT: insert}),
    ):
        yield


@mutant(deeds=("direct",), is_busy=True)
def a_pair_gets_another_room_each_time() -> Any:
    from backchannel.store.room_changes import CreateRoom

    yield from replaced(CreateRoom, "_direct_key", lambda *_: None)


@mutant(deeds=("edit", "delete"))
def a_mention_outlives_its_message() -> Any:
    from backchannel.store.transaction import MENTION
    from tests.simulation.world import statements

    delete = f"DELETE FROM {MENTION} WHERE room_id = %s AND seq = %s"
    with mock.patch.dict(statements.known, {delete: lambda *_: None}):
        yield


@mutant(deeds=("leave_join", "remove_add"))
def a_sender_need_not_be_a_member() -> Any:
    from backchannel.store import send

    yield from replaced(
        send, "_look_up_members", lambda _, sent: {(append.room_id, append.sender.id) for append in sent}
    )


@mutant(faults=("db_breaks",))
def published_before_the_commit() -> Any:
    from backchannel.store import log, transaction

    committing: list[Any] = []
    commit, finish, resolve = log.Log._commit, transaction.Transaction.finish, log.Log._resolve

    def commit_of(self: Any, batch: Any) -> None:
        committing.append((self, batch))
        try:
            commit(self, batch)
        finally:
            committing.pop()

    def apply(tx: Any, operations: Any) -> Any:
        outcomes = log_apply(tx, operations)
        tx.mutant_outcomes = outcomes
        return outcomes

    def finish_and_tell(self: Any) -> None:
        finish(self)
        committing[-1][0]._on_commit(self.mutant_outcomes)

    def resolve_untold(self: Any, batch: Any) -> None:
        with mock.patch.object(self, "_on_commit"):
            resolve(self, batch)

    log_apply = log._apply
    with (
        mock.patch.object(log.Log, "_commit", commit_of),
        mock.patch.object(log, "_apply", apply),
        mock.patch.object(transaction.Transaction, "finish", finish_and_tell),
        mock.patch.object(log.Log, "_resolve", resolve_untold),
    ):
        yield


@mutant(faults=("kill", "db_slow"))
def acked_when_it_is_accepted() -> Any:
    """The answer is worked out and given while the work is only queued."""
    from contextlib import suppress

    from backchannel.store import log
    from backchannel.store.clock import now_us
    from backchannel.store.transaction import Transaction

    class TakenBack(Exception):
        pass

    def answer_at_once(jobs: Any) -> None:
        outcomes: list[Any] = []
        with suppress(Exception), log.transaction.atomic(durable=True):
            tx = Transaction(log.connection, now_us())
            tx.lock_rooms(room for job in jobs for room in log._rooms_of(job.operation))
            outcomes = log._apply(tx, [job.operation for job in jobs])
            tx.finish()
            raise TakenBack
        for job, outcome in zip(jobs, outcomes, strict=False):
            job.answered(outcome)
            job.answered = lambda _: None

    usual = log.Log._gather

    def gather(self: Any, first: Any) -> Any:
        gathered = usual(self, first)
        answer_at_once(gathered[0])
        return gathered

    yield from replaced(log.Log, "_gather", gather)


@mutant(faults=("db_breaks",))
def acked_though_the_commit_failed() -> Any:
    from django.db import OperationalError

    from backchannel.store import log

    applied: list[Any] = []
    apply, commit = log._apply, log.commit

    def remember(tx: Any, operations: Any) -> Any:
        applied[:] = [apply(tx, operations)]
        return applied[0]

    def commit_or_not(operations: Any, at_us: int | None = None) -> Any:
        applied.clear()
        try:
            return commit(operations, at_us)
        except OperationalError:
            if not applied:
                raise
            return applied[0]

    with mock.patch.object(log, "_apply", remember), mock.patch.object(log, "commit", commit_or_not):
        yield


@mutant()
def nothing_is_published() -> Any:
    from backchannel.fanout.memory import MemoryBus
    from tests.simulation.world.bus import SimulatedBus

    with (
        mock.patch.object(MemoryBus, "publish"),
        mock.patch.object(SimulatedBus, "publish"),
        mock.patch("backchannel.transports.maintenance.RECONCILE_S", 1e9),
    ):
        yield


@mutant(faults=("bus_loses", "bus_away"))
def nobody_reconciles() -> Any:
    from backchannel.transports.maintenance import PeriodicTasks

    async def nothing(_: Any) -> None: ...

    yield from replaced(PeriodicTasks, "reconcile", nothing)


@mutant(faults=("bus_loses",))
def a_gap_is_not_repaired() -> Any:
    from backchannel.fanout.hub import Hub

    yield from replaced(Hub, "_repair", lambda *_: None)


@mutant(faults=("bus_reorders", "bus_loses"))
def the_hub_tells_in_the_order_of_arrival() -> Any:
    from backchannel.fanout.hub import Hub

    def tell(self: Any, envelope: Any) -> None:
        channel = self._rooms.get(envelope.room_id)
        if channel is not None and envelope.seq > (channel.head or 0):
            self._emit(channel, envelope)

    yield from replaced(Hub, "_room_envelope", tell)


@mutant(faults=("bus_doubles",))
def the_hub_tells_twice_what_comes_twice() -> Any:
    from backchannel.fanout.hub import Hub

    usual = Hub._room_envelope

    def tell(self: Any, envelope: Any) -> None:
        channel = self._rooms.get(envelope.room_id)
        if channel is not None and envelope.seq == channel.head:
            self._emit(channel, envelope)
        else:
            usual(self, envelope)

    yield from replaced(Hub, "_room_envelope", tell)


@mutant(deeds=("leave_join", "remove_add"))
def who_is_removed_goes_on_listening() -> Any:
    from backchannel.fanout.hub import Hub

    yield from replaced(Hub, "leave", lambda *_: None)


@mutant(deeds=("leave_join", "remove_add"), faults=("bus_loses",))
def a_removal_that_is_read_again_removes_nobody() -> Any:
    import msgspec

    from backchannel.queries import events

    usual = events._envelope
    yield from replaced(events, "_envelope", lambda event: msgspec.structs.replace(usual(event), removed=()))


@mutant(deeds=("leave_join", "leave_join", "remove_add"), faults=("bus_reorders", "slow"), is_busy=True)
def the_news_that_comes_last_counts() -> Any:
    from backchannel.fanout import hub

    yield from replaced(hub._Listening, "is_news", lambda *_: True)


@mutant(deeds=("leave_join", "remove_add", "create"), faults=("bus_loses", "db_breaks"))
def a_lost_room_is_forgotten_when_later_news_comes() -> Any:
    from backchannel.transports.session import Session

    def know(self: Any, version: int) -> None:
        self._rooms_version = max(version, self.user_version, *self._ahead, 0)

    yield from replaced(Session, "_know_rooms_at", know)
