"""`POST /api/sync` by callback: a poll that needs no reading costs no task and no coroutine, and none while it waits.

    recall ─▶ decode ─▶ Polls.at_once ─┬─▶ answer
                                       ├─▶ wait ─▶ answer
        any of them cannot say: ASGI ◀─┴─▶ wait ─▶ hand over

Whoever is not remembered, whatever is refused and all that is read goes the way of `sync_endpoint`, which says what is wrong.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Final

from backchannel.protocol import codec
from backchannel.protocol.errors import CommandError
from backchannel.protocol.frames import SyncRequest
from backchannel.transports.http.bodies import SYNC_BODY_BYTES, announces_more
from backchannel.transports.http.device import PollingDevice, Wait
from backchannel.transports.http.exchange import Reply, Taken
from backchannel.transports.http.requests import HEADERS, broken, is_json
from backchannel.transports.http.sync import Polls
from backchannel.transports.node import Node
from backchannel.transports.problems import problem
from backchannel.transports.rates import BYTES_OF_A_REQUEST

_REQUEST: Final = ("POST", "/api/sync")


class _Lines:
    """The headers of an answer as they are written."""

    def __init__(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._headers = headers
        given = {name for name, _ in HEADERS}
        of_all = (*HEADERS, *(header for header in headers if header[0] not in given))
        self.answer = _lines(of_all).replace(b"%", b"%%") + b"content-length: %d\r\n"

    def refuse(self, reply: Reply, error: CommandError) -> None:
        response = problem(error)
        given = {name for name, _ in response.raw_headers}
        of_all = (*response.raw_headers, *(header for header in self._headers if header[0] not in given))
        reply.answer(response.status_code, _lines(of_all), bytes(response.body))


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


class DirectSync:
    def __init__(self, node: Node, polls: Polls, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """`headers`: of every answer."""
        self._lines = _Lines(headers)
        self._node = node
        self._polls = polls

    def wants(self, scope: Mapping[str, Any]) -> bool:
        is_poll = (scope["method"], scope["path"]) == _REQUEST and not scope["root_path"]
        return is_poll and is_json(scope) and not announces_more(scope, SYNC_BODY_BYTES)

    def __call__(self, scope: MutableMapping[str, Any], body: bytes, reply: Reply) -> Taken | None:
        try:
            identity = self._node.recall(scope)
            if identity is None or len(body) >= BYTES_OF_A_REQUEST:  # such a one is counted before it is read
                return None
            request: SyncRequest = codec.decode_body(body, SyncRequest)
            said = self._polls.at_once(
                request, identity, lambda device, until: _Held(device, until, self._polls, body, reply, self._lines)
            )
        except CommandError:
            return None
        except Exception as error:
            broken(error, *_REQUEST)  # the application tries it once more, and says so
            return None
        if isinstance(said, bytes):
            reply.answer(200, self._lines.answer % len(said), said)
            return _ANSWERED
        return said


class _Answered:
    def client_gone(self) -> None: ...


_ANSWERED: Final = _Answered()


class _Held(Wait):
    """The wait of a client that is answered by callback. `body`: what it asked."""

    __slots__ = ("_body", "_lines", "_polls", "_reply")

    def __init__(
        self, device: PollingDevice, until: float, polls: Polls, body: bytes, reply: Reply, lines: _Lines
    ) -> None:
        super().__init__(device, until)
        self._polls = polls
        self._body = body
        self._reply = reply
        self._lines = lines

    def client_gone(self) -> None:
        self._polls.forget(self)

    def over(self) -> None:
        try:
            said = self._polls.said(self)
        except CommandError as error:
            self._lines.refuse(self._reply, error)
        except Exception as error:
            self._lines.refuse(self._reply, broken(error, *_REQUEST))
        else:
            if said is None:
                self._reply.hand_over(self._polls.rest(self, self._body))
            else:
                self._reply.answer(200, self._lines.answer % len(said), said)
