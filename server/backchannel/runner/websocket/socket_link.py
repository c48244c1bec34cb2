"""The asyncio shell of one WebSocket: it moves bytes between transport, `ServerProtocol` and peer, and keeps one timer.

An idle socket is this object, its protocol and its reader: no task, no queue, no timer. What a client does not read waits in
the transport up to `HIGH_WATER`, then in the protocol's bounded `Outbound`; beyond that the peer is notified that it fell behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from uvicorn.server import ServerState

from backchannel import failpoints
from backchannel.protocol.frame_batch import FrameBatch
from backchannel.runner.connection_limit import Slot
from backchannel.runner.head import Refused
from backchannel.runner.trusted_proxies import DIRECT
from backchannel.runner.websocket.frame_reader import Kind
from backchannel.runner.websocket.handshake import Request
from backchannel.runner.websocket.protocol import Ending, ServerProtocol, State
from backchannel.transports.websocket.link import FLUSH_WITHIN_S, Peer
from backchannel.transports.websocket.outbound import Outbound

HIGH_WATER: Final = 64 * 1024
"""Bytes in the transport above which writing pauses."""
RESTART: Final = 1012
_TEXT: Final = Kind.TEXT

OnRequest = Callable[["SocketLink", Request], Peer]
"""Starts answering a handshake. What it returns is the peer until another one is attached."""


class SocketLink(asyncio.Protocol):
    """A `Link`, and an asyncio protocol that uvicorn can shut down."""

    __slots__ = (
        "_deadline",
        "_is_flush_due",
        "_on_request",
        "_peer",
        "_protocol",
        "_server_state",
        "_writable",
        "forwarded",
        "slot",
        "transport",
    )

    transport: asyncio.Transport
    """From `connection_made` on."""

    def __init__(self, protocol: ServerProtocol, server_state: ServerState, on_request: OnRequest) -> None:
        self._protocol = protocol
        self._server_state = server_state
        self._on_request: OnRequest | None = on_request
        """None once it was called."""
        self._peer: Peer | None = None
        self._writable: asyncio.Future[None] | None = None
        """Done when a paused transport takes bytes again, or is lost."""
        self._deadline: asyncio.TimerHandle | None = None
        """Cuts off a client that does not complete the close."""
        self._is_flush_due = False
        """A flush is scheduled for the next turn of the loop."""
        self.slot: Slot | None = None
        """Released when the connection is lost."""
        self.forwarded = DIRECT

    # -- called by the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(HIGH_WATER)
        self._server_state.connections.add(cast("Any", self))

    def data_received(self, data: bytes) -> None:
        if self._on_request is not None:
            self._receive_request(data)
            return
        assert self._peer is not None
        for kind, payload in self._protocol.receive_data(data):
            if kind is _TEXT:
                self._peer.message_received(payload, is_text=True)
            elif kind is Kind.BINARY:
                self._peer.message_received(payload, is_text=False)
            else:
                self._flush()

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
        self._flush()
        if self._protocol.outbound is None:
            self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._server_state.connections.discard(cast("Any", self))
        if self.slot is not None:
            self.slot.leave()
            self.slot = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._protocol.connection_lost()
        self._wake()
        self._on_request = None
        peer, self._peer = self._peer, None
        if peer is not None:
            peer.lost(self._protocol.close_code)

    # -- called by uvicorn

    def shutdown(self) -> None:
        """The server stops."""
        if self._protocol.state is State.CONNECTING:
            self.transport.close()
        else:
            self.close(RESTART, "restart", drop=False)

    # -- called by the ASGI call

    def accept(self, response: bytes) -> None:
        self._protocol.accept(response)
        self._flush()

    def reject(self, response: bytes) -> None:
        """Send `response` and close."""
        self._protocol.reject(response)
        self._flush()

    def attach(self, peer: Peer) -> None:
        """Hand the accepted connection to `peer` and start reading."""
        self._peer = peer
        peer.open(self)
        self.resume_reading()

    def pause_reading(self) -> None:
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    async def wait_writable(self) -> None:
        """Return when the transport is not paused, or no longer used."""
        if self._protocol.is_paused and self._protocol.state is State.OPEN:
            if self._writable is None:
                self._writable = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._writable)

    def send_binary(self, payload: bytes) -> None:
        self._protocol.send_binary(payload)
        self._flush()

    # -- called by the peer

    def send(self, batch: FrameBatch) -> None:
        protocol = self._protocol
        if protocol.outbound is not None:
            self._hold(protocol.outbound, batch)
            return
        data = protocol.send(batch)
        if data:
            self.transport.write(data)

    def send_soon(self, batch: FrameBatch) -> None:
        protocol = self._protocol
        if protocol.outbound is not None:
            self._hold(protocol.outbound, batch)
            return
        protocol.send_soon(batch)
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self._flush_answers)

    def send_catch_up(self, batches: Sequence[FrameBatch]) -> None:
        self._protocol.send_catch_up(batches)
        self._flush()

    def close(self, code: int, reason: str, *, drop: bool) -> None:
        self._protocol.close(code, reason, drop=drop)
        self._flush()

    # -- below

    def _receive_request(self, data: bytes) -> None:
        try:
            request = self._protocol.receive_request(data)
        except Refused as refused:
            self._on_request = None
            self.reject(refused.response(list(self._server_state.default_headers)))
            return
        if request is not None and self._on_request is not None:
            self.pause_reading()  # the client must not send before the answer
            on_request, self._on_request = self._on_request, None
            self._peer = on_request(self, request)

    def _hold(self, outbound: Outbound, batch: FrameBatch) -> None:
        if not outbound.is_turn_open:
            asyncio.get_running_loop().call_soon(outbound.end_turn)
        if not self._protocol.hold(batch):
            assert self._peer is not None
            self._peer.fell_behind()

    def _flush_answers(self) -> None:
        self._is_flush_due = False
        self._flush()
        if failpoints.ACTIVE:  # in the next turn of the loop, when the bytes have left
            asyncio.get_running_loop().call_soon(failpoints.reach, "after_answer")

    def _flush(self) -> None:
        """Write what may be written, and end the transport if that was the last."""
        protocol = self._protocol
        while data := protocol.data_to_send():
            self.transport.write(data)
        if not protocol.is_ending or self.transport.is_closing():
            return
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().call_later(FLUSH_WITHIN_S, self.transport.abort)
        if protocol.ending is Ending.EOF and self.transport.can_write_eof():
            self.transport.write_eof()
        elif protocol.ending is not None:
            self.transport.close()

    def _wake(self) -> None:
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None
