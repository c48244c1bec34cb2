"""`GET /ws`: who speaks is settled before the upgrade, so that an anonymous socket never exists."""

import structlog
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from backchannel.internal_error import internal_error
from backchannel.protocol.errors import Code, CommandError
from backchannel.transports.node import Node
from backchannel.transports.problems import problem
from backchannel.transports.websocket.asgi_link import AsgiLink
from backchannel.transports.websocket.connection import Connection
from backchannel.transports.websocket.link import EXTENSION

_log = structlog.get_logger("backchannel.websocket")


class WebSocketEndpoint:
    """An ASGI application for the one path."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._node.draining:
                raise CommandError(Code.UNAVAILABLE, "This server is restarting.", retry_after=1.0)
            async with self._node.admission.turn():
                identity = await self._node.authenticate(scope)
        except CommandError as error:
            await problem(error)(scope, receive, send)
            return
        except Exception as error:
            await problem(internal_error(_log, "handshake_broke", error))(scope, receive, send)
            return
        extension = scope.get("extensions", {}).get(EXTENSION)
        if extension is None:
            websocket = WebSocket(scope, receive, send)
            await websocket.accept()
            await AsgiLink(websocket).run(Connection(identity, self._node))
        else:  # the server calls from here on, and this call ends
            await send({"type": "websocket.accept"})
            extension["attach"](Connection(identity, self._node))
