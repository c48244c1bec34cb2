"""Thousands of light clients of one node, who come back by the protocol's book: over WebSocket, by cursor, with full jitter.

    python -m lab.bench.storm.clients PORT < {"tokens": […], "room": 1}

A process of its own: commands are lines on stdin, answers are lines of JSON on stdout:

    enter                 everybody connects, as newcomers; answers when all are in full service
    lost                  the node is about to go: from now on the clock runs; answers when all are in full service again
    check                 what every client has seen of the room, against what was acked

"In full service": caught up, and a message that was sent afterwards has arrived. Such messages are sent into the room of all,
one after the other, each with an id of its own until it is acked, over HTTP.

Longer than 300 lines: client, its two transports and the crowd share one state, and the program runs alone.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import resource
import sys
import time
from collections import Counter
from http.client import HTTPException
from statistics import quantiles
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from uuid import uuid4

import msgspec
import uvloop

MARK_EVERY_S = 0.5
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 30.0
SAMPLE_EVERY_S = 0.02


class Frame(msgspec.Struct):
    """As much of a frame as a cursor needs."""

    type: str
    room_id: int = 0
    seq: int = 0
    epoch: str = ""
    user_version: int = 0
    retry_after_ms: int = 0
    rooms: list[dict[str, Any]] = []


_frames = msgspec.json.Decoder(list[Frame]).decode
_frame = msgspec.json.Decoder(Frame).decode


class Crowd:
    """All clients. `began`: when the clock was started; `back`: seconds until each was in full service, by client."""

    def __init__(self, port: int, tokens: list[str], room: int) -> None:
        self.port = port
        self.room = room
        self.clients = [Client(self, token) for token in tokens]
        self.marker = Marker(port, tokens[0], room)
        self.began = time.monotonic()
        self.back: dict[Client, float] = {}
        self.all_back = asyncio.Event()
        self.closes: Counter[int] = Counter()
        self.resets = 0
        self.late: list[float] = []

    def begin(self) -> None:
        """Nobody is in full service from now on."""
        self.began = time.monotonic()
        self.back.clear()
        self.closes.clear()
        self.all_back.clear()
        self.late.clear()
        for client in self.clients:  # what still arrives on an old link serves nobody
            client.is_served = client.is_caught_up = False

    def serves(self, client: Client) -> None:
        self.back[client] = time.monotonic() - self.began
        if len(self.back) == len(self.clients):
            self.all_back.set()

    def figures(self) -> dict[str, Any]:
        times = sorted(self.back.values())
        late = quantiles(self.late, n=100) if len(self.late) > 1 else [0.0] * 99
        return {
            "clients": len(self.clients),
            "back": len(times),
            "s_50": round(times[len(times) // 2], 2),
            "s_95": round(times[int(len(times) * 0.95) - 1], 2),
            "s_100": round(times[-1], 2),
            "closes": dict(self.closes),
            "ack_ms_max": round(self.marker.slowest_s * 1000),
            "load_lag_ms_p99": round(late[98] * 1000, 1),
        }

    async def watch_self(self) -> None:
        """How late this process is itself: what it measures is no better than that."""
        while True:
            due = time.monotonic() + SAMPLE_EVERY_S
            await asyncio.sleep(SAMPLE_EVERY_S)
            self.late.append(max(0.0, time.monotonic() - due))


class Client(asyncio.Protocol):
    """One tab. `cursors`: room → the last seq applied; what is at or below one is a double, what jumps is a gap."""

    def __init__(self, crowd: Crowd, token: str) -> None:
        self._crowd = crowd
        self._token = token
        self._instance = str(uuid4())
        self._transport: Any = None
        self._buffer = b""
        self._upgraded = False
        self._retry_after: float | None = None
        self._failures = 0
        self.epoch = ""
        self.user_version = 0
        self.cursors: dict[int, int] = {}
        self.doubles = self.gaps = self.resets = 0
        self.is_caught_up = self.is_served = False

    # -- the link

    async def connect(self) -> None:
        self._buffer, self._upgraded, self.is_caught_up, self._retry_after = b"", False, False, None
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._crowd.port)
        except OSError:
            self._crowd.closes[0] += 1
            self._come_back()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self._crowd.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {self._token}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.is_caught_up = False
        self._come_back()

    def _come_back(self) -> None:
        """In its slot where one was given; else with full jitter under a ceiling that doubles."""
        if self._retry_after is None:
            ceiling = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2**self._failures)
            self._retry_after = random.uniform(0, ceiling)
            self._failures += 1
        loop = asyncio.get_running_loop()
        loop.call_later(self._retry_after, lambda: loop.create_task(self.connect()))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded and not self._upgrade():
            return
        while (message := self._next_message()) is not None:
            opcode, body = message
            if opcode == 1:
                for frame in _frames(body) if body[:1] == b"[" else (_frame(body),):
                    self._hear(frame)
            elif opcode == 8 and self._transport is not None:
                self._crowd.closes[int.from_bytes(body[:2], "big")] += 1
                self._write(body[:2], 8)
                self._transport.close()

    def _upgrade(self) -> bool:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end or self._transport is None:
            return False
        status = int(head.split(b" ", 2)[1])
        if status != 101:
            self._crowd.closes[status] += 1
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"retry-after:"):
                    self._retry_after = float(line[12:]) * random.uniform(1, 2)
            self._transport.close()
            return False
        self._upgraded, self._buffer = True, rest
        hello: dict[str, Any] = {
            "type": "hello", "protocol": 1, "client": {"name": "storm", "version": "1", "instance": self._instance},
        }  # fmt: skip
        if self.epoch:
            rooms = {str(room): seq for room, seq in self.cursors.items()}
            hello["resume"] = {"epoch": self.epoch, "user_version": self.user_version, "rooms": rooms}
        self._write(json.dumps(hello).encode())
        return True

    def _next_message(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, at = buffer[1], 2
        if size == 126:
            size, at = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < at + size:
            return None
        self._buffer = buffer[at + size :]
        return buffer[0] & 15, buffer[at : at + size]

    def _write(self, body: bytes, opcode: int = 1) -> None:
        # The mask is zeros, which is a mask as any other.
        size = len(body)
        head = bytes([128 | opcode, 128 | size]) if size < 126 else bytes([128 | opcode, 254]) + size.to_bytes(2, "big")
        if self._transport is not None:
            self._transport.write(head + b"\0\0\0\0" + body)

    # -- what is said

    def _hear(self, frame: Frame) -> None:
        match frame.type:
            case "hello":
                self.epoch, self._failures = frame.epoch, 0
                if not self.user_version:
                    self.user_version = frame.user_version
            case "room_list":
                self.user_version = frame.user_version
                for room in frame.rooms:
                    self.cursors.setdefault(room["id"], room["seq"])
            case "room_reset":
                self.resets += 1
                self.cursors[frame.room_id] = frame.seq
            case "caught_up":
                self.is_caught_up = True
            case "ping":
                self._write(b'{"type":"pong"}')
            case "going_away":
                self._retry_after = frame.retry_after_ms / 1000
            case "message_created":
                self._apply(frame)

    def _apply(self, frame: Frame) -> None:
        cursor = self.cursors.get(frame.room_id, 0)
        self.doubles += frame.seq <= cursor
        self.gaps += frame.seq > cursor + 1
        self.cursors[frame.room_id] = max(cursor, frame.seq)
        if self.is_caught_up and not self.is_served and frame.room_id == self._crowd.room:
            self.is_served = True
            self._crowd.serves(self)


class Marker:
    """Sends into the room of all, and knows what was acked."""

    def __init__(self, port: int, token: str, room: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/rooms/{room}/messages"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.acked: dict[int, str] = {}
        self.slowest_s = 0.0

    async def send_for_ever(self) -> None:
        """One after the other; each is tried until it is acked."""
        while True:
            id_, began, tries = str(uuid4()), time.monotonic(), 0
            while (seq := await asyncio.to_thread(self._send, id_)) is None:
                tries += 1
                await asyncio.sleep(0.1)
            if not tries:
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self.acked[seq] = id_
            await asyncio.sleep(MARK_EVERY_S)

    def _send(self, id_: str) -> int | None:
        body = json.dumps({"id": id_, "content": f"Mark {id_}"}).encode()
        try:
            with urlopen(Request(self._url, body, self._headers, method="POST"), timeout=30) as answer:
                return int(json.loads(answer.read())["message"]["seq"])
        except (HTTPError, URLError, HTTPException, OSError):
            return None


async def serve(port: int, tokens: list[str], room: int) -> None:
    """Do what the lines on stdin say."""
    loop = asyncio.get_running_loop()
    crowd = Crowd(port, tokens, room)
    tasks = [loop.create_task(crowd.watch_self())]
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        answer: dict[str, Any] = {}
        if line == "enter":
            crowd.begin()
            tasks.append(loop.create_task(crowd.marker.send_for_ever()))
            for at in range(0, len(crowd.clients), 50):
                await asyncio.gather(*(client.connect() for client in crowd.clients[at : at + 50]))
                await asyncio.sleep(0.02)
            await crowd.all_back.wait()
            answer = crowd.figures()
        elif line == "lost":
            crowd.begin()
            crowd.marker.slowest_s = 0.0
            print(json.dumps({}), flush=True)
            await crowd.all_back.wait()
            answer = crowd.figures()
        elif line == "check":
            answer = await _check(crowd)
        print(json.dumps(answer), flush=True)
    for task in tasks:
        task.cancel()


async def _check(crowd: Crowd) -> dict[str, Any]:
    """Everybody has every acked message, once; waits until the last one has arrived."""
    head, behind = max(crowd.marker.acked), 0
    for _ in range(200):
        behind = sum(client.cursors[crowd.room] < head for client in crowd.clients)
        if not behind:
            break
        await asyncio.sleep(0.05)
    return {
        "acked": len(crowd.marker.acked),
        "behind": behind,
        "gaps": sum(client.gaps for client in crowd.clients),
        "doubles": sum(client.doubles for client in crowd.clients),
        "resets": sum(client.resets for client in crowd.clients),
    }


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asked = json.loads(sys.stdin.readline())
    uvloop.run(serve(int(sys.argv[1]), asked["tokens"], asked["room"]))
