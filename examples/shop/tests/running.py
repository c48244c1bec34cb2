"""The shop in a process of its own, and people with browsers who use it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect

from e2e.network.faults import Faults
from e2e.network.proxy import Proxy

SHOP = Path(__file__).parents[1]
PATIENCE_S = 60
expect.set_options(timeout=PATIENCE_S * 1000)


class Shop:
    """The site's files with a database of their own."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self._environment = {**os.environ, "SHOP_DATABASE": str(folder / "shop.sqlite3")}

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "manage.py", *words]
        return subprocess.run(
            argv, cwd=SHOP, env=self._environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )

    @contextmanager
    def served(self) -> Iterator[int]:
        """Serve until the block ends; the port."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        argv = [sys.executable, "manage.py", "backchannel", "serve", "--port", str(port)]
        with (
            self.log.open("wb") as log,
            subprocess.Popen(argv, cwd=SHOP, env=self._environment, stdout=log, stderr=log) as process,
        ):
            try:
                self._wait_for(f"http://127.0.0.1:{port}/chat/readyz", process)
                yield port
            finally:
                process.terminate()

    def _wait_for(self, url: str, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "the shop does not answer"
            try:
                if httpx.get(url).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)


class Person:
    """Somebody who is signed in, with a network of their own."""

    def __init__(self, browser: Browser, port: int, email: str) -> None:
        self._proxy = Proxy(port).start()
        self._context = browser.new_context()
        self.page: Page = self._context.new_page()
        self.page.goto(self._proxy.url)
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill("demo")
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("list", name="Orders")).to_be_attached()
        self.indicator = self.page.locator(".backchannel-connection-strip")
        self.badge = self.page.locator("nav .badge")
        self.messages = self.page.get_by_role("list", name="Messages").get_by_role("listitem")
        self.composer = self.page.get_by_label("Message", exact=True)

    def order(self, item: str) -> None:
        self.page.get_by_label("Item").fill(item)
        self.page.get_by_role("button", name="Order", exact=True).click()
        expect(self.messages).to_have_count(1)

    def open(self, item: str) -> None:
        self.page.get_by_role("button", name=item).click()

    def write(self, text: str) -> None:
        self.composer.fill(text)
        self.composer.press("Enter")

    def suffer(self, faults: Faults) -> None:
        """These faults from now on; what is connected is cut."""
        self._proxy.apply(faults)
        self._proxy.cut()

    def recover(self) -> None:
        self._proxy.heal()

    def close(self) -> None:
        self._context.close()
        self._proxy.stop()
