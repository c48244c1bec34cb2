"""`POST /api/sync` by callback: a poll that needs no reading costs no task and no coroutine, and none while it waits.

    recall ─▶ decode ─▶ Polls.at_once ─┬─▶ answer
                                       ├─▶ wait ─▶ answer
        any of them cannot say: ASGI ◀─┴─▶ wait ─▶ hand over

Whoever is not remembered, whatever is refused and all that is read goes the way of `sync_endpoint`, which says what is wrong.
"""

from collections.abc import Mapping, MutableMapping
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from backchannel.protocol import codec
from backchannel.protocol.errors import CommandError
from backchannel.protocol.frames import SyncRequest
from backchannel.transports.http.device import Wait
from backchannel.transports.http.exchange import Gone, Reply
from backchannel.transports.http.requests import HEADERS, broken, is_json
from backchannel.transports.http.sync import Polls
from backchannel.transports.node import Node
from backchannel.transports.problems import problem

_HEADERS: Final = b"".join(b"%b: %b\r\n" % header for header in HEADERS) + b"content-length: %d\r\n"


class DirectSync:
    def __init__(self, node: Node, polls: Polls) -> None:
        self._node = node
        self._polls = polls

    def wants(self, scope: Mapping[str, Any]) -> bool:
        return bool(scope["path"] == "/api/sync" and scope["method"] == "POST" and not scope["root_path"])

    def __call__(self, scope: MutableMapping[str, Any], body: bytes, reply: Reply) -> Gone | None:
        try:
            identity = self._node.recall(scope)
            if identity is None or not is_json(scope):
                return None
            request: SyncRequest = codec.decode_body(body, SyncRequest)
            until = self._polls.until(request)
            said = self._polls.at_once(request, identity, partial(self._answer, request, until, scope, reply))
        except CommandError:
            return None
        if said is None:
            return None
        if isinstance(said, bytes):
            reply.answer(200, _HEADERS % len(said), said)
            return _nothing
        return partial(self._polls.forget, said)

    def _answer(self, request: SyncRequest, until: float, scope: Mapping[str, Any], reply: Reply, wait: Wait) -> None:
        try:
            said = self._polls.said(wait)
        except CommandError as error:
            _refuse(reply, error)
        except Exception:
            _refuse(reply, broken(scope))
        else:
            if said is not None:
                reply.answer(200, _HEADERS % len(said), said)
                return
            left_s = max(0.0, until - self._node.context.clock())
            reply.hand_over(codec.encode(replace(request, wait=left_s)))


def _refuse(reply: Reply, error: CommandError) -> None:
    response = problem(error)
    headers = b"".join(b"%b: %b\r\n" % header for header in response.raw_headers)
    reply.answer(response.status_code, headers, bytes(response.body))


def _nothing() -> None: ...
