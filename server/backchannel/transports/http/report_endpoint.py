"""`POST /api/report`: what a client saw of its connection. It is taken, and never in the way: nothing waits for it."""

from starlette.types import ASGIApp, Receive, Scope

from backchannel.evidence import metrics
from backchannel.protocol import codec
from backchannel.protocol.errors import CommandError
from backchannel.protocol.reports import REPORT_BODY_BYTES, Report
from backchannel.transports.http.requests import authenticated, read_body
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node

_NOTHING = b"{}"


def report_endpoint(node: Node) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, identity: Identity) -> tuple[int, bytes]:
        body, identity = await read_body(scope, receive, REPORT_BODY_BYTES, node, identity)
        try:
            now = node.context.clock()
            node.rates.check_request(identity.user_id, now, len(body))
            node.rates.check_report(identity.user_id, now)
            report: Report = codec.decode_body(body or b"{}", Report)
        except CommandError:
            metrics.reports.labels("refused").inc()
            raise
        node.evidence.reported(report, scope, identity.user_id)
        return 200, _NOTHING

    return authenticated(node, answer, REPORT_BODY_BYTES)
