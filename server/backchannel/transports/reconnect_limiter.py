"""Limits concurrent reconnects, so that a restart, after which thousands come at once, does not overload the database.

    handshake ─▶ turn ─▶ authenticate ─▶ turn(begun) ─▶ position ─▶ turn(begun) ─▶ events
    poll ──────▶ turn ─▶ position ─▶ turn(begun) ─▶ events

A fixed number take their turn at the same time. The others wait in order of arrival, those who have begun before newcomers. When too
many newcomers wait, the next is refused with a random time to retry after. Sends, acks and everything else of connected clients do not
wait here: the reading threads that the limiter leaves free are for them. Pure except for the loop's futures: randomness is an argument.
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
RETRY_AFTER_S: Final = (1.0, 5.0)
"""At least, at most."""


class ReconnectLimiter:
    def __init__(
        self, at_once: int = AT_ONCE, waiting: int = WAITING, jitter: Callable[[float, float], float] = random.uniform
    ) -> None:
        """`at_once`: turns taken at the same time, fewer than the reading threads. `waiting`: newcomers that may wait for one.
        `jitter(low, high)`: a random number between the two."""
        self._free = at_once
        self._most_waiting = waiting
        self._jitter = jitter
        self._begun: deque[asyncio.Future[None]] = deque()
        self._new: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return len(self._begun) + len(self._new)

    def turn(self, *, begun: bool = False) -> "Turn":
        """`async with`: wait for a turn, and hold it inside. Raises CommandError 503 `overloaded` if too many newcomers wait."""
        return Turn(self, begun=begun)

    async def take(self, *, begun: bool) -> None:
        if self._free:
            self._free -= 1
        else:
            await self._wait(self._begun if begun else self._new, is_refusable=not begun)

    def give_back(self) -> None:
        """To the next waiter that was not cancelled."""
        for queue in (self._begun, self._new):
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1

    async def _wait(self, queue: "deque[asyncio.Future[None]]", *, is_refusable: bool) -> None:
        if is_refusable and len(queue) >= self._most_waiting:
            metrics.turned_away.inc()
            retry_after = round(self._jitter(*RETRY_AFTER_S), 3)
            raise CommandError(
                Code.OVERLOADED,
                f"Too many clients are connecting. Retry in {max(1, round(retry_after))} s.",
                retry_after=retry_after,
            )
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                if turn in queue:
                    queue.remove(turn)
            else:  # the turn was given in the same moment
                self.give_back()
            raise


class Turn:
    """A class, which costs less than a generator: every resume has three of them."""

    __slots__ = ("_begun", "_limiter")

    def __init__(self, limiter: ReconnectLimiter, *, begun: bool) -> None:
        self._limiter = limiter
        self._begun = begun

    async def __aenter__(self) -> None:
        await self._limiter.take(begun=self._begun)

    async def __aexit__(self, *_: object) -> None:
        self._limiter.give_back()
