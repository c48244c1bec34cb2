"""uvicorn's HTTP/1.1, with limits it lacks."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_WITHIN_S = 10.0
HEADER_BYTES = 64 * 1024


class GuardedHttpProtocol(HttpToolsProtocol):
    """Cuts a connection whose headers take too long, or too much.

    Without it, connections that send a byte now and then are held for ever, at no cost to who opens them.
    """

    _headers_due: asyncio.TimerHandle | None = None
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        if self._headers_due is not None:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._headers_due is not None and self._header_bytes > HEADER_BYTES:
            self._cut()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_headers()

    def on_headers_complete(self) -> None:
        self._stop_expecting()
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        # It knows us as we know it: together they would stay until the next full collection.
        self.parser = None  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        if self._headers_due is None:
            self._header_bytes = 0
            self._headers_due = self.loop.call_later(HEADERS_WITHIN_S, self._cut)

    def _stop_expecting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _cut(self) -> None:
        self._stop_expecting()
        self.transport.abort()
