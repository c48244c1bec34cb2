"""The front end and the Django site, each on an origin of its own; and people who use them, by browser and without."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from playwright.sync_api import Browser, Page, Route, expect
from websockets.sync.client import ClientConnection, connect

from e2e.network.faults import Faults
from e2e.network.proxy import Proxy
from e2e.support.example_site import PATIENCE_S, ExampleSite

HERE = Path(__file__).parents[1]
DIST = HERE / "web" / "dist"
PASSWORD = "demo"
expect.set_options(timeout=PATIENCE_S * 1000)


def site_in(folder: Path, pages: str) -> ExampleSite:
    """The Django site with a database in that folder, for a front end at `pages`."""
    return ExampleSite(HERE, folder / "log", SPA_DATABASE=str(folder / "spa.sqlite3"), SPA_PAGES=pages)


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def pages_served() -> Iterator[str]:
    """Serve the built front end, by a server that knows nothing of Django; its origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=DIST)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


class Caller:
    """Somebody who has signed in, without a browser: what their page would ask."""

    def __init__(self, port: int, pages: str, username: str) -> None:
        self.pages = pages
        self._port = port
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Origin": pages}, timeout=PATIENCE_S)
        tokens = self.http.post("/api/token/", json={"username": username, "password": PASSWORD}).json()
        self.access: str = tokens["access"]
        self.refresh: str = tokens["refresh"]
        self.http.headers["Authorization"] = f"Bearer {self.access}"

    @contextmanager
    def socket(self) -> Iterator[ClientConnection]:
        """A WebSocket as a browser opens it: by a ticket. It has caught up."""
        ticket = self.http.post("/chat/api/auth/ticket").json()["ticket"]
        with self.dial(ticket) as opened:
            client = {"name": "test", "version": "1", "instance": str(uuid4())}
            opened.send(json.dumps({"type": "hello", "protocol": 1, "client": client}))
            until(opened, "caught_up")
            yield opened

    def dial(self, token: str) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self._port}/chat/ws?token={token}", additional_headers={"Origin": self.pages})


def until(opened: ClientConnection, type_: str) -> dict[str, Any]:
    """The next frame of that type."""
    while True:
        received = json.loads(opened.recv(timeout=PATIENCE_S))
        for frame in received if isinstance(received, list) else [received]:
            if frame["type"] == type_:
                return dict(frame)


class Person:
    """Somebody in a browser, whose page reaches the site by a network of their own."""

    def __init__(self, browser: Browser, port: int, pages: str, username: str) -> None:
        self._proxy = Proxy(port).start()
        self._pages = pages
        self._context = browser.new_context()
        self._context.route(f"{pages}/", self._name_the_site)
        self.page = self.open_tab()
        self.page.get_by_label("Name").fill(username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self._find_parts(self.page)
        expect(self.composer).to_be_visible()

    def open_tab(self) -> Page:
        page = self._context.new_page()
        page.goto(f"{self._pages}/")
        return page

    def _find_parts(self, page: Page) -> None:
        self.indicator = page.locator(".backchannel-connection-strip")
        self.messages = page.get_by_role("list", name="Messages").get_by_role("listitem")
        self.composer = page.get_by_label("Message", exact=True)
        self.sign_in = page.get_by_role("button", name="Sign in")

    def _name_the_site(self, route: Route) -> None:
        """As a deployment does: the page says where the site is."""
        text = (DIST / "index.html").read_text()
        found = re.subn(r'(<meta name="api" content=")[^"]*', rf"\g<1>{self._proxy.url}", text)
        assert found[1] == 1
        route.fulfill(body=found[0], content_type="text/html")

    def write(self, text: str) -> None:
        self.composer.fill(text)
        self.composer.press("Enter")

    def tokens(self) -> list[str | None]:
        """Access and refresh token, as its browser keeps them."""
        found: list[str | None] = self.page.evaluate(
            "[localStorage.access_token ?? null, localStorage.refresh_token ?? null]"
        )
        return found

    def spoil_access_token(self) -> str | None:
        """The site refuses it from now on, as one that has expired; what it was."""
        was, _ = self.tokens()
        self.page.evaluate("localStorage.access_token += 'x'")
        return was

    def suffer(self, faults: Faults) -> None:
        """These faults from now on; what is connected is cut."""
        self._proxy.apply(faults)
        self._proxy.cut()

    def recover(self) -> None:
        self._proxy.heal()

    def close(self) -> None:
        self._context.close()
        self._proxy.stop()
