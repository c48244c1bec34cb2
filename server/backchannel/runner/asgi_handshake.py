"""What an ASGI application and a WebSocket of ours say to each other, from the request on.

connecting ──accept──▶ accepted ──attach──▶ the peer's, by callback; the call may return
    │                      └──send, receive──▶ the standard way, for an application that knows no other
    └──a response, or close──▶ refused
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.utils import ClientDisconnected

from backchannel.protocol.frame_batch import FrameBatch
from backchannel.runner import handshake
from backchannel.runner.handshake import Request
from backchannel.runner.head import Headers
from backchannel.transports.websocket.link import EXTENSION, Link, Peer

if TYPE_CHECKING:
    from backchannel.runner.websocket import WebSocketProtocol

Application = Callable[[MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Any]

UNREAD: Final = 32
"""Messages kept for an application of the standard way before the client has to wait."""

_log = logging.getLogger("uvicorn.error")


class State(Enum):
    CONNECTING = "connecting"
    ACCEPTED = "accepted"
    ATTACHED = "attached"
    OVER = "over"


class AsgiHandshake:
    """Is the socket's peer itself where the application attaches none."""

    def __init__(self, protocol: WebSocketProtocol, request: Request, default_headers: Headers) -> None:
        self._protocol = protocol
        self._request = request
        self._default_headers = default_headers
        self._state = State.CONNECTING
        self._denial: tuple[int, Headers, bytes] | None = None
        self._unread: deque[dict[str, Any]] = deque([{"type": "websocket.connect"}])
        self._news = asyncio.Event()

    async def run(self, application: Application, scope: dict[str, Any]) -> None:
        extensions = {"websocket.http.response": {}, EXTENSION: {"attach": self.attach}}
        try:
            await application({**scope, "extensions": extensions}, self.receive, self.send)
        except ClientDisconnected:
            pass
        except Exception:
            _log.exception("Exception in ASGI application\n")
        if self._state is State.CONNECTING:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, [], b"Internal Server Error")
        elif self._state is State.ACCEPTED:
            self._protocol.close(1011, "", drop=False)

    def attach(self, peer: Peer) -> None:
        if self._state is State.OVER:  # it was lost meanwhile
            raise ClientDisconnected
        assert self._state is State.ACCEPTED
        self._state = State.ATTACHED
        self._protocol.attach(peer)

    # -- what the application says and hears

    async def send(self, message: Mapping[str, Any]) -> None:
        match self._state, message["type"]:
            case State.CONNECTING, "websocket.accept":
                self._accept(message)
            case State.CONNECTING, "websocket.close":
                self._refuse(HTTPStatus.FORBIDDEN, [], b"")
            case State.CONNECTING, "websocket.http.response.start":
                self._denial = message["status"], list(message.get("headers", [])), b""
            case State.CONNECTING, "websocket.http.response.body" if self._denial is not None:
                status, headers, body = self._denial
                self._denial = status, headers, body + message.get("body", b"")
                if not message.get("more_body", False):
                    self._refuse(*self._denial)
            case State.ACCEPTED, "websocket.send":
                self._go_on()
                await self._protocol.wait_writable()
                if message.get("text") is not None:
                    self._protocol.send(FrameBatch(message["text"].encode(), 1))
                else:
                    self._protocol.send_binary(message["bytes"])
            case State.ACCEPTED, "websocket.close":
                self._go_on()
                self._state = State.OVER
                self._protocol.close(message.get("code", 1000), message.get("reason") or "", drop=False)
            case State.OVER, _:
                raise ClientDisconnected
            case state, type_:
                raise RuntimeError(f"{type_} is out of place: the WebSocket is {state.value}")

    async def receive(self) -> dict[str, Any]:
        if self._state is State.ACCEPTED:
            self._go_on()
        while not self._unread:
            self._news.clear()
            await self._news.wait()
        if len(self._unread) == UNREAD:
            self._protocol.read_on()
        return self._unread.popleft()

    # -- what the client says, the standard way

    def open(self, link: Link) -> None: ...

    def heard(self, message: bytes, *, is_text: bool) -> None:
        self._tell({"type": "websocket.receive", **({"text": message.decode()} if is_text else {"bytes": message})})
        if len(self._unread) >= UNREAD:
            self._protocol.read_no_further()

    def fell_behind(self) -> None:
        self._protocol.close(1011, "", drop=True)

    def lost(self, code: int) -> None:
        self._state = State.OVER
        self._tell({"type": "websocket.disconnect", "code": code})

    def _tell(self, message: dict[str, Any]) -> None:
        self._unread.append(message)
        self._news.set()

    # -- the answer to the request

    def _accept(self, message: Mapping[str, Any]) -> None:
        headers = [*self._default_headers, *message.get("headers", [])]
        if message.get("subprotocol"):
            headers.append((b"sec-websocket-protocol", message["subprotocol"].encode("latin-1")))
        self._state = State.ACCEPTED
        self._protocol.answer(handshake.accepted(self._request, headers))

    def _refuse(self, status: int, headers: Headers, body: bytes) -> None:
        self._state = State.OVER
        self._protocol.refuse(handshake.refused(status, [*self._default_headers, *headers], body))

    def _go_on(self) -> None:
        """The application speaks the standard way."""
        if not self._protocol.is_attached:
            self._protocol.attach(self)
