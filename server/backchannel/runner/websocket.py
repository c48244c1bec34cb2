"""A WebSocket of our own under uvicorn: bytes in, calls of the peer out; and the bytes of a text, as they are, to the socket.

    opening ──▶ open ──▶ closing ──▶ closed        (`AsgiHandshake` has the opening)

While it is idle it is this object and its reader: no task, no queue, no timer. What a client does not take waits in the
transport up to its high-water mark, then in a bounded `Outbound`, and then the peer is told that the client is too slow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, cast

import uvicorn
from uvicorn.protocols.utils import is_ssl
from uvicorn.server import ServerState

from backchannel import failpoints
from backchannel.protocol.frame_batch import FrameBatch, frame_header
from backchannel.runner import handshake
from backchannel.runner.addresses import local_address, remote_address
from backchannel.runner.asgi_handshake import AsgiHandshake
from backchannel.runner.connection_limit import Slot
from backchannel.runner.frame_reader import NO_CODE, FrameReader, Kind, Refused
from backchannel.runner.head import Refused as NotOpened
from backchannel.transports.websocket.link import FLUSH_WITHIN_S, HELLO_BYTES, Peer
from backchannel.transports.websocket.outbound import Outbound

HIGH_WATER: Final = 64 * 1024
FRAMES_PER_SECOND: Final = 400.0
FRAME_BURST: Final = 2000
"""Of one socket, whatever they are. How many messages there may be among them is for the peer to say."""
LOST: Final = 1006
RESTART: Final = 1012
_REASON_BYTES: Final = 123


class WebSocketProtocol(asyncio.Protocol):
    """uvicorn's `ws`, and a `Link`."""

    __slots__ = (
        "_close_frame",
        "_code",
        "_counted_at",
        "_deadline",
        "_is_clear",
        "_is_closing",
        "_is_deaf",
        "_is_paused",
        "_limit",
        "_opening",
        "_outbound",
        "_peer",
        "_pong",
        "_reader",
        "_server_state",
        "_soon",
        "_transport",
        "_writable",
        "slot",
    )

    def __init__(
        self, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any], _loop: object = None
    ) -> None:
        self._server_state = server_state
        self._limit = config.ws_max_size
        self._reader = FrameReader(max(HELLO_BYTES, self._limit), FRAME_BURST)
        self._counted_at = asyncio.get_running_loop().time()
        """When the reader's allowance was last looked at."""
        self._opening: _Opening | None = _Opening(self, config, app_state)
        self._peer: Peer | None = None
        self._outbound: Outbound | None = None
        self._writable: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._pong: bytes | None = None
        """Owed to a client that takes nothing at present: of its pings the last alone is answered."""
        self._close_frame: bytes | None = None
        """To be written after what waits."""
        self._code = LOST
        self._is_clear = False
        """What is said may be written at once."""
        self._soon = b""
        """To be written with what is said next, at the latest in the next turn of the loop."""
        self._is_paused = False
        self._is_closing = False
        self._is_deaf = False
        self.slot: Slot | None = None
        """Left when the connection is lost."""

    # -- what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(HIGH_WATER)
        self._server_state.connections.add(cast("Any", self))

    def data_received(self, data: bytes) -> None:
        if self._opening is not None:
            return self._opening.data_received(data)
        if self._is_deaf:
            return None
        assert self._peer is not None
        if self._reader.allowance < FRAME_BURST / 2:
            self._allow_more()
        try:
            for kind, payload in self._reader.feed(data):
                if kind is Kind.CLOSE:
                    return self._hear_close(payload)
                if self._is_closing:
                    continue
                if kind is Kind.TEXT:
                    self._reader.limit = self._limit
                    self._peer.heard(payload, is_text=True)
                elif kind is Kind.BINARY:
                    self._reader.limit = self._limit
                    self._peer.heard(payload, is_text=False)
                elif kind is Kind.PING:
                    self._answer_ping(payload)
        except Refused as refused:
            self._fail(refused)
        return None

    def _allow_more(self) -> None:
        now = asyncio.get_running_loop().time()
        allowance = self._reader.allowance + (now - self._counted_at) * FRAMES_PER_SECOND
        self._reader.allowance = min(FRAME_BURST, allowance)
        self._counted_at = now

    def pause_writing(self) -> None:
        self._is_paused = True
        self._is_clear = False

    def resume_writing(self) -> None:
        self._is_paused = False
        self._say_soon()
        while self._outbound and not self._is_paused:
            self._transport.write(self._outbound.take().wire)
        if self._is_paused:
            return
        self._outbound = None
        if self._close_frame is not None:
            self._write_close(self._close_frame)
        elif not self._is_closing:
            if self._pong is not None:
                self._transport.write(self._pong)
                self._pong = None
            self._is_clear = not failpoints.ACTIVE
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._server_state.connections.discard(cast("Any", self))
        if self.slot is not None:
            self.slot.leave()
            self.slot = None
        self._is_clear = False
        self._is_closing = self._is_deaf = True
        self._outbound = self._close_frame = None
        self._soon = b""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._wake()
        opening, self._opening = self._opening, None
        peer, self._peer = self._peer, None
        if peer is not None:
            peer.lost(self._code)
        elif opening is not None:
            opening.lost()

    # -- what uvicorn calls

    def shutdown(self) -> None:
        """The server stops."""
        if self._opening is not None:
            return self._transport.close()
        if not self._is_closing:
            self._code = RESTART
            self.close(RESTART, "restart", drop=False)
        return None

    # -- what the conversation calls

    def answer(self, response: bytes) -> None:
        self._transport.write(response)

    def refuse(self, response: bytes) -> None:
        self._is_deaf = self._is_closing = True
        self._transport.write(response)
        self._transport.close()

    @property
    def is_attached(self) -> bool:
        return self._peer is not None

    def attach(self, peer: Peer) -> None:
        self._opening = None
        self._peer = peer
        self._is_clear = not self._is_paused and not failpoints.ACTIVE
        peer.open(self)
        self.read_on()

    def read_on(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def read_no_further(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    async def wait_writable(self) -> None:
        """Return when the client takes something again, or is gone."""
        if self._is_paused and not self._is_closing:
            if self._writable is None:
                self._writable = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._writable)

    def send_binary(self, payload: bytes) -> None:
        if not self._is_closing:
            self._transport.write(frame_header(Kind.BINARY, len(payload)) + payload)

    # -- the link

    def send(self, text: FrameBatch) -> None:
        if self._is_clear:
            self._transport.write(text.wire)
        elif not self._is_closing:
            self._send_behind(text)

    def send_soon(self, text: FrameBatch) -> None:
        if self._is_clear:
            self._is_clear = False
            self._soon = text.wire
            asyncio.get_running_loop().call_soon(self._say_soon)
        else:
            self.send(text)

    def send_catch_up(self, texts: Sequence[FrameBatch]) -> None:
        if self._is_closing:
            return
        self._say_soon()
        for index, text in enumerate(texts):
            if self._is_paused:
                self._held().put_catch_up(texts[index:])
                return
            self._transport.write(text.wire)

    def close(self, code: int, reason: str, *, drop: bool) -> None:
        if self._is_closing:
            return
        self._say_soon()
        self._is_closing = True
        self._is_clear = False
        if drop:
            self._outbound = None
        payload = code.to_bytes(2, "big") + reason.encode()[:_REASON_BYTES]
        self._close_soon(frame_header(Kind.CLOSE, len(payload)) + payload)

    # -- below

    def _say_soon(self, then: bytes = b"") -> None:
        """What was kept back, and `then` in the same write."""
        if self._soon:
            soon, self._soon = self._soon, b""
            self._is_clear = not self._is_paused
            self._transport.write(soon + then)

    def _send_behind(self, text: FrameBatch) -> None:
        if self._soon and not self._is_paused:
            self._say_soon(text.wire)
        elif not self._is_paused:  # a failpoint is set
            self._transport.write(text.wire)
            if b'"type":"ack"' in text.wire:  # the loop writes before it calls
                asyncio.get_running_loop().call_soon(failpoints.reach, "after_ack")
        elif not self._held().put(text, self._transport.get_write_buffer_size()):
            assert self._peer is not None
            self._peer.fell_behind()

    def _held(self) -> Outbound:
        if self._outbound is None:
            self._outbound = Outbound()
        return self._outbound

    def _answer_ping(self, payload: bytes) -> None:
        pong = frame_header(Kind.PONG, len(payload)) + payload
        if self._is_paused:
            self._pong = pong
        else:
            self._transport.write(pong)

    def _hear_close(self, payload: bytes) -> None:
        """Answered with the same code, unless it is the answer itself; then it is for the server to hang up."""
        self._say_soon()
        self._is_deaf = True
        was_closing, self._is_closing = self._is_closing, True
        self._is_clear = False
        self._outbound = None
        if not was_closing:
            self._code = int.from_bytes(payload[:2], "big") if payload else NO_CODE
            self._transport.write(frame_header(Kind.CLOSE, len(payload[:2])) + payload[:2])
        self._transport.close()
        self._expect_end()

    def _fail(self, refused: Refused) -> None:
        """Say why, and hang up. What the client still says is taken and ignored: a reset would overtake the reason."""
        self._say_soon()
        self._is_deaf = True
        self._outbound = None
        if not self._is_closing:
            self._is_closing = True
            self._is_clear = False
            self._code = refused.code
            payload = refused.code.to_bytes(2, "big") + refused.reason.encode()
            self._close_soon(frame_header(Kind.CLOSE, len(payload)) + payload)
        else:
            self._hang_up()

    def _close_soon(self, frame: bytes) -> None:
        self._expect_end()
        if self._is_paused:
            self._close_frame = frame
        else:
            self._write_close(frame)

    def _write_close(self, frame: bytes) -> None:
        self._close_frame = None
        self._transport.write(frame)
        if self._is_deaf:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def _expect_end(self) -> None:
        """Who does not take it in time is cut off, and with it what the kernel and the transport hold for them."""
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().call_later(FLUSH_WITHIN_S, self._transport.abort)

    def _wake(self) -> None:
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None


class _Opening:
    """The request's head as uvicorn hands it on, and the call it leads to."""

    def __init__(self, protocol: WebSocketProtocol, config: uvicorn.Config, app_state: dict[str, Any]) -> None:
        self._protocol = protocol
        self._config = config
        self._app_state = app_state
        self._received = b""
        self._handshake: AsgiHandshake | None = None

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._handshake is not None or not self._received.endswith(handshake.HEAD_ENDS):
            return
        protocol = self._protocol
        defaults = list(protocol._server_state.default_headers)
        try:
            request = handshake.parse(self._received)
        except NotOpened as refused:
            protocol.refuse(refused.response(defaults))
            return
        protocol.read_no_further()  # nothing is to be said before the answer
        self._handshake = AsgiHandshake(protocol, request, defaults)
        run = self._handshake.run(cast("Any", self._config.loaded_app), self._scope(request))
        task = asyncio.get_running_loop().create_task(run)
        tasks = protocol._server_state.tasks
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def lost(self) -> None:
        if self._handshake is not None:
            self._handshake.lost(LOST)

    def _scope(self, request: handshake.Request) -> dict[str, Any]:
        transport, root = self._protocol._transport, self._config.root_path
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(transport) else "ws",
            "server": local_address(transport),
            "client": remote_address(transport),
            "root_path": root,
            "path": root + request.path,
            "raw_path": root.encode("ascii") + request.raw_path,
            "query_string": request.query,
            "headers": request.headers,
            "subprotocols": request.subprotocols,
            "state": self._app_state.copy(),
        }
