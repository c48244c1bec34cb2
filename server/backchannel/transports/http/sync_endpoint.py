"""`POST /api/sync` as ASGI has it: the body in, the answer out, and word of a client that has gone meanwhile."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope

from backchannel.protocol import codec
from backchannel.protocol.frames import SyncRequest
from backchannel.transports.http.bodies import SYNC_BODY_BYTES
from backchannel.transports.http.requests import authenticated, read_body
from backchannel.transports.http.sync import Polls, Watch
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node


def sync_endpoint(node: Node, polls: Polls) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, identity: Identity) -> tuple[int, bytes]:
        body = await read_body(scope, receive, SYNC_BODY_BYTES)
        node.rates.check_request(identity.user_id, node.context.clock(), len(body))
        asked: SyncRequest = codec.decode_body(body or b"{}", SyncRequest)
        return 200, await polls.answer(asked, identity, _watching(receive))

    return authenticated(node, answer, SYNC_BODY_BYTES)


def _watching(receive: Receive) -> Watch:
    def watch(gone: Callable[[], None]) -> Callable[[], object]:
        task = asyncio.ensure_future(_disconnected(receive))
        task.add_done_callback(lambda task: None if task.cancelled() else gone())
        return task.cancel

    return watch


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
