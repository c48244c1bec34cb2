"""Light senders of files: each is a connection that PUTs one file, in pieces or whole.

    python -m lab.bench.files.senders < {"port": 8000, "size": …, "piece": …, "pace": …, "sends": [{"path": …, "token": …}, …]}

A process of its own. `piece`: bytes of one request. `pace`: bytes a second of each sender, 0 for as fast as it goes. The bytes go from a file in
the page cache into the socket by sendfile, so that hardly any of the machine's time is the senders' own. Prints one JSON object:
`seconds` from the first byte to the last answer, `cpu_s` of this process, `refused` answers that were no 2xx.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any, BinaryIO

SLICE_BYTES = 128 * 1024


@dataclass
class Sender:
    port: int
    size: int
    piece: int
    pace: float
    path: str
    token: str

    async def run(self, file: BinaryIO) -> int:
        """Send the file; the number of requests that were refused."""
        loop = asyncio.get_running_loop()
        refused = 0
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            began = loop.time()
            for offset in range(0, self.size, self.piece):
                length = min(self.piece, self.size - offset)
                await loop.sock_sendall(connection, self._head(offset, length))
                await self._send(connection, file, offset, length, began)
                refused += not 200 <= await _status(connection) < 300
        return refused

    def _head(self, offset: int, length: int) -> bytes:
        authorization = f"Authorization: Bearer {self.token}\r\n" if self.token else ""
        path = self.path.replace("@OFFSET@", str(offset))
        return f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}Content-Length: {length}\r\n\r\n".encode()

    async def _send(self, connection: socket.socket, file: BinaryIO, offset: int, length: int, began: float) -> None:
        loop = asyncio.get_running_loop()
        end = offset + length
        while offset < end:
            offset += await loop.sock_sendfile(connection, file, offset, min(SLICE_BYTES, end - offset), fallback=False)
            if self.pace:
                await asyncio.sleep(max(0.0, began + offset / self.pace - loop.time()))


async def _status(connection: socket.socket) -> int:
    """Read one answer to its end; its status."""
    loop = asyncio.get_running_loop()
    answer = b""
    while True:
        head, separator, body = answer.partition(b"\r\n\r\n")
        if separator:
            lines = head.decode("latin-1").lower().split("\r\n")
            lengths = [int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")]
            if len(body) >= sum(lengths):
                return int(lines[0].split()[1])
        more = await loop.sock_recv(connection, 65536)
        if not more:
            raise ConnectionError("the server closed the connection")
        answer += more


async def _run(given: dict[str, Any]) -> dict[str, Any]:
    sends = given.pop("sends")
    with tempfile.TemporaryFile() as file:
        for _ in range(0, given["size"], 2**20):
            file.write(os.urandom(2**20))
        file.flush()
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.monotonic()
        refused = await asyncio.gather(*(Sender(**given, **each).run(file) for each in sends))
        seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"seconds": seconds, "cpu_s": used.ru_utime + used.ru_stime, "refused": sum(refused)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(json.loads(sys.stdin.readline())))), flush=True)
