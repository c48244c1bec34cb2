"""The clients of the row `original`: one that polls as the replaced system did, and one WebSocket. Both count bytes."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from typing import Any

MARK = re.compile(r"~[0-9a-f]{24}([0-9a-f]{16})")


class Wire:
    """A WebSocket, read by its bytes: what is measured is what passes, so nothing may stand between."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._port, self._token = port, token
        self._rest = b""
        self.received = self.sent = 0

    def open(self) -> int:
        """Handshake, hello and what comes until `caught_up`; the bytes of all that."""
        self._send(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: bG9hZCBnZW5lcmF0b3IuLg==\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {self._token}\r\n\r\n".encode()
        )
        text = b""
        while b"\r\n\r\n" not in text:
            text += self._receive(10)
        self.say({"type": "hello", "protocol": 1, "client": {"name": "web", "version": "1.0", "instance": "wire"}})
        while b'"caught_up"' not in text:
            text += self._receive(10)
        return self.received + self.sent

    def say(self, frame: dict[str, object]) -> None:
        """One frame, masked."""
        data = json.dumps(frame, separators=(",", ":")).encode()
        assert len(data) < 126  # nothing longer is said here
        # Masked with zeros, which leaves the text as it is.
        self._send(bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data)

    def listen(self, seconds: float) -> bytes:
        """Everything that comes in that time; a heartbeat is answered."""
        end, text = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            got = self._receive(left)
            if b'"type":"ping"' in got:
                self.say({"type": "pong"})
            text += got
        return text

    def close(self) -> None:
        self._socket.close()

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)
        self.sent += len(data)

    def _receive(self, seconds: float) -> bytes:
        self._socket.settimeout(max(0.001, seconds))
        try:
            got = self._socket.recv(65536)
        except TimeoutError:
            return b""
        if not got:
            raise ConnectionError("the server closed the connection")
        self.received += len(got)
        return got


def heartbeat_bytes(wire: Wire, seconds: float) -> int:
    """What one heartbeat and its answer come to: those of that time, shared out."""
    sent, received = wire.sent, wire.received
    beats = wire.listen(seconds).count(b'"type":"ping"')
    return round((wire.sent - sent + wire.received - received) / max(1, beats))


class Poller:
    """One person of the replaced system: the room list, and the open room's newest page where something is new."""

    def __init__(self, port: int, token: str, room: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._room = room
        self._last: object = None
        self._known: set[str] = set()
        self._began = False
        self.bytes = 0

    def poll(self) -> list[float]:
        """One poll; how long each new message took to be seen here, in seconds. The first knows what was before."""
        rooms = self._get("/api/rooms")["rooms"]
        last = next(room["last_message"] for room in rooms if room["id"] == self._room)
        if last == self._last and self._began:
            return []
        self._last = last
        page = self._get(f"/api/rooms/{self._room}/messages")["messages"]
        now = time.monotonic_ns()
        new = [message for message in page if message["id"] not in self._known]
        self._known |= {message["id"] for message in new}
        began, self._began = self._began, True
        marks = [MARK.match(message["content"]) for message in new] if began else []
        return [(now - int(mark.group(1), 16)) / 1e9 for mark in marks if mark]

    def close(self) -> None:
        self._connection.close()

    def _get(self, path: str) -> dict[str, list[dict[str, Any]]]:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        # As http.client writes it: the line, Host, Accept-Encoding and what was given.
        request = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self._connection.port}", "Accept-Encoding: identity"]
        request += [f"{name}: {value}" for name, value in self._headers.items()]
        head = [
            f"HTTP/1.1 {answer.status} {answer.reason}",
            *(f"{name}: {value}" for name, value in answer.getheaders()),
        ]
        self.bytes += sum(len(line) + 2 for line in (*request, "", *head, "")) + len(body)
        return json.loads(body)  # type: ignore[no-any-return]
