"""Writes to the chat's log from Django's side: joining rooms when somebody comes in.

In a running server `use` has named its writer, so that what is written is published at once. Elsewhere
(command line, tests) it is committed right here; running servers notice by their reconciler.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from backchannel.protocol.errors import Code, CommandError
from backchannel.store.log import commit
from backchannel.store.operation import Operation, result_of

Submit = Callable[[Operation], "Future[Any]"]

# Longer than any lock is waited for; a request that waits this long is answered, not hung.
WAIT_S = 10.0

_submit: Submit | None = None


def use(submit: Submit | None) -> None:
    """Name the writer of this process (`Log.submit`), or None when it stops."""
    global _submit
    _submit = submit


def write(operation: Operation, at_us: int | None = None) -> Any:
    """Commit `operation` and return its result. Blocks: never call it on the event loop. Raises `CommandError`.

    `at_us` is for imports, which no running server does.
    """
    if _submit is not None:
        try:
            return _submit(operation).result(WAIT_S)
        except TimeoutError:
            raise CommandError(
                Code.UNAVAILABLE, "The database does not answer just now. Try again in a moment.", retry_after=1.0
            ) from None
    (outcome,) = commit([operation], at_us)
    return result_of(outcome)
