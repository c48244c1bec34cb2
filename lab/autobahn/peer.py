"""The client of one case: sends what the case asks for, however invalid, and reports what comes back."""

import asyncio
import os
import struct
from collections import Counter
from collections.abc import Callable
from typing import Any

from lab.autobahn.cases import States

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PATIENCE = 30
"""Factor on the timeouts of the cases, for a busy machine."""
CLOSE, PING, PONG = 8, 9, 10


class _Factory:
    isServer = False


class Peer(asyncio.Protocol):
    """Names and meanings are those of the suite."""

    CLOSE_STATUS_CODE_NORMAL = 1000
    CLOSE_STATUS_CODE_PROTOCOL_ERROR = 1002
    CLOSE_STATUS_CODE_INVALID_PAYLOAD = 1007
    factory = _Factory()

    def __init__(self, case: type[Any]) -> None:
        self.state = States.STATE_CONNECTING
        self.over = asyncio.get_running_loop().create_future()
        self.connectionWasOpen = self.wasClean = self.closedByMe = self.droppedByMe = False
        self.remoteCloseCode: int | None = None
        self.localCloseReason: Any = None
        self.autoFragmentSize = 0
        self.createWirelog = False
        self.txFrameStats: Counter[int] = Counter()
        self._received = bytearray()
        self._opcode = 0
        self._message = b""
        self._timers: list[asyncio.TimerHandle] = []
        case.compare = lambda _, one, other: one == other
        self.case = case(self)

    # -- what a case may ask for

    def sendFrame(
        self,
        opcode: int,
        payload: Any = "",
        fin: bool = True,
        rsv: int = 0,
        mask: bytes | None = None,
        payload_len: int | None = None,
        chopsize: int | None = None,
        sync: bool = False,
    ) -> None:
        data = as_bytes(payload)
        if payload_len is not None:
            data = (data * (payload_len // len(data) + 1))[:payload_len] if payload_len else b""
        self.txFrameStats[opcode] += 1
        self._write((0x80 if fin else 0) | rsv << 4 | opcode, data, chopsize)

    def sendMessage(
        self, payload: Any, isBinary: bool = False, fragmentSize: int | None = None, sync: bool = False
    ) -> None:
        data, size = as_bytes(payload), fragmentSize or self.autoFragmentSize or None
        pieces = [data[at : at + size] for at in range(0, len(data), size)] if size and data else [data]
        for index, piece in enumerate(pieces):
            opcode = 0 if index else 2 if isBinary else 1
            self.txFrameStats[int(len(piece) != size)] += 1
            self._write((0x80 if index == len(pieces) - 1 else 0) | opcode, piece)

    def beginMessage(self, isBinary: bool = False) -> None:
        self._opcode = 2 if isBinary else 1

    def beginMessageFrame(self, length: int) -> None:
        self._raw(bytes([0x80 | self._opcode]) + head_of(length) + bytes(4))

    def sendMessageFrameData(self, payload: Any, sync: bool = False) -> None:
        self._raw(as_bytes(payload))

    def endMessage(self) -> None: ...

    def sendClose(self, code: int | None = None, reason: Any = None) -> None:
        if self.state == States.STATE_OPEN:
            self.sendCloseFrame(code, reasonUtf8=reason)

    def sendCloseFrame(self, code: int | None = None, reasonUtf8: Any = None, isReply: bool = False) -> None:
        self.closedByMe = not isReply
        self.state = States.STATE_CLOSING
        status = b"" if code is None else struct.pack("!H", code)
        self._write(0x80 | CLOSE, status + as_bytes(reasonUtf8 or ""))

    def killAfter(self, delay: float) -> None:
        self._later(delay * PATIENCE, self._kill)

    def closeAfter(self, delay: float) -> None:
        self._later(delay, self.sendClose)

    def continueLater(self, delay: float, function: Callable[[], None], tag: str | None = None) -> None:
        self._later(delay, function)

    def enableWirelog(self, enable: bool) -> None: ...

    # -- the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(UPGRADE)
        self.killAfter(10)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self.state == States.STATE_CONNECTING:
            head, end, self._received = self._received.partition(b"\r\n\r\n")
            assert end, head
            assert head.startswith(b"HTTP/1.1 101 "), head
            assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head
            self.state = States.STATE_OPEN
            self.connectionWasOpen = True
            self.case.onOpen()
        while (frame := self._take_frame()) is not None:
            self._receive_frame(*frame)

    def connection_lost(self, error: Exception | None) -> None:
        self.state = States.STATE_CLOSED
        for timer in self._timers:
            timer.cancel()
        self.case.onConnectionLost(self.droppedByMe)
        self.over.set_result(None)

    def _take_frame(self) -> tuple[int, bool, bytes] | None:
        data = self._received
        if len(data) < 2:
            return None
        length, at = data[1] & 0x7F, 2
        assert not data[1] & 0x80, "a server must not mask"
        assert not data[0] & 0x70, "no extension was negotiated"
        if length > 125:
            at += 2 if length == 126 else 8
            if len(data) < at:
                return None
            length = int.from_bytes(data[2:at], "big")
        if len(data) < at + length:
            return None
        frame = data[0] & 0x0F, bool(data[0] & 0x80), bytes(data[at : at + length])
        del data[: at + length]
        return frame

    def _receive_frame(self, opcode: int, fin: bool, payload: bytes) -> None:
        if opcode == PING:
            self.case.onPing(payload.decode("latin-1"))
            self._write(0x80 | PONG, payload)
        elif opcode == PONG:
            self.case.onPong(payload.decode("latin-1"))
        elif opcode == CLOSE:
            self.wasClean = True
            self.remoteCloseCode = int.from_bytes(payload[:2], "big") if payload else None
            if self.state == States.STATE_OPEN:
                self.sendCloseFrame(self.remoteCloseCode, isReply=True)
        else:
            self._opcode = opcode or self._opcode
            self._message += payload
            if fin:
                message, self._message = self._message, b""
                self.case.onMessage(message.decode("latin-1"), self._opcode == 2)

    def _write(self, first: int, data: bytes, chopsize: int | None = None) -> None:
        mask = os.urandom(4)
        key = int.from_bytes((mask * (len(data) // 4 + 1))[: len(data)], "big")
        masked = (int.from_bytes(data, "big") ^ key).to_bytes(len(data), "big")
        frame = bytes([first]) + head_of(len(data)) + mask + masked
        for at in range(0, len(frame), chopsize or len(frame)):
            self._raw(frame[at : at + (chopsize or len(frame))])

    def _raw(self, data: bytes) -> None:
        self._transport.write(data)

    def _later(self, delay: float, function: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(delay, function))

    def _kill(self) -> None:
        self.droppedByMe = True
        self._transport.abort()


def as_bytes(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else str(payload).encode("latin-1")


def head_of(length: int) -> bytes:
    """The length of a masked frame."""
    if length < 126:
        return bytes([0x80 | length])
    if length < 1 << 16:
        return b"\xfe" + struct.pack("!H", length)
    return b"\xff" + struct.pack("!Q", length)
