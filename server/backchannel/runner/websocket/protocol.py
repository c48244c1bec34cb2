"""One WebSocket connection as a machine, from the server's side. Pure: bytes in, messages out, and `data_to_send`.

                 accept             close               the client's Close
    CONNECTING ──────────▶ OPEN ────────────▶ CLOSING ─────────────────────▶ CLOSED
        │                   ├─ the client's Close, echoed ──────────────────────▲
        │                   └─ a violation ─▶ FAILED ◀─ a violation ─ CLOSING   │
        └─ reject ──────────────────────────────────────────────────────────────┘

Every cell is decided (– has no effect). `connection_lost` leads from every state to CLOSED and drops what waits.

| input              | CONNECTING       | OPEN              | CLOSING    | FAILED    | CLOSED  |
|--------------------|------------------|-------------------|------------|-----------|---------|
| the request        | is returned      | cannot come       | cannot     | cannot    | cannot  |
| accept             | OPEN             | –                 | –          | –         | –       |
| reject             | CLOSED           | –                 | –          | –         | –       |
| text, binary       | cannot come      | is yielded        | counted    | –         | –       |
| ping               | cannot come      | is answered       | counted    | –         | –       |
| pong               | cannot come      | counted           | counted    | –         | –       |
| the client's Close | cannot come      | echoed, CLOSED    | CLOSED     | –         | –       |
| a violation        | cannot come      | Close, FAILED     | FAILED     | –         | –       |
| send…              | –                | is queued         | –          | –         | –       |
| close              | –                | Close, CLOSING    | –          | –         | –       |
| then the transport | stays            | stays             | stays      | gets EOF  | closes  |

FAILED is not CLOSED because the client may still be sending: closing the transport then makes the kernel send a reset, which
overtakes the Close and its reason. So the transport gets an EOF, and what the client sends is discarded until it hangs up.

Flow control is independent of the state. While the transport is paused, batches wait in a bounded `Outbound`, the newest pong
replaces the one that waits, and a Close waits behind both. Bytes leave in the order in which they were queued.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Final

from backchannel.protocol.frame_batch import FrameBatch, frame_header
from backchannel.runner.websocket import handshake
from backchannel.runner.websocket.frame_reader import NO_CODE, FrameReader, Kind, Violation
from backchannel.transports.websocket.link import HELLO_BYTES
from backchannel.transports.websocket.outbound import Outbound

FRAMES_PER_SECOND: Final = 400.0
FRAME_BURST: Final = 2000
"""Frames of any kind that one socket may send at once. The peer limits the messages among them."""
NO_CLOSE: Final = 1006
"""The close code of a connection that ended without a Close; never on the wire."""
_REASON_BYTES: Final = 123


class State(Enum):
    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    FAILED = "failed"
    CLOSED = "closed"


class Ending(Enum):
    """What to do with the transport when everything is written."""

    EOF = "eof"
    CLOSE = "close"


_OPEN: Final = State.OPEN
_TEXT: Final = Kind.TEXT
_ENDINGS: Final = {State.FAILED: Ending.EOF, State.CLOSED: Ending.CLOSE}


class ServerProtocol:
    __slots__ = (
        "_clock",
        "_close_frame",
        "_frame_burst",
        "_message_bytes",
        "_pong",
        "_reader",
        "_ready",
        "_received",
        "_refilled_at",
        "close_code",
        "is_paused",
        "outbound",
        "state",
    )

    def __init__(self, message_bytes: int, clock: Callable[[], float], frame_burst: float = FRAME_BURST) -> None:
        """`message_bytes`: the limit of one message; the first one may have `HELLO_BYTES`. `clock`: seconds, monotonic."""
        self.state = State.CONNECTING
        self.close_code = NO_CLOSE
        """The code of the Close that ended the connection, whichever side sent it; `NO_CODE` if it had none."""
        self.is_paused = False
        """The transport holds as much as it should: nothing is written."""
        self.outbound: Outbound | None = None
        """Batches that wait, behind `_ready`. None: a batch may be written at once."""
        self._clock = clock
        self._message_bytes = message_bytes
        self._frame_burst = frame_burst
        self._reader = FrameReader(max(HELLO_BYTES, message_bytes), frame_burst)
        self._refilled_at = clock()
        self._received = b""
        """The request so far."""
        self._ready = b""
        """To be written next."""
        self._pong = b""
        """A frame to be written after `outbound`."""
        self._close_frame = b""
        """A frame to be written last."""

    # -- the opening handshake

    def receive_request(self, data: bytes) -> handshake.Request | None:
        """The request once its head is whole. Raises `head.Refused` if RFC 6455 forbids accepting it."""
        self._received += data
        if not self._received.endswith(handshake.HEAD_ENDS):
            return None
        head, self._received = self._received, b""
        return handshake.parse(head)

    def accept(self, response: bytes) -> None:
        if self.state is State.CONNECTING:
            self.state = State.OPEN
            self._ready = response

    def reject(self, response: bytes) -> None:
        if self.state is State.CONNECTING:
            self.state = State.CLOSED
            self._ready = response

    # -- what the client sends

    def receive_data(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Yield each whole message, TEXT (valid UTF-8) or BINARY, with its payload, as long as the state is OPEN.

        Also yields PING, and CLOSE at the client's Close or a violation: then `data_to_send` may have something new.
        """
        if self.state is not _OPEN and self.state is not State.CLOSING:
            return
        reader = self._reader
        if reader.allowance < self._frame_burst / 2:
            self._refill()
        try:
            for kind, payload in reader.feed(data):
                if kind is _TEXT or kind is Kind.BINARY:
                    if self.state is _OPEN:
                        reader.limit = self._message_bytes
                        yield kind, payload
                elif kind is Kind.PING:
                    if self.state is _OPEN:
                        self._answer_ping(payload)
                        yield kind, payload
                elif kind is Kind.CLOSE:
                    self._receive_close(payload)
                    yield kind, payload
                    return
        except Violation as violation:
            self._fail(violation)
            yield Kind.CLOSE, b""

    def connection_lost(self) -> None:
        self.state = State.CLOSED
        self.is_paused = False
        self._drop_held()
        self._ready = self._close_frame = b""

    # -- what the server sends

    def send(self, batch: FrameBatch) -> bytes:
        """The bytes to write now: `batch` and what was queued before it. If there is an `outbound`, call `hold` instead."""
        if self.state is not _OPEN:
            return b""
        data, self._ready = self._ready, b""
        return data + batch.wire

    def send_soon(self, batch: FrameBatch) -> None:
        """Queue `batch` to be written with the next. If there is an `outbound`, call `hold` instead."""
        if self.state is _OPEN:
            self._ready += batch.wire

    def hold(self, batch: FrameBatch) -> bool:
        """Queue `batch` behind those that wait. False: the client is too slow."""
        return self.state is not _OPEN or self._hold().put(batch)

    def send_catch_up(self, batches: Sequence[FrameBatch]) -> None:
        """Queue `batches`, which do not count against the bounds of a slow client."""
        if self.state is State.OPEN:
            self._hold().put_catch_up(batches)

    def send_binary(self, payload: bytes) -> None:
        """Queue a binary message. Its sender waits while the transport is paused: no bound is checked."""
        if self.state is State.OPEN:
            self._ready += frame_header(Kind.BINARY, len(payload)) + payload

    def close(self, code: int, reason: str, *, drop: bool) -> None:
        """Queue a Close, behind what waits unless that is to be dropped. `reason` is cut where RFC 6455 has no room for it."""
        if self.state is not State.OPEN:
            return
        if drop and self.outbound is not None:
            self.outbound.clear()
        self._pong = b""
        self.state = State.CLOSING
        self._queue_close(code, reason)

    # -- the transport

    def pause_writing(self) -> None:
        self.is_paused = True
        self._hold()

    def resume_writing(self) -> None:
        self.is_paused = False

    def data_to_send(self) -> bytes:
        """Bytes to write now. Call until there are none: the transport may be paused after each write."""
        if self.is_paused:
            return b""
        if self._ready:
            data, self._ready = self._ready, b""
            return data
        if self.outbound:
            return self.outbound.take().wire
        self.outbound = None
        data = self._pong + self._close_frame
        self._pong = self._close_frame = b""
        return data

    @property
    def is_ending(self) -> bool:
        """The connection is no longer wanted: a client that does not hang up in time is to be cut off."""
        return self.state is not State.CONNECTING and self.state is not State.OPEN

    @property
    def ending(self) -> Ending | None:
        """None while something waits to be written, and while the transport is still used."""
        if self._ready or self.outbound or self._pong or self._close_frame:
            return None
        return _ENDINGS.get(self.state)

    # -- transitions

    def _receive_close(self, payload: bytes) -> None:
        """Answered with the same code, unless it is itself the answer."""
        self._drop_held()
        if self.state is State.OPEN:
            self.close_code = int.from_bytes(payload[:2], "big") if payload else NO_CODE
            self._close_frame = frame_header(Kind.CLOSE, len(payload[:2])) + payload[:2]
        self.state = State.CLOSED

    def _fail(self, violation: Violation) -> None:
        self._drop_held()
        if self.state is State.OPEN:
            self._queue_close(violation.code, violation.reason)
        self.state = State.FAILED

    def _queue_close(self, code: int, reason: str) -> None:
        self.close_code = code
        payload = code.to_bytes(2, "big") + reason.encode()[:_REASON_BYTES]
        self._close_frame = frame_header(Kind.CLOSE, len(payload)) + payload

    def _drop_held(self) -> None:
        if self.outbound is not None:
            self.outbound.clear()
        self._pong = b""

    def _hold(self) -> Outbound:
        if self.outbound is None:
            self.outbound = Outbound()
        return self.outbound

    def _answer_ping(self, payload: bytes) -> None:
        pong = frame_header(Kind.PONG, len(payload)) + payload
        if self.outbound is not None:
            self._pong = pong
        else:
            self._ready += pong

    def _refill(self) -> None:
        now = self._clock()
        allowance = self._reader.allowance + (now - self._refilled_at) * FRAMES_PER_SECOND
        self._reader.allowance = min(self._frame_burst, allowance)
        self._refilled_at = now
