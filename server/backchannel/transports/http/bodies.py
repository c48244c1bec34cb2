"""Refuses bodies that are too large as soon as that is known, before they have arrived, and so that the client gets the refusal."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import Limits
from backchannel.transports.problems import problem

PAGE_BODY_BYTES: Final = 256 * 1024
"""The limit of a request's body to one of Django's pages, in bytes. A route for uploads has its own limit."""
SYNC_BODY_BYTES: Final = 1024 * 1024
UPLOAD_BODY_BYTES: Final = Limits().upload_chunk
"""A piece of a file."""
LINGER_S: Final = 2.0
"""For so long what still comes of a refused body is taken and thrown away: closing at once resets the connection, and a client that
is busy sending would never read why."""


class BodyTooLarge(CommandError):
    """413. Nothing of the body is kept, and the connection is closed behind the answer."""

    def __init__(self, at_most: int, *, more: bool = True) -> None:
        super().__init__(Code.TOO_LARGE, f"A body holds {at_most} bytes at most.")
        self.more = more
        """Something of it may still come."""


def announces_more(scope: Mapping[str, Any], at_most: int) -> bool:
    """Does Content-Length say so?"""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return bool(value.isdigit() and (len(value) > 18 or int(value) > at_most))
    return False


def announced_bytes(scope: Mapping[str, Any]) -> int:
    """The value of Content-Length; 0 without one."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and len(value) <= 18:
            return int(value)
    return 0


def check_announced(scope: Mapping[str, Any], at_most: int) -> None:
    """Raises BodyTooLarge where Content-Length says more."""
    if announces_more(scope, at_most):
        raise BodyTooLarge(at_most)


async def refuse_body(error: BodyTooLarge, receive: Receive, send: Send) -> None:
    """Send the complete 413 first, then take and drop the rest of the body for a moment, then close: a reset would overtake the answer."""
    response = problem(error)
    headers = [*response.raw_headers, (b"connection", b"close")]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    try:
        async with asyncio.timeout(LINGER_S):
            more = error.more
            while more:
                message = await receive()
                more = message["type"] == "http.request" and message.get("more_body", False)
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class BodyLimit:
    """Wraps an application with a limit for bodies, counted as they arrive. Beyond it the application's own response is discarded."""

    def __init__(self, application: ASGIApp, at_most: int = PAGE_BODY_BYTES) -> None:
        self._application = application
        self._at_most = at_most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        counted = _Counted(receive, send, self._at_most)
        try:
            check_announced(scope, self._at_most)
            await self._application(scope, counted.receive, counted.send)
        except BodyTooLarge as error:
            if counted.has_answered:
                raise  # cut: the answer that has begun is not to be taken for a whole one
            counted.error = error
        if counted.error is not None and not counted.has_answered:
            await refuse_body(counted.error, receive, send)


class _Counted:
    """The two ends of a request whose body is counted."""

    def __init__(self, receive: Receive, send: Send, at_most: int) -> None:
        self._receive = receive
        self._send = send
        self._left = self._at_most = at_most
        self.has_answered = False
        self.error: BodyTooLarge | None = None

    async def receive(self) -> Message:
        if self.error is not None:
            raise self.error
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.error = BodyTooLarge(self._at_most, more=message.get("more_body", False))
                raise self.error
        return message

    async def send(self, message: Message) -> None:
        if self.error is not None and not self.has_answered:
            return  # whatever it makes of that error, the client gets the refusal
        self.has_answered = True
        await self._send(message)
