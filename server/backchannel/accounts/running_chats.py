"""The chats that are served in this process: how Django's own code reaches them.

A view, a signal receiver, an admin page or a management command is called by Django with a request or a row, never with a chat. So
the chats that are running are registered here, and nowhere else. Without one (command line, tests) writes are committed in the
calling thread, and a node of another process publishes them within a fraction of a second (`store/intents.py`, notices).

Several chats may run in one process, on the same database. A write goes to one of them, and the others find it as if it came from
another process: at once if they share a bus, else by their periodic checks. The end of a credential is announced to all of this
process; where there is none, to the nodes of other processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from backchannel.accounts.identity import Ended
from backchannel.commands.announce_revocation import revocation_message
from backchannel.commands.publish import messages_of
from backchannel.protocol.errors import Code, CommandError
from backchannel.store import intents, push_subscriptions
from backchannel.store.log import commit_here
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction

# Longer than any lock is waited for: the request is answered instead of hanging.
WAIT_S = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class RunningChat:
    """Both are callable from any thread."""

    submit: Callable[[Operation], Future[Any]]
    """`Log.submit`: what is written is published at once."""
    on_ended: Callable[[Ended], None]
    """A credential has ended."""
    wake: Callable[[], None] = lambda: None
    """Intents were committed."""
    process: int = field(default_factory=os.getpid)
    """Where it runs: a process that is forked from that one inherits the entry, and no chat."""


_running: list[RunningChat] = []


def _here() -> list[RunningChat]:
    process = os.getpid()
    return [chat for chat in _running if chat.process == process]


def register(chat: RunningChat) -> None:
    """Add a chat that has started."""
    _running.append(chat)


def unregister(chat: RunningChat) -> None:
    """Remove it, before it stops."""
    _running.remove(chat)


def write(operation: Operation, at_us: int | None = None) -> Any:
    """Commit `operation` and return its result. Blocks: never call it on the event loop. Raises `CommandError`.

    `at_us` is for imports, which no running server does.
    """
    chat = next(iter(_here()), None)
    if chat is not None:
        try:
            return chat.submit(operation).result(WAIT_S)
        except TimeoutError:
            raise CommandError(
                Code.UNAVAILABLE, "The database does not answer just now. Try again in a moment.", retry_after=1.0
            ) from None
    return write_here(operation, at_us)


def write_here(operation: Operation, at_us: int | None = None) -> Any:
    """The same in this thread, on its connection. A node of another process publishes what came of it."""
    return commit_here(operation, at_us, _keep_notices if at_us is None else None)


def is_served_here() -> bool:
    """Whether a chat runs in this process."""
    return bool(_here())


def wake() -> None:
    """Intents were committed: a chat of this process applies them at once. Those of other processes look by themselves."""
    for chat in _here()[:1]:
        chat.wake()


def announce_ended(ended: Ended) -> None:
    """Announce to all running chats, now, and end the push messages of it. Code that changes the database waits for its commit first (`revocation`)."""
    chats = _here()
    if not chats:
        intents.keep_notice(*revocation_message(credential=ended.credential, user_id=ended.user_id))
    for chat in chats:
        chat.on_ended(ended)
    push_subscriptions.end_with(credential=ended.credential, person_id=ended.user_id)


def _keep_notices(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
    notices = list(messages_of(outcomes))
    if notices:
        intents.keep_notices(transaction, notices)
