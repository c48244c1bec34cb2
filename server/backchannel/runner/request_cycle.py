"""One request and its answer, between the connection and the ASGI application.

As uvicorn's, but that the head of an answer leaves with the first piece of its body, in one write, that an answer which does not wait
for the rest of the request's body closes the connection gently, that one task at a time waits in `receive`, and that there is no access
log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from backchannel.runner.response_head import lines_of
from backchannel.web.refusals import refusal_headers

_WITHOUT_BODY = (204, 304)


class Lingerer(Protocol):
    def linger(self) -> None:
        """Close the connection when the client has read the answer, or after a moment."""


class Signal:
    """An `asyncio.Event` for one task: it has no queue, which would cost as much as the rest of a request's state."""

    __slots__ = ("_waiter", "is_set")

    def __init__(self) -> None:
        self.is_set = False
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        self.is_set = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def wait(self) -> asyncio.Future[None]:
        """Done when it is set. Raises RuntimeError where another task waits already."""
        if self._waiter is not None and not self._waiter.done():
            raise RuntimeError("Another task waits for this request already.")
        self._waiter = asyncio.get_running_loop().create_future()
        if self.is_set:
            self._waiter.set_result(None)
        return self._waiter


class RequestCycle:
    __slots__ = (
        "_head",
        "body",
        "chunked_encoding",
        "default_headers",
        "disconnected",
        "expected_content_length",
        "flow",
        "keep_alive",
        "logger",
        "message_event",
        "more_body",
        "on_response",
        "protocol",
        "response_complete",
        "response_started",
        "scope",
        "transport",
        "waiting_for_100_continue",
    )

    def __init__(
        self,
        scope: Any,
        transport: asyncio.Transport,
        flow: FlowControl,
        logger: logging.Logger,
        default_headers: list[tuple[bytes, bytes]],
        *,
        expect_100_continue: bool,
        keep_alive: bool,
        on_response: Callable[[], None],
    ) -> None:
        """Attributes have the names that uvicorn's protocol reads. `on_response` is called when the answer is complete."""
        self.scope = scope
        self.transport = transport
        self.flow = flow
        self.logger = logger
        self.default_headers = default_headers
        self.message_event = Signal()
        """More of the body came, or the answer or the connection is over."""
        self.on_response: Callable[[], None] | None = on_response
        """None once the application has returned."""
        self.protocol: Lingerer | None = None
        """None once the connection is lost."""
        self.disconnected = False
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = expect_100_continue
        self.body: bytes | bytearray = b""
        """Bytes that arrived and that the application has not received yet."""
        self.more_body = True
        self.response_started = False
        self.response_complete = False
        self.chunked_encoding = False
        self.expected_content_length = 0
        self._head = b""
        """The head of an answer whose body has not begun."""

    async def run_asgi(self, application: Any) -> None:
        """Have the application answer; answer 500 where it does not, or close a connection on which it has begun to."""
        try:
            await application(self.scope, self.receive, self.send)
            is_answered = self.response_complete or self.disconnected
            if not is_answered:
                self.logger.error("The ASGI application returned without a complete answer.")
        except BaseException:
            is_answered = False
            self.logger.exception("Exception in the ASGI application")
        if not is_answered and self.response_started:
            self.transport.close()
        elif not is_answered:
            await self._send_500()
        self.on_response = None  # breaks a reference cycle

    async def _send_500(self) -> None:
        body = b"Internal Server Error"
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            *refusal_headers(self.scope),
        ]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def add_to_body(self, piece: bytes) -> None:
        if not self.body:  # most bodies are one piece
            self.body = piece
        else:
            if isinstance(self.body, bytes):
                self.body = bytearray(self.body)
            self.body += piece

    async def receive(self) -> Any:
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not (self.disconnected or self.response_complete):
            if self.flow.read_paused:
                self.flow.resume_reading()
            if not self.message_event.is_set:
                await self.message_event.wait()
            self.message_event.is_set = False
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), b""
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
        lines, at = lines_of(headers)
        if at.length is not None:
            self.expected_content_length = int(headers[at.length][1])
            self.chunked_encoding = False
        elif at.coding is not None and headers[at.coding][1].lower() == b"chunked":
            self.chunked_encoding = True
        elif self.scope["method"] != "HEAD" and status not in _WITHOUT_BODY:
            self.chunked_encoding = True
            lines += b"transfer-encoding: chunked\r\n"
        if at.connection is not None and b"close" in headers[at.connection][1].lower():
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
        if self.on_response is not None:
            self.on_response()


class _Lingering:
    """A transport that is closed gently."""

    def __init__(self, transport: asyncio.Transport, protocol: Lingerer) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = protocol.linger
