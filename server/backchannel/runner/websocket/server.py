"""The class that uvicorn creates for a request that opens a WebSocket."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

import uvicorn
from uvicorn.protocols.utils import is_ssl
from uvicorn.server import ServerState

from backchannel.runner.addresses import local_address, remote_address
from backchannel.runner.websocket.asgi_call import AsgiCall
from backchannel.runner.websocket.handshake import Request
from backchannel.runner.websocket.protocol import FRAME_BURST, ServerProtocol
from backchannel.runner.websocket.socket_link import SocketLink


def make_websocket(
    config: uvicorn.Config,
    server_state: ServerState,
    app_state: dict[str, Any],
    _loop: object = None,
    *,
    frame_burst: float = FRAME_BURST,
) -> SocketLink:
    """uvicorn's `ws`: an asyncio protocol for one connection, to be fed the head of its request first."""

    def start_call(link: SocketLink, request: Request) -> AsgiCall:
        call = AsgiCall(link, request, list(server_state.default_headers))
        run = call.run(cast("Any", config.loaded_app), _scope(config, link, request, app_state))
        task = asyncio.get_running_loop().create_task(run)
        server_state.tasks.add(task)
        task.add_done_callback(server_state.tasks.discard)
        return call

    return SocketLink(ServerProtocol(config.ws_max_size, time.monotonic, frame_burst), server_state, start_call)


def _scope(config: uvicorn.Config, link: SocketLink, request: Request, app_state: dict[str, Any]) -> dict[str, Any]:
    root, transport = config.root_path, link.transport
    client, is_secure = link.forwarded
    return {
        "type": "websocket",
        "asgi": {"version": config.asgi_version, "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "wss" if (is_ssl(transport) if is_secure is None else is_secure) else "ws",
        "server": local_address(transport),
        "client": client or remote_address(transport),
        "root_path": root,
        "path": root + request.path,
        "raw_path": root.encode("ascii") + request.raw_path,
        "query_string": request.query,
        "headers": request.headers,
        "subprotocols": request.subprotocols,
        "state": app_state.copy(),
    }
