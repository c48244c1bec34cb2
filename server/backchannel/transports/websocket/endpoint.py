"""`GET /ws`: authenticates before the upgrade, so that an anonymous socket never exists."""

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from backchannel.evidence.classify import Reached
from backchannel.internal_error import internal_error
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import Code, CommandError
from backchannel.transports import metrics
from backchannel.transports.node import Node
from backchannel.transports.problems import problem
from backchannel.transports.websocket.asgi_link import AsgiLink
from backchannel.transports.websocket.connection import Connection
from backchannel.transports.websocket.link import EXTENSION

_WITHOUT_UPGRADE = (
    "This is the address of the WebSocket, and the request has no Upgrade: websocket. If a browser sent one, a reverse proxy "
    "removed it: let it use HTTP/1.1 to this server and forward the headers Upgrade and Connection "
    '(nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";).'
)
_log = ProcessLog("backchannel.websocket")


class WebSocketEndpoint:
    """An ASGI application for this one path."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._node.draining:
                raise CommandError(Code.UNAVAILABLE, "This server is restarting.", retry_after=1.0)
            async with self._node.admission.turn():
                identity = await self._node.authenticate(scope)
        except CommandError as error:
            await self._refuse(error, scope, receive, send)
            return
        except Exception as error:
            await self._refuse(internal_error(_log, "handshake_broke", error), scope, receive, send)
            return
        connection = Connection(identity, self._node)
        connection.evidence_row = self._node.evidence.accepted(scope, identity.user_id, connection.session_id)
        extension = scope.get("extensions", {}).get(EXTENSION)
        if extension is None:
            websocket = WebSocket(scope, receive, send)
            await websocket.accept()
            await AsgiLink(websocket).run(connection)
        else:  # from here on the server calls the connection, and this call ends
            await send({"type": "websocket.accept"})
            extension["attach"](connection)

    async def _refuse(self, error: CommandError, scope: Scope, receive: Receive, send: Send) -> None:
        self._node.evidence.refused(scope, Reached.REFUSED, error.code.status)
        await refuse(error, scope, receive, send)


async def refuse(error: CommandError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a handshake with a problem before the upgrade; on a server that cannot send one, with its 403."""
    if "websocket.http.response" in scope.get("extensions", {}):
        await problem(error)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": error.code.word})


async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a handshake at an address that has no WebSocket."""
    metrics.refused.labels("wrong_address").inc()
    _log.info("websocket_refused", reason="wrong_address", path=scope["path"])
    where = f"{scope.get('root_path', '')}/ws"
    error = CommandError(Code.NOT_FOUND, f"There is no WebSocket at this address. It is at {where}.")
    await refuse(error, scope, receive, send)


async def without_upgrade(node: Node, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request to /ws that is not a handshake: a person opened the address, or a proxy removed the Upgrade."""
    if scope["method"] not in {"GET", "HEAD"}:
        response = problem(CommandError(Code.METHOD_NOT_ALLOWED, f"{scope['method']} is not allowed at this address."))
        response.headers["Allow"] = "GET"
    else:
        node.evidence.refused(scope, Reached.NO_UPGRADE, Code.UPGRADE_REQUIRED.status)
        metrics.refused.labels("no_upgrade").inc()
        _log.info("websocket_refused", reason="no_upgrade", path=scope["path"])
        response = problem(CommandError(Code.UPGRADE_REQUIRED, _WITHOUT_UPGRADE))
        response.headers["Upgrade"] = "websocket"
        response.headers["Connection"] = "Upgrade"
    await response(scope, receive, send)
