"""`python -m tests.simulation.mutants`: what if this line were not there? Each breakage must be noticed, or the simulation proves
nothing about it.

A mutant breaks one rule of the server, or of the client, by monkeypatching; where it needs some trouble to show, its seeds
are given more of that. It is caught as soon as one seed fails; one that survives all its seeds fails the run.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from tests.simulation.__main__ import prepare

SEEDS = 400
FIRST = 500_000


@dataclass(frozen=True)
class Mutant:
    """`breaks` patches the code while it is entered. `faults`, `deeds`, `restores`, `is_busy` (much in a short time): what its
    seeds are given, where named."""

    name: str
    breaks: Callable[[], Any]
    faults: tuple[str, ...] = ()
    deeds: tuple[str, ...] = ()
    restores: bool = False
    is_busy: bool = False


MUTANTS: list[Mutant] = []


def mutant(
    *, faults: tuple[str, ...] = (), deeds: tuple[str, ...] = (), restores: bool = False, is_busy: bool = False
) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def enter(breaks: Callable[[], Any]) -> Callable[[], Any]:
        MUTANTS.append(Mutant(breaks.__name__, contextmanager(breaks), faults, deeds, restores, is_busy))
        return breaks

    return enter


def _replaced(target: Any, name: str, value: Any) -> Iterator[None]:
    with mock.patch.object(target, name, value):
        yield


# -- the writer


@mutant(faults=("requests_doubled", "cut"))
def a_key_is_neither_looked_up_nor_unique() -> Any:
    """The look-up alone is not enough to be noticed: the primary key stands behind it."""
    from backchannel.store import appends
    from tests.simulation.world import statements

    def insert(db: Any, p: list[Any]) -> None:
        row = [*p, "[]", "[]", None]
        db.set(db.tables.messages, p[statements.ID], row)
        statements._append(db, p[statements.ROOM], p[statements.SEQ], row)

    with (
        mock.patch.object(appends, "_look_up_keys", side_effect=lambda *_: {}),
        mock.patch.dict(statements._known, {appends._INSERT: insert}),
    ):
        yield


@mutant(deeds=("leave_join", "remove_add"))
def a_sender_need_not_be_a_member() -> Any:
    from backchannel.store import appends

    yield from _replaced(
        appends, "_look_up_members", lambda _, sent: {(append.room_id, append.sender.id) for append in sent}
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
        mock.patch("backchannel.transports.rounds.RECONCILE_S", 1e9),
    ):
        yield


# -- the hub


@mutant(faults=("bus_loses", "bus_away"))
def nobody_reconciles() -> Any:
    from backchannel.transports.rounds import Rounds

    async def nothing(_: Any) -> None: ...

    yield from _replaced(Rounds, "reconcile", nothing)


@mutant(faults=("bus_loses",))
def a_gap_is_not_repaired() -> Any:
    from backchannel.fanout.hub import Hub

    yield from _replaced(Hub, "_repair", lambda *_: None)


@mutant(faults=("bus_reorders", "bus_loses"))
def the_hub_tells_in_the_order_of_arrival() -> Any:
    from backchannel.fanout.hub import Hub

    def tell(self: Any, fact: Any) -> None:
        channel = self._rooms.get(fact.room_id)
        if channel is not None and fact.seq > (channel.head or 0):
            self._emit(channel, fact)

    yield from _replaced(Hub, "_room_fact", tell)


@mutant(faults=("bus_doubles",))
def the_hub_tells_twice_what_comes_twice() -> Any:
    from backchannel.fanout.hub import Hub

    usual = Hub._room_fact

    def tell(self: Any, fact: Any) -> None:
        channel = self._rooms.get(fact.room_id)
        if channel is not None and fact.seq == channel.head:
            self._emit(channel, fact)
        else:
            usual(self, fact)

    yield from _replaced(Hub, "_room_fact", tell)


@mutant(deeds=("leave_join", "remove_add"))
def who_is_removed_goes_on_listening() -> Any:
    from backchannel.fanout.hub import Hub

    yield from _replaced(Hub, "leave", lambda *_: None)


@mutant(deeds=("leave_join", "remove_add"), faults=("bus_loses",))
def a_removal_that_is_read_again_removes_nobody() -> Any:
    import msgspec

    from backchannel.queries import events

    usual = events._fact
    yield from _replaced(events, "_fact", lambda event: msgspec.structs.replace(usual(event), removed=()))


@mutant(deeds=("leave_join", "leave_join", "remove_add"), faults=("bus_reorders", "slow"), is_busy=True)
def the_news_that_comes_last_counts() -> Any:
    from backchannel.fanout import hub

    yield from _replaced(hub._Moves, "is_news", lambda *_: True)


@mutant(deeds=("leave_join", "remove_add", "create"), faults=("bus_loses", "db_breaks"))
def a_lost_room_is_forgotten_when_later_news_comes() -> Any:
    from backchannel.transports.session import Session

    def know(self: Any, version: int) -> None:
        self._rooms_version = max(version, self.user_version, *self._ahead, 0)

    yield from _replaced(Session, "_know_rooms_at", know)


# -- the session


@mutant(faults=("cut", "slow"))
def read_before_listening() -> Any:
    from backchannel.transports.catch_up import CatchUp

    usual_read, usual_enter = CatchUp.read, CatchUp.enter

    async def read(self: Any, wanted: Any) -> Any:
        with mock.patch.object(self._session, "caught_up", lambda *read: read):
            found = await usual_read(self, wanted)
        usual_enter(self)
        return self._session.caught_up(*found)

    with mock.patch.object(CatchUp, "read", read), mock.patch.object(CatchUp, "enter"):
        yield


@mutant(faults=("cut", "slow"))
def what_was_read_is_not_merged_with_what_came() -> Any:
    from backchannel.transports.session import Session

    yield from _replaced(Session, "_admits", lambda *_: True)


@mutant(faults=("cut", "slow"))
def what_comes_while_catching_up_is_dropped() -> Any:
    from backchannel.transports.session import Session

    yield from _replaced(Session, "_keep", lambda *_: None)


@mutant(faults=("cut", "offline"))
def a_room_too_far_behind_is_skipped_without_a_word() -> Any:
    from backchannel.transports.session import Session

    usual = Session.caught_up

    def skip(self: Any, *read: Any) -> Any:
        self._resets = {}
        return usual(self, *read)

    yield from _replaced(Session, "caught_up", skip)


@mutant(faults=("swallow",))
def heartbeats_name_no_heads() -> Any:
    from backchannel.fanout.hub import Hub

    yield from _replaced(Hub, "heads_moved_since", lambda *_: {})


@mutant(restores=True)
def another_epoch_is_taken_for_this_one() -> Any:
    from backchannel.transports.session import Session

    usual = Session.placed

    def placed(self: Any, place: Any, now: float) -> Any:
        if self._resume is not None:
            self._resume.epoch = place.epoch
        return usual(self, place, now)

    yield from _replaced(Session, "placed", placed)


@mutant(deeds=("leave_join", "remove_add"), faults=("slow", "cut"))
def what_was_read_is_said_to_whoever_it_was_read_for() -> Any:
    from types import SimpleNamespace

    from backchannel.store import reads
    from backchannel.transports import catch_up

    def everywhere(user_id: int) -> Any:
        return SimpleNamespace(seats=_Everything())

    usual = catch_up._read

    def read(user_id: int, wanted: Any, at_least: Any) -> Any:
        room_list = catch_up.room_list_of(user_id) if wanted.with_list else None
        with mock.patch.object(reads, "place_of", everywhere):
            return room_list, usual(user_id, type(wanted)(wanted.cursors, False), at_least)[1]

    with (
        mock.patch.object(catch_up, "_read", read),
        mock.patch("backchannel.transports.session.Session.left"),
    ):
        yield


class _Everything:
    def __contains__(self, _: object) -> bool:
        return True


# -- the poll


@mutant(faults=("no_upgrade", "bus_loses"))
def a_poll_keeps_only_what_came_last() -> Any:
    from backchannel.transports.http.sync import Poll

    def say(self: Any, frame: bytes) -> None:
        self._frames = [frame]
        self._something.set()

    yield from _replaced(Poll, "_say", say)


@mutant(faults=("slow_reader",))
def a_slow_reader_is_served_with_holes() -> Any:
    from backchannel.transports.websocket.outbound import Outbound

    usual = Outbound.put

    def put(self: Any, frame: bytes) -> bool:
        if not usual(self, frame):
            self._bytes -= len(self._frames.pop())
        return True

    yield from _replaced(Outbound, "put", put)


# -- the client


@mutant(faults=("crash",))
def a_cursor_is_stored_before_what_it_counts() -> Any:
    from tests.simulation.clients.client import Client

    def store(self: Any) -> None:
        early, stored = self.replica.copy(), self.stored
        for room, view in early.rooms.items():
            view.messages = dict(stored.rooms[room].messages) if room in stored.rooms else {}
        self.stored = early

    yield from _replaced(Client, "_store", store)


@mutant(deeds=("edit", "delete", "react", "react"), faults=("slow", "no_upgrade"), is_busy=True)
def an_older_state_replaces_a_newer_one() -> Any:
    from tests.simulation.clients.replica import Replica

    def hold(self: Any, view: Any, message: Any) -> None:
        view.messages[message["id"]] = message

    yield from _replaced(Replica, "hold", hold)


@mutant(deeds=("edit", "delete", "react"), faults=("crash", "slow", "new_device"))
def what_changes_while_a_page_comes_is_forgotten() -> Any:
    from tests.simulation.clients.replica import Replica

    usual = Replica._advance

    def advance(self: Any, view: Any, event: Any) -> None:
        usual(self, view, event)
        view.replay = []

    yield from _replaced(Replica, "_advance", advance)


@mutant(faults=("swallow", "bus_loses"))
def a_jump_of_seqs_is_not_looked_into() -> Any:
    from tests.simulation.clients.replica import Replica

    def event(self: Any, event: Any) -> None:
        view = self.rooms.get(event["room_id"])
        if view is not None and event["seq"] > view.cursor:
            self._advance(view, event)

    yield from _replaced(Replica, "event", event)


@mutant(faults=("bus_loses", "swallow"), deeds=("mark", "leave_join", "create"))
def a_jump_of_versions_is_not_looked_into() -> Any:
    from backchannel.transports.session import Session
    from tests.simulation.clients.replica import Replica

    usual = Replica.take_needs

    def take(self: Any) -> Any:
        needs = usual(self)
        needs.room_list = False
        return needs

    with mock.patch.object(Replica, "take_needs", take), mock.patch.object(Session, "observe_version", return_value=[]):
        yield


@mutant(faults=("cut", "requests_lost"))
def a_retry_has_an_id_of_its_own() -> Any:
    from tests.simulation.clients.client import Client

    usual = Client._pump

    def pump(self: Any, room: int) -> None:
        item = self.outbox.next(room)
        if item is not None and item.tries and item.not_before <= self._loop.now:
            item.id = self.world.new_id()
        usual(self, room)

    yield from _replaced(Client, "_pump", pump)


@mutant(faults=("cut", "requests_lost", "dark"))
def nothing_is_tried_again() -> Any:
    from tests.simulation.clients.client import Client

    usual = Client._sent

    def sent(self: Any, item: Any, attempt: int, status: int, result: Any) -> None:
        if status == 0:
            self.outbox.settle(item, self.replica.epoch or "") if item.in_flight else None
            self.note("sent", room=item.room, id=item.id, evidence="hope")
        else:
            usual(self, item, attempt, status, result)

    yield from _replaced(Client, "_sent", sent)


@mutant(faults=("dark",))
def silence_is_taken_for_peace() -> Any:
    from tests.simulation.clients.client import Client

    yield from _replaced(Client, "_watch", lambda *_: None)


@mutant(restores=True)
def what_was_acked_is_not_offered_again() -> Any:
    from tests.simulation.clients.outbox import Outbox

    yield from _replaced(Outbox, "reoffer", lambda *_: None)


@mutant(faults=("cut", "offline"))
def a_reset_room_keeps_its_old_messages() -> Any:
    from tests.simulation.clients.replica import Replica

    def reset(self: Any, frame: Any) -> None:
        view = self.rooms.get(frame["room_id"])
        if view is not None:
            view.cursor = view.head = frame["seq"]

    yield from _replaced(Replica, "reset", reset)


@mutant(faults=("db_slow", "slow"))
def many_are_in_flight_at_once() -> Any:
    from tests.simulation.clients.client import Client
    from tests.simulation.clients.outbox import Outbox

    usual = Client._pump

    def pump(self: Any, room: int) -> None:
        for _ in self.outbox.rooms.get(room, ()):
            usual(self, room)

    def following(self: Any, room: int) -> Any:
        return next((item for item in reversed(self.rooms.get(room, ())) if not item.in_flight), None)

    with mock.patch.object(Client, "_pump", pump), mock.patch.object(Outbox, "next", following):
        yield


def hunt(name: str) -> tuple[str, int | None, list[str]]:
    """Seeds until one fails: (name, how many it took or None, the anomalies)."""
    from tests.simulation.run import run
    from tests.simulation.seams import installed

    found = next(each for each in MUTANTS if each.name == name)
    with installed(), found.breaks():
        for count in range(SEEDS):
            anomalies = run(FIRST + count, adjust=lambda plan: adjust(plan, found)).anomalies
            if anomalies:
                break
        else:
            return name, None, []
    with installed():
        sound = run(FIRST + count, adjust=lambda plan: adjust(plan, found)).anomalies
    if sound:
        return name, None, [f"seed {FIRST + count} fails without the breakage, too: {sound[0]}"]
    return name, count + 1, sorted({anomaly.kind for anomaly in anomalies})


def adjust(plan: Any, found: Mutant) -> None:
    """Give a seed what this mutant shows in."""
    plan.faults = list(found.faults) or plan.faults
    plan.fault_count = max(plan.fault_count, 3)
    plan.deeds = ["send", *(found.deeds or plan.deeds)]
    plan.restores = found.restores
    if found.is_busy:
        plan.seconds, plan.deed_count = 2.0, 60
    if "slow_reader" in found.faults:
        plan.kernel_buffer, plan.bounds["frames_behind"] = 500, 2


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="these alone (default: all)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    names = asked.names or [each.name for each in MUTANTS]
    survived = []
    with multiprocessing.Pool(asked.jobs, prepare) as pool:
        for name, seeds, kinds in pool.imap_unordered(hunt, names):
            if seeds is None:
                survived.append(name)
            print(
                f"{'SURVIVED' if seeds is None else f'caught by seed {seeds}':20} {name}  {', '.join(kinds)}",
                flush=True,
            )
    print(f"{len(names) - len(survived)} of {len(names)} mutants caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
