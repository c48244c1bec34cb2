"""A link over any ASGI server: two tasks for each socket, a reader and a writer."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketState

from backchannel import failpoints
from backchannel.protocol.frame_batch import FrameBatch
from backchannel.transports.websocket.link import FLUSH_WITHIN_S, Peer
from backchannel.transports.websocket.outbound import Outbound


class AsgiLink:
    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._outbound = Outbound()
        self._filled = asyncio.Event()
        """Set when the writer has something to do."""
        self._cut = asyncio.Event()
        """Set when a closing client has had its time."""
        self._closing: tuple[int, str] | None = None
        """Code and reason, once closed by this side."""

    async def run(self, peer: Peer) -> None:
        """Carry until either side closes."""
        self._peer = peer
        self._loop = asyncio.get_running_loop()
        peer.open(self)
        reader, writer = asyncio.create_task(self._read()), asyncio.create_task(self._write())
        cut = asyncio.create_task(self._cut.wait())
        code = 1006
        try:
            await asyncio.wait({reader, writer, cut}, return_when=asyncio.FIRST_COMPLETED)
            if self._closing is not None:
                code = self._closing[0]
            elif reader.done() and not reader.cancelled() and reader.exception() is None:
                code = reader.result()
        finally:
            peer.lost(code)
            for task in (reader, writer, cut):
                task.cancel()
            await asyncio.gather(reader, writer, cut, return_exceptions=True)

    def send(self, batch: FrameBatch) -> None:
        if self._closing is not None:
            return
        if not self._outbound.is_turn_open:
            self._loop.call_soon(self._outbound.end_turn)
        if not self._outbound.put(batch):
            self._peer.fell_behind()
        self._filled.set()

    def send_soon(self, batch: FrameBatch) -> None:
        """The writer runs after everything that is sent in this turn of the loop, and gathers it."""
        self.send(batch)

    def send_catch_up(self, batches: Sequence[FrameBatch]) -> None:
        if self._closing is None:
            self._outbound.put_catch_up(batches)
            self._filled.set()

    def close(self, code: int, reason: str, *, drop: bool) -> None:
        if self._closing is not None:
            return
        self._closing = code, reason
        if drop:
            self._outbound.clear()
        self._filled.set()
        self._loop.call_later(FLUSH_WITHIN_S, self._cut.set)

    async def _read(self) -> int:
        """The close code."""
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return int(message.get("code") or 1006)
            text = message.get("text")
            if text is not None:
                self._peer.message_received(text.encode(), is_text=True)
            else:
                self._peer.message_received(message["bytes"], is_text=False)

    async def _write(self) -> None:
        websocket, outbound = self._websocket, self._outbound
        with suppress(Exception):  # whatever a broken socket raises, the reader notices its end too
            while await self._wait_filled():
                answers = outbound.answers
                batch = outbound.take()
                has_answer = outbound.answers < answers
                await websocket.send_text(batch.text)
                if has_answer:
                    failpoints.reach("after_answer")
            if self._closing is not None and websocket.application_state is WebSocketState.CONNECTED:
                await websocket.close(*self._closing)

    async def _wait_filled(self) -> bool:
        """Return True when something waits to be sent; False when the link is closed and nothing does."""
        while not self._outbound:
            if self._closing is not None:
                return False
            self._filled.clear()
            await self._filled.wait()
        return True
