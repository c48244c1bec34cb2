"""The ASGI call that answers a WebSocket handshake.

    CONNECTING ── accept ──▶ ACCEPTED ── attach ────────▶ ATTACHED   the peer has the socket, the call may return
        │                       └─────── send, receive ─▶ STANDARD   for an application that does not know the extension
        └─ a response, or close ─▶ OVER ◀── close, or the connection is lost ── any

| input            | CONNECTING | ACCEPTED   | STANDARD   | ATTACHED | OVER         |
|------------------|------------|------------|------------|----------|--------------|
| accept           | ACCEPTED   | error      | error      | error    | disconnected |
| response         | OVER       | error      | error      | error    | disconnected |
| close            | OVER (403) | OVER       | OVER       | error    | disconnected |
| send             | error      | STANDARD   | is sent    | error    | disconnected |
| receive          | connect    | STANDARD   | the next message, then the disconnect | waits | the disconnect |
| attach           | error      | ATTACHED   | error      | error    | disconnected |
| the call returns | OVER (500) | OVER, 1011 | OVER, 1011 | –        | –            |

error is a RuntimeError, disconnected uvicorn's `ClientDisconnected`, both raised to the application.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.utils import ClientDisconnected

from backchannel.protocol.frame_batch import FrameBatch
from backchannel.runner.head import Headers
from backchannel.runner.websocket import handshake
from backchannel.runner.websocket.handshake import Request
from backchannel.runner.websocket.socket_link import SocketLink
from backchannel.transports.websocket.link import EXTENSION, Link, Peer

Application = Callable[[MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Any]

UNREAD: Final = 32
"""Messages queued for a standard application before the socket is no longer read."""
INTERNAL_ERROR: Final = 1011

_log = logging.getLogger("uvicorn.error")


class State(Enum):
    CONNECTING = "connecting"
    ACCEPTED = "accepted"
    STANDARD = "accepted, in standard use"
    ATTACHED = "attached"
    OVER = "over"


class AsgiCall:
    """The link's peer until the application attaches another, and for good if it never does."""

    def __init__(self, link: SocketLink, request: Request, default_headers: Headers) -> None:
        self._link = link
        self._request = request
        self._default_headers = default_headers
        self._state = State.CONNECTING
        self._response: tuple[int, Headers, bytes] | None = None
        """The response that the application is sending instead of accepting, as far as it has come: status, headers, body."""
        self._unread: deque[dict[str, Any]] = deque([{"type": "websocket.connect"}])
        self._readable = asyncio.Event()

    async def run(self, application: Application, scope: dict[str, Any]) -> None:
        extensions = {"websocket.http.response": {}, EXTENSION: {"attach": self.attach}}
        try:
            await application({**scope, "extensions": extensions}, self.receive, self.send)
        except ClientDisconnected:
            pass
        except Exception:
            _log.exception("Exception in ASGI application\n")
        if self._state is State.CONNECTING:
            self._reject(HTTPStatus.INTERNAL_SERVER_ERROR, [], b"Internal Server Error")
        elif self._state in (State.ACCEPTED, State.STANDARD):
            self._link.close(INTERNAL_ERROR, "", drop=False)

    # -- called by the application

    def attach(self, peer: Peer) -> None:
        """Hand the socket to `peer`. Raises `ClientDisconnected`, or RuntimeError before accept and after another use."""
        if self._state is State.OVER:
            raise ClientDisconnected
        if self._state is not State.ACCEPTED:
            raise self._out_of_place("attach")
        self._state = State.ATTACHED
        self._link.attach(peer)

    async def send(self, message: Mapping[str, Any]) -> None:
        match self._state, message["type"]:
            case State.CONNECTING, "websocket.accept":
                self._accept(message)
            case State.CONNECTING, "websocket.close":
                self._reject(HTTPStatus.FORBIDDEN, [], b"")
            case State.CONNECTING, "websocket.http.response.start":
                self._response = message["status"], list(message.get("headers", [])), b""
            case State.CONNECTING, "websocket.http.response.body" if self._response is not None:
                status, headers, body = self._response
                self._response = status, headers, body + message.get("body", b"")
                if not message.get("more_body", False):
                    self._reject(*self._response)
            case State.ACCEPTED | State.STANDARD, "websocket.send":
                self._attach_itself()
                await self._link.wait_writable()
                if message.get("text") is not None:
                    self._link.send(FrameBatch(message["text"].encode(), 1))
                else:
                    self._link.send_binary(message["bytes"])
            case State.ACCEPTED | State.STANDARD, "websocket.close":
                self._attach_itself()
                self._state = State.OVER
                self._link.close(message.get("code", 1000), message.get("reason") or "", drop=False)
            case State.OVER, _:
                raise ClientDisconnected
            case _, type_:
                raise self._out_of_place(type_)

    async def receive(self) -> dict[str, Any]:
        self._attach_itself()
        while not self._unread:
            self._readable.clear()
            await self._readable.wait()
        if len(self._unread) == UNREAD:
            self._link.resume_reading()
        return self._unread.popleft()

    # -- called by the link

    def open(self, link: Link) -> None: ...

    def message_received(self, message: bytes, *, is_text: bool) -> None:
        self._queue({"type": "websocket.receive", **({"text": message.decode()} if is_text else {"bytes": message})})
        if len(self._unread) >= UNREAD:
            self._link.pause_reading()

    def fell_behind(self) -> None:
        self._link.close(INTERNAL_ERROR, "", drop=True)

    def lost(self, code: int) -> None:
        self._state = State.OVER
        self._queue({"type": "websocket.disconnect", "code": code})

    # -- below

    def _queue(self, message: dict[str, Any]) -> None:
        self._unread.append(message)
        self._readable.set()

    def _accept(self, message: Mapping[str, Any]) -> None:
        headers = [*self._default_headers, *message.get("headers", [])]
        if message.get("subprotocol"):
            headers.append((b"sec-websocket-protocol", message["subprotocol"].encode("latin-1")))
        self._state = State.ACCEPTED
        self._link.accept(handshake.accepted(self._request, headers))

    def _reject(self, status: int, headers: Headers, body: bytes) -> None:
        self._state = State.OVER
        self._link.reject(handshake.refused(status, [*self._default_headers, *headers], body))

    def _attach_itself(self) -> None:
        """The first standard send or receive after accept: read on, as its own peer."""
        if self._state is State.ACCEPTED:
            self._state = State.STANDARD
            self._link.attach(self)

    def _out_of_place(self, what: str) -> RuntimeError:
        return RuntimeError(f"{what} is out of place: the WebSocket is {self._state.value}")
