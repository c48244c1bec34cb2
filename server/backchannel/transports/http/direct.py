"""`POST /api/sync` by callback: a poll that needs no reading costs no task and no coroutine, and none while it waits.

    recall ─▶ decode ─▶ Polls.at_once ─┬─▶ answer
                                       ├─▶ wait ─▶ answer
        any of them cannot say: ASGI ◀─┴─▶ wait ─▶ hand over

Whoever is not remembered, whatever is refused and all that is read goes the way of `sync_endpoint`, which says what is wrong.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from backchannel.protocol import codec
from backchannel.protocol.errors import CommandError
from backchannel.protocol.frames import SyncRequest
from backchannel.transports.http.device import PollingDevice, Wait
from backchannel.transports.http.exchange import Reply, Taken
from backchannel.transports.http.requests import HEADERS, broken, is_json
from backchannel.transports.http.sync import Polls
from backchannel.transports.node import Node
from backchannel.transports.problems import problem

_REQUEST: Final = ("POST", "/api/sync")
_HEADERS: Final = b"".join(b"%b: %b\r\n" % header for header in HEADERS) + b"content-length: %d\r\n"


class DirectSync:
    def __init__(self, node: Node, polls: Polls) -> None:
        self._node = node
        self._polls = polls

    def wants(self, scope: Mapping[str, Any]) -> bool:
        is_poll = (scope["method"], scope["path"]) == _REQUEST and not scope["root_path"]
        return is_poll and is_json(scope)

    def __call__(self, scope: MutableMapping[str, Any], body: bytes, reply: Reply) -> Taken | None:
        try:
            identity = self._node.recall(scope)
            if identity is None:
                return None
            request: SyncRequest = codec.decode_body(body, SyncRequest)
            said = self._polls.at_once(
                request, identity, lambda device, until: _Held(device, until, self._polls, body, reply)
            )
        except CommandError:
            return None
        except Exception as error:
            broken(error, *_REQUEST)  # the application tries it once more, and says so
            return None
        if isinstance(said, bytes):
            reply.answer(200, _HEADERS % len(said), said)
            return _ANSWERED
        return said


class _Answered:
    def client_gone(self) -> None: ...


_ANSWERED: Final = _Answered()


class _Held(Wait):
    """The wait of a client that is answered by callback. `body`: what it asked."""

    __slots__ = ("_body", "_polls", "_reply")

    def __init__(self, device: PollingDevice, until: float, polls: Polls, body: bytes, reply: Reply) -> None:
        super().__init__(device, until)
        self._polls = polls
        self._body = body
        self._reply = reply

    def client_gone(self) -> None:
        self._polls.forget(self)

    def over(self) -> None:
        try:
            said = self._polls.said(self)
        except CommandError as error:
            _refuse(self._reply, error)
        except Exception as error:
            _refuse(self._reply, broken(error, *_REQUEST))
        else:
            if said is None:
                self._reply.hand_over(self._polls.rest(self, self._body))
            else:
                self._reply.answer(200, _HEADERS % len(said), said)


def _refuse(reply: Reply, error: CommandError) -> None:
    response = problem(error)
    headers = b"".join(b"%b: %b\r\n" % header for header in response.raw_headers)
    reply.answer(response.status_code, headers, bytes(response.body))
