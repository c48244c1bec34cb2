"""HTTP/1.1 on one connection: llhttp's parser and uvicorn's request cycle, with the limits and refusals they lack.

    headers ─▶ checked ─▶ ASGI
                  ├─ opens a WebSocket ─▶ `websocket/`
                  ├─ offers another protocol ─▶ parsed again, without the offer
                  └─ refused ─▶ answered and closed; nothing that follows is parsed

The limits are in `head.py` (size of a head), `body_pace.py` (time for a body) and `connection_limit.py`. A response that did not wait
for the whole body ends the connection with a linger: what the client still sends is read and dropped for a moment, because a reset
would overtake the response.

Received bytes are parsed in slices, one in each turn of the loop, and not while requests wait: thousands of small requests fit into
one read, and every other client would wait for them. Reading goes on while they wait, up to `HELD_BYTES`: only who reads learns that
the client is gone.

Over 300 lines because llhttp's callbacks, the slices and the refusals share the state of the parser.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import is_ssl

from backchannel.runner.addresses import local_address, remote_address
from backchannel.runner.body_pace import Pace
from backchannel.runner.connection_limit import ConnectionLimit, Slot
from backchannel.runner.head import HEAD_BYTES, Header, Offer, Refused, bad, too_large, without_offer, written
from backchannel.runner.idle_timer import IdleTimer
from backchannel.runner.request_cycle import RequestCycle
from backchannel.runner.request_head import Head, read
from backchannel.runner.trusted_proxies import DIRECT, Forwarded
from backchannel.web.refusals import refusal_headers

HEADERS_WITHIN_S = 10.0
SLICE_BYTES = 4096
"""Parsed in one turn of the loop: about a hundred of the smallest requests, which takes some milliseconds."""
HELD_BYTES: Final = 64 * 1024
"""Read and not parsed while requests wait. Beyond it a client that is gone is noticed only when the request before is answered."""
LINGER_S = 2.0
"""Time for a client to stop sending after the last response."""

_SCHEMES: Final = {False: "http", True: "https"}
_Sent = tuple[bytes, str, bytes, tuple[Header, ...]]
"""Method, version, target and headers."""


class GuardedHttpProtocol(HttpToolsProtocol):
    cycle: Any
    """`RequestCycle` of the request whose head came last; None before the first. It may wait in `pipeline`."""
    flow: _Flow
    """Set when the connection is made."""
    _idle: IdleTimer
    """Runs from the end of a response until something is received. Set when the connection is made."""
    parser: Any
    """None once the connection is lost or became a WebSocket."""

    def __init__(self, *args: Any, connection_limit: ConnectionLimit | None = None, **named: Any) -> None:
        super().__init__(*args, **named)
        self._connection_limit = connection_limit
        self._slot: Slot | None = None
        self._is_proxied = False
        self._is_between_requests = True
        self._offer = Offer.NONE
        self._last_head: tuple[_Sent, Head, Forwarded] | None = None
        """The last head without an offer, and what was read from it. Clients that keep a connection send equal heads again and again."""
        self._forwarded = DIRECT
        """The forwarded client of the request that began last."""
        self._is_without_offer = False
        """The next head is being parsed again, without its offer of another protocol."""
        self._expecting = False
        """A head has begun or is awaited."""
        self._headers_due: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._pace: Pace | None = None
        """The pace of a body that did not arrive with its head."""
        self._refusal: Refused | None = None
        """To be sent after the responses to earlier requests."""
        self._is_discarding = False
        """Received bytes are discarded."""
        self._lingering: asyncio.TimerHandle | None = None
        self._answering: RequestCycle | None = None
        """The request that the application was given last."""
        self._rest = bytearray()
        """Received and not parsed yet."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's, except for how addresses are read, and without trace logging."""
        self.connections.add(self)
        self.transport = transport
        self.flow = _Flow(transport)
        self._idle = IdleTimer(self.loop, self.timeout_keep_alive, transport)
        self.server = local_address(transport)
        self.client = remote_address(transport)
        self.scheme = "https" if is_ssl(transport) else "http"
        self._expecting = True
        if self._connection_limit is not None:
            host = self.client[0] if self.client else None
            self._is_proxied = self._connection_limit.proxies.trusts(host)
            if host is not None and not self._is_proxied:
                try:
                    self._slot = self._connection_limit.enter(host)
                except Refused as refused:
                    return self._refuse(refused)
        self._set_timer()
        return None

    def data_received(self, data: bytes) -> None:
        if self._is_discarding:
            return
        if self._rest or self.pipeline:
            self._rest += data
            self._hold()
        elif len(data) > SLICE_BYTES:
            self._rest += data
            self._parse_slice()
        else:
            self._parse(data)

    def _parse_slice(self) -> None:
        """Parse the next slice. The one after it follows in another turn of the loop, when no request waits."""
        if self._is_discarding or self.parser is None or self.pipeline or self.transport.is_closing():
            return
        piece = bytes(self._rest[:SLICE_BYTES])
        del self._rest[:SLICE_BYTES]
        self._parse(piece)
        if self.parser is None:  # it is a WebSocket now
            return
        self._schedule_next_slice()
        if self.cycle is None or len(self.cycle.body) <= HIGH_WATER_LIMIT:
            self.flow.resume_reading()

    def _schedule_next_slice(self) -> None:
        """Schedule the next slice, if there is one and no request waits."""
        self._hold()
        if self._rest and not self.pipeline:
            self.loop.call_soon(self._parse_slice)

    def _hold(self) -> None:
        """Pause reading while slices are parsed, which takes a few turns of the loop, and where too much waits behind a request."""
        self.flow.hold(len(self._rest) > (HELD_BYTES if self.pipeline else 0))

    def _parse(self, data: bytes) -> None:
        self._idle.pause()
        if self._is_between_requests:
            # Also for empty lines, which would otherwise keep an idle connection open for ever.
            self._expecting = True
        if self._expecting:
            self._header_bytes += len(data)
        elif self._pace is not None:
            self._pace.count(len(data))
        try:
            self._feed(data)
        except Refused as refused:
            self._refuse(refused)
        self._watch_progress()

    def _watch_progress(self) -> None:
        if self._is_discarding or self.parser is None:
            return
        if self._expecting:
            if self._header_bytes > HEAD_BYTES:
                self._refuse(too_large())
            elif self._headers_due is None:
                self._set_timer()
        elif not self._is_between_requests:
            if self._pace is None:
                self._pace = Pace(self._is_reading_paused, self._refuse)
            elif self._pace.is_padded:
                self._refuse(bad("The chunks of the body have too much framing."))

    def _feed(self, data: bytes) -> None:
        """Raises `Refused`."""
        while True:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                rest = data[upgrade.args[0] :]
                if self._offer is Offer.WEBSOCKET:
                    if rest or self._rest:
                        raise bad(
                            "A client that opens a WebSocket must wait for the response before it sends more."
                        ) from None
                    self.handle_websocket_upgrade()
                    return
                method, version = self.parser.get_method(), self.parser.get_http_version()
                data = written(method, version, self.url, without_offer(self.headers)) + rest
                self._is_without_offer = True
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
            except httptools.HttpParserCallbackError as error:
                if isinstance(error.__context__, Refused):
                    raise error.__context__ from None
                raise
            except httptools.HttpParserError:
                raise bad("The request is not HTTP/1.1.") from None

    # -- called by the parser

    def on_message_begin(self) -> None:
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._is_between_requests = False
        self._offer = Offer.NONE
        if not self._expecting:
            self._expecting = True
            self._header_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._expecting:  # a trailer: proxies disagree on them, and nothing here needs them
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        """As uvicorn's, with the checks that come before the application. Raises `Refused`."""
        self._stop_expecting()
        parser = self.parser
        method, version = parser.get_method(), parser.get_http_version()
        head = self._read_head(method, version)
        if parser.should_upgrade():  # llhttp stops at the end of this head, whatever the checks found
            if self._is_without_offer:
                raise bad("The Upgrade header cannot be parsed.")
            self._offer = Offer.WEBSOCKET if head.offer is Offer.WEBSOCKET else Offer.IGNORED
        self._is_without_offer = False
        if self._is_proxied:
            self._enter_forwarded()
        if self._offer is not Offer.NONE:
            return
        client, is_secure = self._forwarded
        scope = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "server": self.server,
            "client": client or self.client,
            "scheme": self.scheme if is_secure is None else _SCHEMES[is_secure],
            "method": method.decode("ascii"),
            "root_path": self.root_path,
            "path": self.root_path + head.path,
            "raw_path": self.root_path.encode("ascii") + head.raw_path,
            "query_string": head.query,
            "headers": self.headers,
            "state": self.app_state.copy(),
        }
        before, self.cycle = (
            self.cycle,
            RequestCycle(
                scope,
                self.transport,
                self.flow,
                self.logger,
                self.server_state.default_headers,
                expect_100_continue=self.expect_100_continue,
                keep_alive=version != "1.0" and parser.should_keep_alive(),
                on_response=self.on_response_complete,
            ),
        )
        self.cycle.protocol = self
        if before is None or before.response_complete:
            self._start(self.cycle)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def _start(self, cycle: RequestCycle) -> None:
        self._answering = cycle
        self._start_asgi_task(cycle, self.app)  # type: ignore[arg-type]

    def _read_head(self, method: bytes, version: str) -> Head:
        """Read what was sent, unless it equals the last head. Raises `Refused`."""
        sent = (method, version, self.url, tuple(self.headers))
        if self._last_head is not None and self._last_head[0] == sent:
            _, head, self._forwarded = self._last_head
            return head
        head = read(*sent)
        if self._is_proxied:
            assert self._connection_limit is not None
            self._forwarded = self._connection_limit.proxies.read(sent[-1])
        self._last_head = (sent, head, self._forwarded) if head.offer is Offer.NONE else None
        return head

    def on_body(self, body: bytes) -> None:
        if self._pace is not None:
            self._pace.count_content(len(body))
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.add_to_body(body)
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        if self._offer is not Offer.NONE:  # the head alone
            return
        self._is_between_requests = True
        if self._pace is not None:
            self._pace.stop()
            self._pace = None
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.more_body = False
        cycle.message_event.set()

    def handle_websocket_upgrade(self) -> None:
        self.connections.discard(self)
        self._idle.stop()
        head = written(b"GET", "1.1", self.url, self.headers)
        make: Any = self.ws_protocol_class
        protocol = make(config=self.config, server_state=self.server_state, app_state=self.app_state)
        protocol.connection_made(self.transport)
        # The slot is held as long as the socket is open.
        protocol.slot, self._slot = self._slot, None
        protocol.forwarded = self._forwarded
        protocol.data_received(head)
        self.transport.set_protocol(protocol)
        # Breaks a reference cycle that would live until the next full collection.
        self.parser = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        self._stop_pace()
        self._leave_slot()
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        self._idle.stop()
        self._rest.clear()
        super().connection_lost(exc)
        for cycle in (self._answering, self.cycle, *(waiting for waiting, _ in self.pipeline)):
            if cycle is not None:
                self._disconnect(cycle)
        self.pipeline.clear()

    @staticmethod
    def _disconnect(cycle: Any) -> None:
        """Have the application learn that nobody waits for its answer."""
        cycle.disconnected = not cycle.response_complete
        cycle.message_event.set()
        cycle.on_response = None  # breaks a reference cycle
        cycle.protocol = None

    def on_response_complete(self) -> None:
        if self._is_proxied:
            self._leave_slot()
        if self._lingering is not None:
            self.server_state.total_requests += 1
            return
        was_last = not self.pipeline
        self._start_next()
        self._schedule_next_slice()
        if was_last and self._refusal is not None and not self.transport.is_closing():
            self._send_refusal()

    def _start_next(self) -> None:
        """Start the next request that was pipelined, or be idle."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self.pipeline:
            self._start(self.pipeline.pop()[0])  # type: ignore[arg-type]
            return
        self._idle.start()

    # -- limits and refusals

    def _enter_forwarded(self) -> None:
        assert self._connection_limit is not None
        self._leave_slot()
        self._slot = self._connection_limit.enter_forwarded(self._forwarded)

    def _leave_slot(self) -> None:
        if self._slot is not None:
            self._slot.leave()
            self._slot = None

    def _is_reading_paused(self) -> bool:
        """The server does not read or parse at present, so the client is not slow."""
        return self.flow.read_paused or bool(self.pipeline)

    def _set_timer(self) -> None:
        self._headers_due = self.loop.call_later(HEADERS_WITHIN_S, self._cut)

    def _stop_expecting(self) -> None:
        self._expecting = False
        self._header_bytes = 0
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _stop_pace(self) -> None:
        if self._pace is not None:
            self._pace.stop()
            self._pace = None

    def _cut(self) -> None:
        if self._is_reading_paused():
            self._set_timer()
            return
        self._stop_expecting()
        self.transport.abort()

    def _refuse(self, refused: Refused) -> None:
        """Discard what follows, and send the refusal now, or after the responses to earlier requests."""
        is_in_body = not self._is_between_requests and not self._expecting and self._offer is Offer.NONE
        self._is_discarding = True
        self._rest.clear()
        self._stop_expecting()
        self._stop_pace()
        self._refusal = refused
        cycle = self.cycle
        if is_in_body and cycle is not None and cycle.more_body and not cycle.response_complete:
            if not self.pipeline:  # the application is answering it
                self._give_up(cycle)
                return
            self.pipeline.popleft()  # it is the last that waits
            return
        if not self.pipeline and (cycle is None or cycle.response_complete):
            self._send_refusal()

    def _give_up(self, cycle: RequestCycle) -> None:
        """Answer with the refusal in place of the application, which receives a disconnect."""
        cycle.disconnected = True
        cycle.message_event.set()
        if cycle.response_started:  # the response cannot be replaced
            self.transport.abort()
        else:
            self._send_refusal(refusal_headers(cycle.scope))

    def _send_refusal(self, more: Sequence[Header] = ()) -> None:
        assert self._refusal is not None
        self._idle.stop()
        self.transport.write(self._refusal.response([*self.server_state.default_headers, *more]))
        self.linger()

    def linger(self) -> None:
        """Half-close, discard what the client still sends, and close when it does, or after `LINGER_S`."""
        self._is_discarding = True
        self._rest.clear()
        self._stop_expecting()
        self._stop_pace()
        self.flow.hold(False)
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._lingering = self.loop.call_later(LINGER_S, self.transport.abort)
        else:
            self.transport.close()


class _Flow(FlowControl):
    is_held = False
    """Reading stays paused until earlier bytes are parsed, even if somebody asks to resume."""

    def hold(self, is_held: bool) -> None:
        self.is_held = is_held
        if is_held:
            self.pause_reading()

    def resume_reading(self) -> None:
        if not self.is_held:
            super().resume_reading()
