"""How a node that stops says goodbye, so that nothing it acked is lost and its clients do not all reconnect at once.

refuse newcomers ─▶ `going_away` to everybody; polls are answered ─▶ commit and ack what is queued ─▶ close sockets in slices
"""

import asyncio
import random
from contextlib import suppress
from typing import Final

from backchannel.protocol import codec
from backchannel.protocol.errors import CloseCode, CommandError
from backchannel.protocol.frames import GoingAway
from backchannel.transports.node import Node

RETURN_WITHIN_MS: Final = 5000
"""Each client gets a random moment within this time at which to reconnect."""
COMMITTED_WITHIN_S: Final = 3.0
"""How long what is queued may take to be committed before sockets are closed."""
SLICE: Final = 100
"""Sockets closed at a time, at least."""
SLICES: Final = 20
"""At most: the slices grow with the number of sockets."""
SLICE_PAUSE_S: Final = 0.1


async def drain(node: Node, committed_within_s: float = COMMITTED_WITHIN_S) -> None:
    """Returns when every socket is closed: after about two seconds with thousands of sockets, at once with few."""
    node.draining = True
    for subscriber in list(node.hub.subscribers):
        slot = random.randrange(RETURN_WITHIN_MS)  # noqa: S311
        subscriber.say(codec.encode(GoingAway(slot)))
    # What takes longer is not acked, and its sender sends it again with the same id.
    with suppress(CommandError, TimeoutError):
        async with asyncio.timeout(committed_within_s):
            await node.context.log.wait_committed()
    sockets = [subscriber for subscriber in node.hub.subscribers if subscriber.is_socket]
    size = max(SLICE, len(sockets) // SLICES + 1)
    for start in range(0, len(sockets), size):
        for subscriber in sockets[start : start + size]:
            subscriber.end(CloseCode.RESTART, "restart")
        await asyncio.sleep(SLICE_PAUSE_S)
