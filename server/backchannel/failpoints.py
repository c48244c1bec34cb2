"""Places where a test can kill this process, to prove that nothing acked is lost and nothing is delivered twice.

`BACKCHANNEL_FAILPOINT=after_commit` kills the process when it reaches that place first, `after_commit:7` the seventh time. The signal is
SIGKILL: no handler runs, nothing is flushed. Without the variable a place costs one comparison.

Where a place is given what was committed, it counts only if that appended an event to a room: a node's own commits (leases, notices)
come when they like.
"""

import os
import signal
from collections.abc import Iterable
from typing import Any, Final, Literal, Protocol

Failpoint = Literal[
    "before_commit",
    "after_commit",
    "before_publish",
    "after_publish",
    "after_answer",
    "intents_committed",
    "intents_applied",
    "piece_stored",
    "piece_entered",
    "check_taken",
    "blobs_entered",
    "blobs_stored",
    "file_finished",
    "message_indexed",
    "index_written",
]


class _Committed(Protocol):
    events: Any


_place, _, _count = os.environ.get("BACKCHANNEL_FAILPOINT", "").partition(":")
_left = int(_count or 1)
ACTIVE: Final = _place


def reach(place: Failpoint, committed: Iterable[_Committed] | None = None) -> None:
    global _left
    if place != ACTIVE or (committed is not None and not any(each.events for each in committed)):
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
