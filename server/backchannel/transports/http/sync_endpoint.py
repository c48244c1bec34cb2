"""`POST /api/sync`: the body in, the answer out."""

from starlette.types import ASGIApp, Receive, Scope

from backchannel.protocol import codec
from backchannel.protocol.frames import SyncRequest
from backchannel.transports.http.bodies import SYNC_BODY_BYTES
from backchannel.transports.http.polls import Polls
from backchannel.transports.http.requests import authenticated, read_body
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node


def sync_endpoint(node: Node, polls: Polls) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, identity: Identity) -> tuple[int, bytes]:
        body, identity = await read_body(scope, receive, SYNC_BODY_BYTES, node, identity)
        node.rates.check_request(identity.user_id, node.context.clock(), len(body))
        request: SyncRequest = codec.decode_body(body or b"{}", SyncRequest)
        return 200, await polls.answer(request, identity, receive, scope)

    return authenticated(node, answer, SYNC_BODY_BYTES)
