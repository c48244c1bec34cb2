"""`GET /metrics` on a listener of its own, so that the public address has none and needs no rule of a proxy to hide it.

It is no web server: it reads the head of one request, answers it and closes. It knows one path. What reaches the address may read the
metrics, which contain no names.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import prometheus_client

from backchannel.process_log import ProcessLog

HEAD_BYTES: Final = 8 * 1024
WITHIN_S: Final = 10.0
"""Seconds for a request to arrive, and for its answer to be read."""
AT_ONCE: Final = 16
"""Requests. Prometheus sends one at a time."""

_log = ProcessLog("backchannel.metrics")

Text = Callable[[], Awaitable[str]]


class MetricsListener:
    def __init__(self, sock: socket.socket, text: Text) -> None:
        """`sock` listens; several workers may share it. `text`: the metrics in the text format of Prometheus."""
        self._sock = sock
        self._text = text
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._answer, sock=self._sock, limit=HEAD_BYTES)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            async with asyncio.timeout(WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(
                    await self._response(head) if self._open <= AT_ONCE else _response(503, "Too many at once.\n")
                )
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # nobody waits for an answer, or it was no request
        except Exception:
            _log.exception("metrics_broke")
        finally:
            self._open -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _response(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in {b"GET", b"HEAD"}:
            return _response(405, "Only GET is allowed here.\n", "Allow: GET, HEAD\r\n")
        if path != b"/metrics":
            return _response(404, "The metrics are at /metrics.\n")
        answer = _response(200, await self._text(), content_type=prometheus_client.CONTENT_TYPE_LATEST)
        return answer if method == b"GET" else answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _response(status: int, text: str, more: str = "", content_type: str = "text/plain; charset=utf-8") -> bytes:
    reasons = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}
    body = text.encode()
    head = (
        f"HTTP/1.1 {status} {reasons[status]}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{more}Connection: close\r\n\r\n"
    )
    return head.encode() + body
