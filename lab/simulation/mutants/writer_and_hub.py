"""Mutants of the writer, the bus and the hub."""

from typing import Any
from unittest import mock

from lab.simulation.mutants.registry import mutant, replaced


@mutant(faults=("requests_doubled", "cut"))
def message_ids_are_neither_looked_up_nor_unique() -> Any:
    """Without the look-up alone nothing changes: the primary key refuses duplicates as well."""
    from backchannel.commands import send_message
    from backchannel.store.transaction import MESSAGE
    from tests.memory_database import connection, create_tables

    raw = connection()
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute(f"CREATE TABLE without_key AS SELECT * FROM {MESSAGE}")
    raw.execute(f"DROP TABLE {MESSAGE}")
    raw.execute(f"ALTER TABLE without_key RENAME TO {MESSAGE}")
    try:
        with mock.patch.object(send_message, "_look_up_ids", side_effect=lambda *_: {}):
            yield
    finally:
        create_tables(raw)
        raw.execute("PRAGMA foreign_keys = ON")


@mutant(actions=("direct",), is_busy=True)
def a_pair_gets_a_new_direct_room_each_time() -> Any:
    from backchannel.commands.create_room import CreateRoom

    yield from replaced(CreateRoom, "_direct_key", lambda *_: None)


@mutant(actions=("delete",))
def a_deleted_message_is_still_counted() -> Any:
    from backchannel.store import rooms, unread

    yield from replaced(rooms, "COUNTS", unread.COUNTS.replace(" AND NOT u.deleted", ""))


@mutant(actions=("leave_join", "remove_add"))
def a_sender_need_not_be_a_member() -> Any:
    from backchannel.commands import send_message

    yield from replaced(
        send_message, "_look_up_members", lambda _, sends: {(send.room_id, send.actor.id) for send in sends}
    )


@mutant(faults=("db_breaks",))
def published_before_the_commit() -> Any:
    from backchannel.commands.delivery import Delivery
    from backchannel.store import log, transaction

    committing: list[Any] = []
    commit, finish, deliver, apply = log.Log._commit, transaction.Transaction.finish, Delivery.deliver, log._apply

    def commit_of(self: Any, batch: Any) -> None:
        committing.append(self)
        try:
            commit(self, batch)
        finally:
            committing.pop()

    def apply_and_keep(tx: Any, operations: Any, outcomes: Any) -> None:
        apply(tx, operations, outcomes)
        tx.mutant_outcomes = outcomes

    def finish_and_publish(self: Any) -> None:
        finish(self)
        committing[-1]._deliver._publish(self.mutant_outcomes)

    def deliver_unpublished(self: Any) -> None:
        with mock.patch.object(self, "_publish"):
            deliver(self)

    with (
        mock.patch.object(log.Log, "_commit", commit_of),
        mock.patch.object(log, "_apply", apply_and_keep),
        mock.patch.object(transaction.Transaction, "finish", finish_and_publish),
        mock.patch.object(Delivery, "deliver", deliver_unpublished),
    ):
        yield


@mutant(faults=("kill", "db_slow"))
def acked_before_the_commit() -> Any:
    """The caller is answered when the operation is only queued."""
    from contextlib import suppress

    from django.db import connection, transaction

    from backchannel.store import log
    from backchannel.store.clock import now_us
    from backchannel.store.transaction import Outcome, Transaction

    class TakenBack(Exception):
        pass

    def answer_at_once(jobs: Any) -> None:
        operations = [job.operation for job in jobs]
        outcomes = [Outcome() for _ in jobs]
        with suppress(Exception), transaction.atomic(durable=True):
            tx = Transaction(connection, now_us())
            log._lock(tx, operations, outcomes)
            log._apply(tx, operations, outcomes)
            tx.finish()
            raise TakenBack
        for job, outcome in zip(jobs, outcomes, strict=False):
            job.answer(outcome)
            job.answer = lambda _: None

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

    def remember(tx: Any, operations: Any, outcomes: Any) -> None:
        apply(tx, operations, outcomes)
        applied[:] = [outcomes]

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
    from lab.simulation.world.bus import SimulatedBus

    with (
        mock.patch.object(MemoryBus, "publish"),
        mock.patch.object(SimulatedBus, "publish"),
        mock.patch("backchannel.transports.maintenance.RECONCILE_S", 1e9),
    ):
        yield


@mutant(faults=("bus_loses", "bus_away"))
def heads_are_never_compared() -> Any:
    from backchannel.transports.maintenance import PeriodicTasks

    async def nothing(_: Any) -> None: ...

    yield from replaced(PeriodicTasks, "reconcile", nothing)


@mutant(faults=("bus_loses",))
def a_gap_is_not_repaired() -> Any:
    from backchannel.fanout.repairs import Repairs

    yield from replaced(Repairs, "begin", lambda *_: None)


@mutant(faults=("bus_reorders", "bus_loses"))
def the_hub_delivers_in_order_of_arrival() -> Any:
    from backchannel.fanout.room_channel import RoomChannel

    def accept(self: Any, envelope: Any, now: float) -> bool:
        if envelope.seq > (self.head or 0):
            self._emit(envelope, now)
        return False

    yield from replaced(RoomChannel, "accept", accept)


@mutant(faults=("bus_doubles",))
def the_hub_delivers_duplicates() -> Any:
    from backchannel.fanout.room_channel import RoomChannel

    usual = RoomChannel.accept

    def accept(self: Any, envelope: Any, now: float) -> bool:
        if envelope.seq != self.head:
            return usual(self, envelope, now)
        self._emit(envelope, now)
        return False

    yield from replaced(RoomChannel, "accept", accept)


@mutant(actions=("leave_join", "remove_add"))
def removed_members_stay_subscribed() -> Any:
    from backchannel.fanout.hub import Hub

    yield from replaced(Hub, "leave", lambda *_: None)


@mutant(actions=("leave_join", "remove_add"), faults=("bus_loses",))
def a_removal_found_by_repair_is_ignored() -> Any:
    import msgspec

    from backchannel.queries import events

    usual = events._envelope
    yield from replaced(events, "_envelope", lambda event: msgspec.structs.replace(usual(event), removed=()))


@mutant(actions=("leave_join", "leave_join", "remove_add"), faults=("bus_reorders", "slow"), is_busy=True)
def the_last_announcement_to_arrive_wins() -> Any:
    from backchannel.fanout.listening import Listening

    yield from replaced(Listening, "is_news", lambda *_: True)


@mutant(actions=("leave_join", "remove_add", "create"), faults=("bus_loses", "db_breaks"))
def a_lost_invitation_is_forgotten_after_a_later_update() -> Any:
    from backchannel.transports.session.list_version import ListVersion

    def complete(self: Any, version: int) -> None:
        self._complete = max(version, self.sent, *self._ahead, 0)

    yield from replaced(ListVersion, "_complete_to", complete)
