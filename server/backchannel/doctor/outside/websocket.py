"""A blocking WebSocket client for frames of JSON, without extensions."""

from __future__ import annotations

import base64
import json
import os
import secrets
import time
from collections import deque
from typing import Any, Final

from backchannel.doctor.outside.asking import reason
from backchannel.doctor.outside.target import Target

_TEXT: Final = 0x1
_CLOSE: Final = 0x8
_PING: Final = 0x9
_PONG: Final = 0xA
_HEAD_AT_MOST: Final = 64 * 1024
_FRAME_AT_MOST: Final = 16 * 1024 * 1024


class Refused(Exception):
    """The handshake was not answered by 101. `status` 0: the connection ended without an answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"answered {status}" if status else "closed without an answer")
        self.status = status
        try:
            data = json.loads(body)
        except ValueError:
            data = None
        self.problem = str(data.get("code", "")) if isinstance(data, dict) else ""
        """The code word of our server's problem; "" if the answer was not its."""


class Closed(Exception):
    """The connection ended. `code`: of the close frame; 1006 if there was none."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}" if code != 1006 else "closed without a close frame")
        self.code = code


class Silent(Exception):
    """Nothing arrived in time. The connection is still open."""


class WebSocket:
    def __init__(self, target: Target, headers: dict[str, str] | None = None, timeout_s: float = 15.0) -> None:
        """Open it at the chat's /ws. Raises `Refused`."""
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        lines = [
            f"GET {target.path}/ws HTTP/1.1",
            f"Host: {target.authority}",
            f"Origin: {target.origin}",
            "User-Agent: backchannel-doctor",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        self._frames: deque[dict[str, Any]] = deque()
        try:
            self._socket = target.dial(timeout_s)
        except OSError as problem:
            raise Refused(0, reason(problem).encode()) from None
        try:
            self._socket.sendall("\r\n".join((*lines, "", "")).encode("latin-1"))
            head, self._buffer = self._read_head()
            status = int(head.split(b" ", 2)[1])
            if status != 101:
                raise Refused(status, self._rest())
        except (OSError, ValueError, IndexError):
            self._socket.close()
            raise Refused(0, b"") from None
        except Refused:
            self._socket.close()
            raise

    def send(self, frame: dict[str, Any]) -> None:
        """Raises `Closed`."""
        self._write(_TEXT, json.dumps(frame).encode())

    def receive(self, timeout_s: float) -> dict[str, Any]:
        """The next frame of the protocol. The server's heartbeats are answered and not returned. Raises `Closed`, `Silent`."""
        until = time.monotonic() + timeout_s
        while True:
            while self._frames:
                frame = self._frames.popleft()
                if frame.get("type") != "ping":
                    return frame
                self.send({"type": "pong"})
            self._read_message(until)

    def close(self) -> None:
        try:
            self._write(_CLOSE, (1000).to_bytes(2, "big"))
        except Closed:
            pass
        self._socket.close()

    def _read_head(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            more = self._socket.recv(4096)
            if not more or len(data) > _HEAD_AT_MOST:
                raise ConnectionResetError
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def _rest(self) -> bytes:
        """The body of a refusal: what arrives within a second."""
        data = self._buffer
        self._socket.settimeout(1.0)
        try:
            while len(data) < _HEAD_AT_MOST and (more := self._socket.recv(4096)):
                data += more
                if data.rstrip().endswith(b"}"):
                    break
        except OSError:
            pass
        start, end = data.find(b"{"), data.rfind(b"}")  # a chunked body has its sizes around it
        return data[start : end + 1] if 0 <= start < end else data

    def _read_message(self, until: float) -> None:
        """Read one message into `_frames`, or answer one control frame. Nothing is lost if it raises `Silent` halfway."""
        while (whole := self._whole_frame()) is None:
            self._read_more(until)
        opcode, payload = whole
        if opcode == _CLOSE:
            self._socket.close()
            raise Closed(int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005)
        if opcode == _PING:
            self._write(_PONG, payload)
        elif opcode == _TEXT:
            said = json.loads(payload)
            self._frames.extend(said if isinstance(said, list) else [said])

    def _whole_frame(self) -> tuple[int, bytes] | None:
        """Take a frame from the buffer: opcode and payload. None if it is not complete. Our server sends no fragments."""
        data = self._buffer
        if len(data) < 2:
            return None
        length, start = data[1] & 0x7F, 2
        if length > 125:
            start = 4 if length == 126 else 10
            if len(data) < start:
                return None
            length = int.from_bytes(data[2:start], "big")
        if length > _FRAME_AT_MOST:
            raise Closed(1009)
        if len(data) < start + length:
            return None
        self._buffer = data[start + length :]
        return data[0] & 0x0F, data[start : start + length]

    def _read_more(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise Silent
        self._socket.settimeout(left)
        try:
            more = self._socket.recv(65536)
        except TimeoutError:
            raise Silent from None
        except OSError:
            more = b""
        if not more:
            self._socket.close()
            raise Closed(1006)
        self._buffer += more

    def _write(self, opcode: int, payload: bytes) -> None:
        mask = os.urandom(4)
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
        if size > 0xFFFF:
            length = bytes([0x80 | 127]) + size.to_bytes(8, "big")
        covered = bytes(byte ^ mask[number % 4] for number, byte in enumerate(payload))
        try:
            self._socket.settimeout(15.0)
            self._socket.sendall(bytes([0x80 | opcode]) + length + mask + covered)
        except OSError:
            self._socket.close()
            raise Closed(1006) from None
