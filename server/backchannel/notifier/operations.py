"""What the notifier writes."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from backchannel.notifications.decision import Why
from backchannel.store import notifications, push_subscriptions
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction


class Decided(NamedTuple):
    """Of a waiting row: notified or not, and why."""

    id: int
    is_notified: bool
    why: Why


class Postponed(NamedTuple):
    id: int
    due_us: int


class WriteDecisions(Operation, frozen=True, kw_only=True):
    """A row that was decided meanwhile, by another node whose lease had ended, keeps its decision, and gets no push messages by this one. The
    result is the number of rows that were decided."""

    is_batchable: ClassVar[bool] = True

    decided: Sequence[Decided]
    postponed: Sequence[Postponed] = ()

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        count = 0
        kinds: dict[tuple[bool, Why], list[int]] = {}
        for row in self.decided:
            kinds.setdefault((row.is_notified, row.why), []).append(row.id)
        for (is_notified, why), ids in kinds.items():
            state = notifications.NOTIFIED if is_notified else notifications.NOT_NOTIFIED
            written = notifications.write_decision(transaction, ids, state, why)
            count += len(written)
            if is_notified and written:
                notifications.queue_push(transaction, written)
        for later in self.postponed:
            notifications.postpone(transaction, later.id, later.due_us)
        outcome.result = count


class WritePushed(Operation, frozen=True, kw_only=True):
    """What became of push messages. `done`: ids of those that are not tried again. `retried`: (id, when). `gone`: (subscription, endpoint) of
    browsers that get nothing any more."""

    is_batchable: ClassVar[bool] = True

    done: Sequence[int] = ()
    retried: Sequence[Postponed] = ()
    gone: Sequence[tuple[int, str]] = ()

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        if self.done:
            notifications.delete_push(transaction, self.done)
        for later in self.retried:
            notifications.retry_push(transaction, later.id, later.due_us)
        notifications.delete_subscriptions(transaction, self.gone)


class KeepPushKey(Operation, frozen=True, kw_only=True):
    """Store the server's key for push messages, unless there is one."""

    private: str
    public: str

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        push_subscriptions.write_key(transaction, self.private, self.public)


class ForgetNotifications(Operation, frozen=True, kw_only=True):
    """Delete rows of messages that were sent before this time, in microseconds since 1970."""

    before_us: int

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        notifications.forget_before(transaction, self.before_us)
