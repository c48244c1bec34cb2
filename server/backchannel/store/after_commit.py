"""Work that waits for the commit of the calling code's transaction."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction

from backchannel.process_log import ProcessLog

_log = ProcessLog("backchannel.store")


def is_by_hand() -> bool:
    """Whether the calling code is in a transaction that it commits by itself (`set_autocommit(False)`), outside any `atomic()`. Django does
    not notice the commit of one."""
    return not connection.in_atomic_block and not connection.get_autocommit()


def after_commit(work: Callable[[], object]) -> None:
    """Call `work` after the commit; at once outside a transaction. What it raises is logged, and does not break the site's own code.

    In a transaction by hand it is left out, since `on_commit` of Django refuses it. So it is for work that is also done later: credentials
    are checked every 30 s, people at their next visit and by `sync-people`, rows of the audit sealed with the next one.
    """
    if is_by_hand():
        _log.info("after_commit_left_out", transaction="by hand")
        return
    transaction.on_commit(work, robust=True)
