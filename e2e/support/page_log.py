"""Records the errors, requests and sockets of a page."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, WebSocket

# Errors that Chromium logs when the network fails. Ignored only in tests that make it fail.
OF_THE_NETWORK = re.compile(
    r"net::ERR_|WebSocket connection to .* failed|Failed to load resource: the server responded with a status of (403|426|5\d\d)"
    r"|An unknown error occurred when fetching the script"  # the service worker's
)
LOG_CSP_VIOLATIONS = """document.addEventListener('securitypolicyviolation',
    (e) => console.error('CSP', e.violatedDirective, e.blockedURI, e.sample))"""


@dataclass
class Socket:
    """`proven`: a pong came back; from then on the app may show itself as connected."""

    proven: bool = False
    closed: bool = False
    # The types of the frames, in order.
    received: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)


@dataclass
class PageLog:
    """`problems` fail the test at its end. `requests` are like `POST /api/sync`, in order, of the app alone."""

    network_may_fail: bool = False
    allowed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    sockets: list[Socket] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Allow console errors that match `pattern`, which the actions of this test cause."""
        self.allowed.append(pattern)

    def watch(self, page: Page) -> None:
        page.add_init_script(LOG_CSP_VIOLATIONS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(f"page error: {error.stack or error}"))
        page.on("crash", lambda _: self.problems.append("the page crashed"))
        page.on("request", self._on_request)
        page.on("websocket", self._on_socket)

    @property
    def is_proven(self) -> bool:
        """The page has an open socket that has proved itself."""
        return any(socket.proven and not socket.closed for socket in self.sockets)

    def polls(self, since: int = 0) -> list[str]:
        """Requests to the API after the first `since`, but for the report of how the connection changed, which is no poll."""
        return [request for request in self.requests[since:] if " /api/" in request and request != "POST /api/report"]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        if self.network_may_fail and OF_THE_NETWORK.search(message.text):
            return
        if any(re.search(pattern, message.text) for pattern in self.allowed):
            return
        self.problems.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        self.requests.append(f"{request.method} {urlsplit(request.url).path}")

    def _on_socket(self, opened: WebSocket) -> None:
        socket = Socket()
        self.sockets.append(socket)

        def receive(payload: str | bytes) -> None:
            socket.received += types_of(payload)
            socket.proven = socket.proven or "pong" in socket.received

        def end(_: WebSocket) -> None:
            socket.closed = True

        opened.on("framereceived", receive)
        opened.on("framesent", lambda payload: socket.sent.extend(types_of(payload)))
        opened.on("close", end)


def types_of(payload: str | bytes) -> list[str]:
    """Of the one frame, or the several, of a WebSocket message."""
    frames = json.loads(payload)
    return [frame["type"] for frame in (frames if isinstance(frames, list) else [frames])]
