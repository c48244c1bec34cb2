"""A gate for those who come: a restart brings thousands at once, and they must not fall over the database together.

    handshake ─▶ turn ─▶ who is it? ─▶ turn(begun) ─▶ place ─▶ turn(begun) ─▶ events
    poll ──────▶ turn ─▶ place ─▶ turn(begun) ─▶ events

So many take their turn at once; the others wait in order, those who have begun before those who are new. Where more would
wait than may, the next is told to come again, at a time of its own. Sends, acks and everything else of those who are in do
not pass here: the reading threads that the gate leaves are theirs. Pure but for the loop's futures: chance is an argument.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import Final

from backchannel.protocol.errors import Code, CommandError
from backchannel.transports import metrics

AT_ONCE: Final = 4
WAITING: Final = 2000
AGAIN_S: Final = (1.0, 5.0)


class ReconnectLimiter:
    """`at_once`: turns taken at the same time, fewer than the reading threads. `waiting`: newcomers who may wait for one."""

    def __init__(
        self, at_once: int = AT_ONCE, waiting: int = WAITING, jitter: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._free = at_once
        self._at_most = waiting
        self._jitter = jitter
        self._begun: deque[asyncio.Future[None]] = deque()
        self._new: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return len(self._begun) + len(self._new)

    def turn(self, *, begun: bool = False) -> "Turn":
        """Wait for a turn, and have it while inside. Raises `overloaded` where too many wait; never to who has begun."""
        return Turn(self, begun=begun)

    async def take(self, *, begun: bool) -> None:
        if self._free:
            self._free -= 1
        else:
            await self._wait(self._begun if begun else self._new, is_refusable=not begun)

    def give_back(self) -> None:
        """To the next who waits and has not gone away."""
        for queue in (self._begun, self._new):
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1

    async def _wait(self, queue: "deque[asyncio.Future[None]]", *, is_refusable: bool) -> None:
        if is_refusable and len(queue) >= self._at_most:
            metrics.turned_away.inc()
            raise CommandError(
                Code.OVERLOADED,
                "Too many come at once. Try again in a moment.",
                retry_after=round(self._jitter(*AGAIN_S), 3),
            )
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                if turn in queue:
                    queue.remove(turn)
            else:  # it had come at that very moment
                self.give_back()
            raise


class Turn:
    """`async with`, as a class: every resume has three of them."""

    __slots__ = ("_admission", "_begun")

    def __init__(self, admission: ReconnectLimiter, *, begun: bool) -> None:
        self._admission = admission
        self._begun = begun

    async def __aenter__(self) -> None:
        await self._admission.take(begun=self._begun)

    async def __aexit__(self, *_: object) -> None:
        self._admission.give_back()
