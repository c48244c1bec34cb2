"""The shop in a process of its own, and people with browsers who use it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from e2e.network.faults import Faults
from e2e.network.proxy import Proxy
from e2e.support.example_site import PATIENCE_S, ExampleSite

SHOP = Path(__file__).parents[1]
expect.set_options(timeout=PATIENCE_S * 1000)


def shop_in(folder: Path) -> ExampleSite:
    """The shop with a database in that folder."""
    return ExampleSite(SHOP, folder / "log", SHOP_DATABASE=str(folder / "shop.sqlite3"))


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
