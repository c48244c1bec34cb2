"""The two directions of a WebSocket, each of which may delay, stall, lose or end.

Each direction carries in order; each can be stalled (it all comes later) or black (it never comes, and neither end notices).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocketState

from lab.simulation.world.surroundings import Surroundings

TOO_PRECIOUS = ('"type":"ping"', '"type":"room_list"')
"""Heads in a heartbeat repair lost events, versions repair lost user frames. A link that drops these as well loses more than a
real one ever does without closing."""

_CUT = object()


class Direction:
    """Carries items to `arrive`, in order, each after its latency."""

    def __init__(self, world: Surroundings, latency: float) -> None:
        self.arrive: Callable[[Any], None] = lambda _: None
        self.latency = latency
        self.is_black = False
        self._world = world
        self._is_stalled = False
        self._held: list[Any] = []
        self._until = 0.0

    def carry(self, item: Any) -> None:
        if self.is_black:
            return
        loop = self._world.loop
        self._until = max(self._until, loop.now + self.latency * (0.5 + self._world.chance.random()))
        loop.call_at(self._until, self._land, item)

    def _land(self, item: Any) -> None:
        if self._is_stalled:
            self._held.append(item)
        elif not self.is_black:
            self.arrive(item)

    def stall(self) -> None:
        self._is_stalled = True

    def heal(self) -> None:
        """Deliver what was stalled. What a dark direction took is lost, and it stays dark."""
        self._is_stalled = False
        held, self._held = self._held, []
        for item in held:
            self._land(item)


class Link:
    """One WebSocket. The client's end is `say`, `leave`, `on_text`, `on_closed`; the server's is Starlette's interface."""

    application_state = WebSocketState.CONNECTED

    def __init__(self, world: Surroundings, number: int, latency: float) -> None:
        self.number = number
        self.latency = latency
        self.on_text: Callable[[str], None] = lambda _: None
        self.on_closed: Callable[[int], None] = lambda _: None
        self.reads = True
        self.drops = 0
        self._world = world
        self._up, self._down = Direction(world, latency), Direction(world, latency)
        self._up.arrive, self._down.arrive = self._arrive_up, self._arrive_down
        self._received: deque[dict[str, Any]] = deque()
        self._receiver: asyncio.Future[None] | None = None
        self._unread: deque[Any] = deque()
        self._unread_bytes = 0
        self._writers: list[asyncio.Future[None]] = []
        self._client_gone = self._server_gone = False

    # -- the client's end

    def say(self, text: str) -> None:
        self._up.carry(text)

    def leave(self) -> None:
        """The client closes; the server notices if the direction towards it works."""
        self._client_gone = True
        self._up.carry(_CUT)

    # -- the server's end

    async def receive(self) -> dict[str, Any]:
        while not self._received:
            self._receiver = self._world.loop.create_future()
            await self._receiver
        return self._received.popleft()

    async def send_text(self, text: str) -> None:
        if self._server_gone:
            raise RuntimeError("the link is closed")
        self._unread_bytes += len(text)
        self._down.carry(text)
        while self._unread_bytes > self._world.plan.kernel_buffer and not self._server_gone:
            future = self._world.loop.create_future()
            self._writers.append(future)
            await future

    async def close(self, code: int, reason: str = "") -> None:
        self.end(code)

    def end(self, code: int) -> None:
        """The server's process closes it, or dies."""
        if not self._server_gone:
            self._server_gone = True
            self._down.carry(int(code))
            self._wake_writers()

    # -- faults

    def cut(self) -> None:
        """Close it for both ends, each after its latency; what was on its way is lost."""
        for direction in (self._up, self._down):
            direction.heal()
            direction.is_black = True
        loop, random = self._world.loop, self._world.chance.random
        loop.call_later(random() * 0.2, self._arrive_up, _CUT)
        loop.call_later(random() * 0.2, self._arrive_down, 1006)

    def blacken(self, *, up: bool, down: bool) -> None:
        self._up.is_black |= up
        self._down.is_black |= down

    def stall(self, *, up: bool, down: bool) -> None:
        if up:
            self._up.stall()
        if down:
            self._down.stall()

    def heal(self) -> None:
        self._up.heal()
        self._down.heal()
        self.reads = True
        self._read()

    # -- arriving

    def _arrive_up(self, item: Any) -> None:
        if item is _CUT:
            item = {"type": "websocket.disconnect", "code": 1006}
            self._server_gone = True
            self._wake_writers()
        else:
            item = {"type": "websocket.receive", "text": item}
        self._received.append(item)
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)

    def _arrive_down(self, item: Any) -> None:
        self._unread.append(item)
        if self.reads:
            self._read()

    def _read(self) -> None:
        while self._unread:
            item = self._unread.popleft()
            if type(item) is int:
                if not self._client_gone:
                    self._client_gone = True
                    self.on_closed(item)
                continue
            self._unread_bytes -= len(item)
            if self.drops and not any(word in item for word in TOO_PRECIOUS):
                # Like a middlebox that loses a message and keeps the connection.
                self.drops -= 1
                self._world.history.add("dropped", link=self.number)
            elif not self._client_gone:
                self.on_text(item)
        if self._writers and self._unread_bytes <= self._world.plan.kernel_buffer:
            self._wake_writers()

    def _wake_writers(self) -> None:
        writers, self._writers = self._writers, []
        for writer in writers:
            if not writer.done():
                writer.set_result(None)
