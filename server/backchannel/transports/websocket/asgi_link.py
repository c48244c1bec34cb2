"""A link over any ASGI server: two tasks for each socket, one that hears and one that says."""

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
        self._cut = asyncio.Event()
        self._closing: tuple[int, str] | None = None

    async def run(self, peer: Peer) -> None:
        """Carry until either side closes."""
        self._peer = peer
        peer.open(self)
        reader, writer = asyncio.create_task(self._read()), asyncio.create_task(self._write())
        cut = asyncio.create_task(self._cut.wait())
        code = 1006
        try:
            await asyncio.wait({reader, writer, cut}, return_when=asyncio.FIRST_COMPLETED)
            if reader.done() and not reader.cancelled() and reader.exception() is None:
                code = reader.result()
        finally:
            peer.lost(code)
            for task in (reader, writer, cut):
                task.cancel()
            await asyncio.gather(reader, writer, cut, return_exceptions=True)

    def send(self, text: FrameBatch) -> None:
        if self._closing is not None:
            return
        if not self._outbound.put(text):
            self._peer.fell_behind()
        self._filled.set()

    def send_soon(self, text: FrameBatch) -> None:
        self.send(text)

    def send_catch_up(self, texts: Sequence[FrameBatch]) -> None:
        if self._closing is None:
            self._outbound.put_catch_up(texts)
            self._filled.set()

    def close(self, code: int, reason: str, *, drop: bool) -> None:
        if self._closing is not None:
            return
        self._closing = code, reason
        if drop:
            self._outbound.clear()
        self._filled.set()
        asyncio.get_running_loop().call_later(FLUSH_WITHIN_S, self._cut.set)

    async def _read(self) -> int:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return int(message.get("code") or 1006)
            text = message.get("text")
            if text is not None:
                self._peer.heard(text.encode(), is_text=True)
            else:
                self._peer.heard(message["bytes"], is_text=False)

    async def _write(self) -> None:
        websocket = self._websocket
        with suppress(Exception):  # whatever a dying socket throws, the reader learns of it too
            while await self._something():
                text = self._outbound.take().text
                await websocket.send_text(text)
                if failpoints.ACTIVE and '"type":"ack"' in text:
                    failpoints.reach("after_ack")
            if self._closing is not None and websocket.application_state is WebSocketState.CONNECTED:
                await websocket.close(*self._closing)

    async def _something(self) -> bool:
        """Wait until something is to be said; False where nothing comes any more."""
        while not self._outbound:
            if self._closing is not None:
                return False
            self._filled.clear()
            await self._filled.wait()
        return True
