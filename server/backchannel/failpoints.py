"""Places where a test may kill this process, to prove that nothing acked is lost and nothing comes twice.

`BACKCHANNEL_FAILPOINT=after_commit` kills at the first time that place is reached, `after_commit:7` at the seventh. The kill
is SIGKILL: no handler, no flush, no good-bye. Unset, a place costs one comparison.
"""

import os
import signal
from typing import Final, Literal

Place = Literal["before_commit", "after_commit", "before_publish", "after_publish", "after_answer"]

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
