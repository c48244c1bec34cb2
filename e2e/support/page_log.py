"""What a page said and did behind the screen: errors, requests, sockets."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, WebSocket

# What Chromium itself writes when the network fails. Only for tests that make it fail.
OF_THE_NETWORK = re.compile(
    r"net::ERR_|WebSocket connection to .* failed|Failed to load resource: the server responded with a status of (403|426|5\d\d)"
    r"|An unknown error occurred when fetching the script"  # the service worker's
)
TELL_OF_CSP = """document.addEventListener('securitypolicyviolation',
    (e) => console.error('CSP', e.violatedDirective, e.blockedURI, e.sample))"""


@dataclass
class Socket:
    """`proven`: a ping came back, which is when the app may call itself connected."""

    proven: bool = False
    closed: bool = False
    # The types of the frames, in order.
    heard: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@dataclass
class PageLog:
    """`problems` fail the test at its end. `requests` are like `POST /api/sync`, in order, of the app alone."""

    network_may_fail: bool = False
    allowed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    sockets: list[Socket] = field(default_factory=list)

    def may_say(self, pattern: str) -> None:
        """What the console says in this test because of what a person does in it."""
        self.allowed.append(pattern)

    def watch(self, page: Page) -> None:
        page.add_init_script(TELL_OF_CSP)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(f"page error: {error.stack or error}"))
        page.on("crash", lambda _: self.problems.append("the page crashed"))
        page.on("request", self._on_request)
        page.on("websocket", self._on_socket)

    @property
    def is_proven(self) -> bool:
        """The page has a socket that proved itself and lives."""
        return any(socket.proven and not socket.closed for socket in self.sockets)

    def polls(self, since: int = 0) -> list[str]:
        """Requests to the API after the first `since`."""
        return [request for request in self.requests[since:] if " /api/" in request]

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

        def hear(payload: str | bytes) -> None:
            socket.heard += types_of(payload)
            socket.proven = socket.proven or "pong" in socket.heard

        def end(_: WebSocket) -> None:
            socket.closed = True

        opened.on("framereceived", hear)
        opened.on("framesent", lambda payload: socket.said.extend(types_of(payload)))
        opened.on("close", end)


def types_of(payload: str | bytes) -> list[str]:
    """Of the one frame, or the several, of a WebSocket message."""
    frames = json.loads(payload)
    return [frame["type"] for frame in (frames if isinstance(frames, list) else [frames])]
