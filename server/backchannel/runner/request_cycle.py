"""One request and its answer, between the connection and the ASGI application.

As uvicorn's, but that the head of an answer leaves with the first piece of its body, in one write, that an answer which does not wait
for the rest of the request's body closes the connection gently, that one task at a time waits in `receive`, and that there is no access
log.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_HEADER_LINES = re.compile(rb'(?:[^\x00-\x20\x7f()<>@,;:\[\]={}\\"]+: [^\x00-\x08\x0a-\x1f\x7f]*\r\n)*')
_WITHOUT_BODY = (204, 304)


class Lingerer(Protocol):
    def linger(self) -> None:
        """Close the connection when the client has read the answer, or after a moment."""


class Signal:
    """An `asyncio.Event` for one task: it has no queue, which would cost as much as the rest of a request's state."""

    __slots__ = ("_is_set", "_waiter")

    def __init__(self) -> None:
        self._is_set = False
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        self._is_set = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def take(self) -> None:
        """Wait until it is set, and clear it. Raises RuntimeError where another task waits already."""
        if not self._is_set:
            if self._waiter is not None:
                raise RuntimeError("Another task waits for this request already.")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._is_set = False


class RequestCycle(RequestResponseCycle):
    message_event: Signal  # type: ignore[assignment]
    """More of the body came, or the answer or the connection is over."""
    protocol: Lingerer | None = None
    """None once the connection is lost."""
    _head = b""
    """Of an answer whose body has not begun."""

    async def receive(self) -> Any:
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not (self.disconnected or self.response_complete):
            self.flow.resume_reading()
            await self.message_event.take()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: Any) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start" and not self.response_started:
            self._start(message["status"], [*self.default_headers, *message.get("headers", ())])
        elif message["type"] == "http.response.body" and self.response_started and not self.response_complete:
            self._write_body(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"Unexpected ASGI message '{message['type']}'.")

    def _start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        if self.more_body and self.protocol is not None:
            self.keep_alive = False
            self.transport = cast("asyncio.Transport", _Lingering(self.transport, self.protocol))
        self.response_started = True
        self.waiting_for_100_continue = False
        lines = b"".join([b"%b: %b\r\n" % header for header in headers])
        # The count too: a value with a line's end in it would be two well-formed headers.
        if lines.count(b"\n") != len(headers) or not _HEADER_LINES.fullmatch(lines):
            raise RuntimeError("Invalid HTTP header name or value.")
        given = {name.lower(): value for name, value in headers}
        if b"content-length" in given:
            self.expected_content_length = int(given[b"content-length"])
            self.chunked_encoding = False
        elif given.get(b"transfer-encoding", b"").lower() == b"chunked":
            self.chunked_encoding = True
        elif self.scope["method"] != "HEAD" and status not in _WITHOUT_BODY:
            self.chunked_encoding = True
            lines += b"transfer-encoding: chunked\r\n"
        if b"close" in given.get(b"connection", b"").lower():
            self.keep_alive = False
        elif not self.keep_alive:
            lines += b"connection: close\r\n"
        self._head = b"%b%b\r\n" % (STATUS_LINE[status], lines)

    def _write_body(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            body = b""
        elif self.chunked_encoding:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if more else b"0\r\n\r\n")
        else:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0:
                raise RuntimeError("Response content longer than Content-Length")
        if head_and_body := self._head + body:
            self.transport.write(head_and_body)
            self._head = b""
        if more:
            return
        if self.expected_content_length:
            raise RuntimeError("Response content shorter than Content-Length")
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class _Lingering:
    """A transport that is closed gently."""

    def __init__(self, transport: asyncio.Transport, protocol: Lingerer) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = protocol.linger
