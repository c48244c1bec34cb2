"""Places where a test can kill this process, to prove that nothing acked is lost and nothing is delivered twice.

`BACKCHANNEL_FAILPOINT=after_commit` kills the process when it reaches that place first, `after_commit:7` the seventh time. The signal is
SIGKILL: no handler runs, nothing is flushed. Without the variable a place costs one comparison.

The places about a commit count those alone that append an event to a room: a node's own (leases, notices) come when they like.
"""

import os
import signal
from typing import Final, Literal

Place = Literal[
    "before_commit",
    "after_commit",
    "before_publish",
    "after_publish",
    "after_answer",
    "intents_committed",
    "intents_applied",
]

_place, _, _count = os.environ.get("BACKCHANNEL_FAILPOINT", "").partition(":")
_left = int(_count or 1)
ACTIVE: Final = _place


def reach(place: Place) -> None:
    global _left
    if place != ACTIVE:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
