"""The operations by which the writer applies what waits: in the order of the rows, which is that of each transaction that wrote them.

    lock ─▶ read rows ─▶ lock their rooms ─▶ carry out each ─▶ delete the applied, mark the refused

Everything of a batch is one transaction. A refused intent wrote nothing, as with any operation. One that breaks takes its batch along:
then the batch is applied intent by intent, and the one that breaks alone is refused.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, Final, cast

from django.db import InterfaceError, OperationalError
from prometheus_client import Counter

from backchannel import failpoints
from backchannel.commands.send_message import SendMessage
from backchannel.intents import kinds
from backchannel.intents.kinds import Intent, PostIntent, RoomName
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.store import intents, people
from backchannel.store.intents import Waiting
from backchannel.store.operation import NOBODY, Operation
from backchannel.store.transaction import Outcome, Transaction

BATCH: Final = 100
NOTICES_AT_ONCE: Final = 500

Write = Callable[[Operation], Any]
"""Commits an operation and returns its result. Raises CommandError."""

refusals: Final = Counter("backchannel_intents_refused", "Intents of the site that were refused.")

_log = ProcessLog("backchannel.intents")


class ApplyIntents(Operation, frozen=True, kw_only=True):
    """The result says whether more may be waiting."""

    limit: int = BATCH
    only: int | None = None
    """Apply this one alone."""

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        intents.lock(transaction)
        if self.only is None:
            rows = intents.waiting(transaction, self.limit)
        else:
            rows = intents.waiting_one(transaction, self.only)
        outcome.result = len(rows) == self.limit
        if not rows:
            return
        try:
            applied = _Batch(transaction, outcome).apply(rows)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # The writer answers every error of the database alike; this one is due to an intent.
            raise RuntimeError(f"an intent failed: {error}") from error
        failpoints.reach("intents_applied")
        intents.delete(transaction, applied)


class ReadWaiting(Operation, frozen=True, kw_only=True):
    """The result: the ids of the oldest waiting intents."""

    limit: int = BATCH

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        outcome.result = [row.id for row in intents.waiting(transaction, self.limit)]


class RefuseIntent(Operation, frozen=True, kw_only=True):
    id: int
    reason: str

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        _refuse(transaction, self.id, self.reason)


class TakeNotices(Operation, frozen=True, kw_only=True):
    """The result: (topic, body) of each notice that was taken, oldest first."""

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        outcome.result = intents.take_notices(transaction, NOTICES_AT_ONCE)


def apply_some(write: Write) -> bool:
    """Apply a batch. Returns whether more may be waiting. Raises CommandError 503: the database is away, and everything still waits."""
    try:
        return bool(write(ApplyIntents(actor=NOBODY)))
    except CommandError as error:
        if error.code is not Code.INTERNAL:
            raise
    for id_ in write(ReadWaiting(actor=NOBODY)):
        try:
            write(ApplyIntents(actor=NOBODY, only=id_))
        except CommandError as error:
            if error.code is not Code.INTERNAL:
                raise
            write(RefuseIntent(actor=NOBODY, id=id_, reason=str(error)))
    return True


def apply_all(write: Write) -> None:
    """Apply everything that waits."""
    while apply_some(write):
        pass


class _Batch:
    """Intents that share a transaction."""

    def __init__(self, transaction: Transaction, outcome: Outcome) -> None:
        self._transaction = transaction
        self._outcome = outcome
        """Gets the events and updates of all."""
        self._people: dict[int, User] = {}
        self._rooms: dict[RoomName, int] = {}

    def apply(self, rows: Sequence[Waiting]) -> list[int]:
        """Returns the ids of those that were applied; marks the others as refused."""
        decoded = [(row.id, kinds.decode(row.body)) for row in rows]
        self._rooms = _rooms_of({name for _, intent in decoded for name in intent.rooms})
        self._transaction.lock_rooms(self._rooms.values())
        self._people = people.users_in_any_state({id_ for _, intent in decoded for id_ in intent.people})
        applied: list[int] = []
        for is_post, group in groupby(decoded, key=lambda pair: isinstance(pair[1], PostIntent)):
            carry_out = self._posts if is_post else self._others
            for id_, intent, error in carry_out(list(group)):
                if error is None:
                    applied.append(id_)
                else:
                    _log.warning("intent_refused", intent=id_, kind=intent.__struct_config__.tag, reason=str(error))
                    _refuse(self._transaction, id_, str(error))
        return applied

    def _others(self, group: Sequence[tuple[int, Intent]]) -> Iterable[tuple[int, Intent, CommandError | None]]:
        for id_, intent in group:
            error, outcome = None, self._part()
            try:
                self._operation(intent).apply(self._transaction, outcome)
            except CommandError as refusal:
                error = refusal
            yield id_, intent, error

    def _posts(self, group: Sequence[tuple[int, Intent]]) -> Iterable[tuple[int, Intent, CommandError | None]]:
        """All in one pass, as the writer does with sends."""
        run: list[tuple[SendMessage, Outcome]] = []
        parts = []
        for id_, intent in group:
            outcome = self._part()
            try:
                run.append((cast("SendMessage", self._operation(intent)), outcome))
            except CommandError as refusal:
                outcome.error = refusal
            parts.append((id_, intent, outcome))
        if run:
            SendMessage.apply_all(self._transaction, run)
        return [(id_, intent, outcome.error) for id_, intent, outcome in parts]

    def _operation(self, intent: Intent) -> Operation:
        missing = [id_ for id_ in intent.people if id_ not in self._people]
        if missing:
            raise CommandError(Code.USER_NOT_FOUND, f"There is no user {missing[0]} any more.")
        room_id = self._room_of(intent)
        return intent.operation(self._people, room_id)  # type: ignore[arg-type]

    def _room_of(self, intent: Intent) -> int | None:
        """A room that is not there yet may have been made by an intent before this one."""
        name: RoomName | None = getattr(intent, "room", None)
        if name is None:
            return None
        if name not in self._rooms:
            self._rooms.update(_rooms_of([name]))
            self._transaction.lock_rooms(self._rooms.values())
        if name not in self._rooms:
            raise CommandError(Code.ROOM_NOT_FOUND, f"There is no room {name}.")
        return self._rooms[name]

    def _part(self) -> Outcome:
        """The outcome of one intent, whose events and updates go to the batch's."""
        return Outcome(events=self._outcome.events, updates=self._outcome.updates)


def _rooms_of(names: Iterable[RoomName]) -> dict[RoomName, int]:
    """Name → id. An id may name no room; a key that names none is left out."""
    found: dict[RoomName, int] = {name: name for name in names if isinstance(name, int)}
    found.update(intents.rooms_of_keys(name for name in names if isinstance(name, str)))
    return found


def _refuse(transaction: Transaction, id_: int, reason: str) -> None:
    intents.refuse(transaction, id_, reason)
    refusals.inc()
