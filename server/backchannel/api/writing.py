"""How an intent is carried out: after the caller's transaction, or at once.

inside atomic()      a row in the caller's transaction; after the commit a node applies it
elsewhere            by the writer of a node in this process; without one in this thread, and a node elsewhere publishes it
"""

from typing import Any

from django.db import connection, transaction

from backchannel import failpoints
from backchannel.accounts import running_chats
from backchannel.intents import kinds
from backchannel.intents.applying import apply_all
from backchannel.intents.kinds import Intent, People
from backchannel.store import intents
from backchannel.store.after_commit import is_by_hand


def is_in_transaction() -> bool:
    """Whether the caller's code is inside `atomic()`, or in a transaction by hand. The transaction in which a `TestCase` runs a test is not
    the caller's: Django itself makes this difference for `durable=True`."""
    blocks = connection.atomic_blocks
    return is_by_hand() or (bool(blocks) and not blocks[-1]._from_testcase)  # type: ignore[attr-defined]


def carry_out(intent: Intent, people: People, room_id: int | None = None, makes: str | None = None) -> Any:
    """Returns the operation's result; None inside `atomic()`. `people`: everybody whom the intent names. `room_id`: its room, where that
    is known. Raises CommandError."""
    if is_in_transaction():
        intents.keep(kinds.encode(intent).decode(), makes)
        if not is_by_hand():  # else the nodes find it, as they find what other processes commit
            transaction.on_commit(_committed)
        return None
    operation = intent.operation(people, room_id)  # type: ignore[arg-type]
    return running_chats.write_here(operation) if _is_test_case() else running_chats.write(operation)


def catch_up() -> None:
    """Outside `atomic()`: apply what this process, or another, committed before. Then what follows is in order."""
    if not is_in_transaction() and intents.is_waiting():
        apply_waiting()


def apply_waiting() -> None:
    """Apply the intents that are committed and wait, in this thread or by a node of this process. A node does this by itself within a
    fraction of a second; tests that run without one call it after their commit. Raises ChatError 503: the database is away."""
    apply_all(running_chats.write_here if _is_test_case() else running_chats.write)


def _committed() -> None:
    failpoints.reach("intents_committed")
    if _is_test_case():
        apply_waiting()  # no node sees what such a test writes
    else:
        running_chats.wake()


def _is_test_case() -> bool:
    """Nobody but this thread sees what it has written."""
    return connection.in_atomic_block
