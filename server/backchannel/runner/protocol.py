"""uvicorn's HTTP/1.1, with limits it lacks, and a way past ASGI for requests that can be answered by callback.

    headers ─▶ wanted by `direct`? ──no──▶ ASGI
                     └─yes─▶ body ─▶ taken? ──no──▶ ASGI
                              ▲        └─yes─▶ answer, or hand_over ─▶ ASGI
    the same head again ──────┘

Who polls sends the same head again and again, byte for byte, and only another body. Where that comes in one piece, it is not
parsed anew: it means what it meant before.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import is_ssl

from backchannel.runner.addresses import local_address, remote_address
from backchannel.transports.http.exchange import Direct, Taken

HEADERS_WITHIN_S = 10.0
HEADER_BYTES = 64 * 1024


class GuardedHttpProtocol(HttpToolsProtocol):
    """Cuts a connection whose headers take too long, or too much.

    Without it, connections that send a byte now and then are held for ever, at no cost to who opens them.
    """

    def __init__(self, *args: Any, direct: Direct | None = None, **named: Any) -> None:
        super().__init__(*args, **named)
        self._direct = direct
        self._wants_body = False
        """The request is brought to `direct` once its body is there."""
        self._answering: RequestResponseCycle | None = None
        """What `direct` was asked and has not answered."""
        self._taken: Taken | None = None
        self._is_between_requests = True
        self._piece = b""
        """What is being parsed, where a request begins with it."""
        self._head = b""
        """Of the last request, where `direct` took it and it came in one piece with its body."""
        self._length = 0
        """Of the head with its body."""
        self._expecting = False
        self._headers_due: asyncio.TimerHandle | None = None
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's, but for how addresses are asked for, and that nothing is traced."""
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        self.server = local_address(transport)
        self.client = remote_address(transport)
        self.scheme = "https" if is_ssl(transport) else "http"
        self._expecting = True
        self._set_timer()

    def data_received(self, data: bytes) -> None:
        if self._head:
            if len(data) == self._length and data.startswith(self._head) and self.cycle.response_complete:
                self._begin_again(data[len(self._head) :])
                return
            self._head = b""
        self._piece = data if self._is_between_requests else b""
        if self._expecting:
            self._header_bytes += len(data)
        super().data_received(data)
        self._piece = b""
        if self._expecting:
            if self._header_bytes > HEADER_BYTES:
                self._cut()
            elif self._headers_due is None:
                self._set_timer()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_between_requests = False
        if not self._expecting:
            self._expecting = True
            self._header_bytes = 0

    def on_headers_complete(self) -> None:
        self._stop_expecting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self._wants_body and len(self.cycle.body) > HIGH_WATER_LIMIT:
            self._wants_body = False
            super()._start_asgi_task(self.cycle, self.app)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_between_requests = True
        if self._wants_body:
            self._wants_body = False
            self._take(self.cycle)

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        # It knows us as we know it: together they would stay until the next full collection.
        self.parser = None  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        super().connection_lost(exc)
        taken, self._taken, self._answering = self._taken, None, None
        if taken is not None:
            taken.client_gone()
        if self.cycle is not None:
            self.cycle.on_response = _nothing  # it knows us as we know it

    # -- what is answered by callback

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # A request that waited behind another has its body already. It goes the long way, as does one that wants to be told to
        # go on: so that no number of them is answered in one go.
        is_first = cycle is self.cycle and cycle.more_body and not cycle.waiting_for_100_continue
        if self._direct is not None and app is self.app and is_first and self._direct.wants(cycle.scope):
            self._wants_body = True
        else:
            super()._start_asgi_task(cycle, app)

    def _take(self, cycle: RequestResponseCycle) -> None:
        assert self._direct is not None
        self._answering = cycle
        # Who does not take what was said is not told more: the application waits for them.
        scope: Any = cycle.scope
        taken = None if self.flow.write_paused else self._direct(scope, bytes(cycle.body), self)
        if taken is None:
            self._ask_application()
            return
        if self._piece:
            self._remember_head(cycle)
        if self._answering is not None:
            self._taken = taken

    def _remember_head(self, cycle: RequestResponseCycle) -> None:
        head = self._piece[: self._piece.find(b"\r\n\r\n") + 4]
        # Otherwise another request follows, or the body came in chunks.
        if cycle.keep_alive and len(head) + len(cycle.body) == len(self._piece):
            self._head, self._length = head, len(self._piece)

    def _begin_again(self, body: bytes) -> None:
        """The last request once more, with another body."""
        self._unset_keepalive_if_required()
        cycle = self.cycle
        cycle.body = bytearray(body)
        cycle.response_started = cycle.response_complete = False
        self._take(cycle)

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        cycle, self._answering, self._taken = self._answering, None, None
        assert cycle is not None
        lines = [
            STATUS_LINE[status],
            *(b"%b: %b\r\n" % header for header in self.server_state.default_headers),
            headers,
        ]
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
        self.transport.write(b"".join((*lines, b"\r\n", body)))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def hand_over(self, body: bytes) -> None:
        assert self._answering is not None
        self._answering.body = bytearray(body)
        self._ask_application()

    def _ask_application(self) -> None:
        cycle, self._answering, self._taken = self._answering, None, None
        assert cycle is not None
        self._head = b""  # what the application makes of the request's scope is not known
        cycle.message_event.set()
        super()._start_asgi_task(cycle, self.app)

    # -- limits

    def _set_timer(self) -> None:
        self._headers_due = self.loop.call_later(HEADERS_WITHIN_S, self._cut)

    def _stop_expecting(self) -> None:
        self._expecting = False
        self._header_bytes = 0
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _cut(self) -> None:
        self._stop_expecting()
        self.transport.abort()


def _nothing() -> None: ...
