"""Where a moment is in a room. Blocking: call through `ReadPool.run`.

Messages are in the order of their commits, which is that of their times unless a clock was set back. So a bisection over the seqs finds the
place by the index that every page uses, and no message pays for an index by time. Where times go back, it finds a place near by, the same on
every database.
"""

from typing import Final

from backchannel.store.driver import read
from backchannel.store.transaction import MESSAGE

_FIRST_FROM: Final = f"SELECT seq, created_us FROM {MESSAGE} WHERE room_id = %s AND seq >= %s ORDER BY seq LIMIT 1"


def first_seq_at(room_id: int, at_us: int, head: int) -> int:
    """A seq from which on the first message is the one written at `at_us` or later; above all messages if there is none. At most one
    look-up in the index for each doubling of `head`."""
    low, high = 1, head + 1
    while low < high:
        middle = (low + high) // 2
        rows = read(_FIRST_FROM, [room_id, middle])
        if rows and rows[0][1] < at_us:
            low = rows[0][0] + 1
        else:
            high = middle
    return low
