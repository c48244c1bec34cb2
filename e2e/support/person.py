"""A person at a browser behind a network of their own: their actions, and what they see.

Everything is found as a person or a screen reader finds it, by role and name; only the order and text of a room's rows are
read from the list at once, so that "each once, in order" is one look and not many.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from e2e.network.faults import Faults
from e2e.network.proxy import Proxy
from e2e.support.accounts import PASSWORD
from e2e.support.api import Api
from e2e.support.page_log import PageLog
from e2e.support.server import Account
from e2e.support.wait import equals, eventually

# The beginning of an empty room is an article, too, without a message.
READ_ROWS = """() => [...document.querySelectorAll('[role=feed] article[data-message]')].map((row) => ({
    text: (row.querySelector('.bc-text') ?? row).innerText.trim(),
    label: row.getAttribute('aria-label'),
}))"""

CONNECTING = re.compile(r"Connecting")
DISCONNECTED = re.compile(r"Chat disconnected")
FAILED = re.compile(r"Connection failed|No connection")
ANY_STATE = re.compile(f"{CONNECTING.pattern}|{DISCONNECTED.pattern}|{FAILED.pattern}")


@dataclass(frozen=True)
class Row:
    """One message as it is shown. `state`: "sent", "waiting" or "failed"."""

    text: str
    state: str


class Person:
    """`proxy` is the network that only this person has."""

    def __init__(self, account: Account, api: Api, proxy: Proxy, context: BrowserContext) -> None:
        self.account = account
        self.api = api
        self.proxy = proxy
        self.context = context
        self.page_log = PageLog()
        self.page = self.open_tab()

    @property
    def name(self) -> str:
        return self.account.display_name

    @property
    def password(self) -> str:
        return PASSWORD

    # ── signing in ────────────────────────────────────────────────────────────────────

    def open_tab(self) -> Page:
        page = self.context.new_page()
        self.page_log.watch(page)
        return page

    def has_session(self) -> None:
        """The browser is signed in, as after an earlier visit."""
        self.context.add_cookies(
            [{"name": self.account.cookie, "value": self.account.session, "url": self.proxy.url, "httpOnly": True}]
        )

    def sign_in(self, password: str | None = None) -> None:
        """Fill in the form that is on screen."""
        self.page.get_by_label("Username").fill(self.account.username)
        self.page.get_by_label("Password").fill(password or self.password)
        self.page.get_by_role("button", name="Sign in").click()

    def visit(self, path: str = "/") -> None:
        self.page.goto(self.proxy.url + path)

    def enter(self, room: dict[str, Any], *, connected: bool = True) -> None:
        """Open the app in a room; wait until the composer is there and the WebSocket has proved itself."""
        self.has_session()
        self.visit(f"/rooms/{room['id']}")
        expect(self.composer).to_be_visible()
        if connected:
            self.expect_connected()

    # ── the network ─────────────────────────────────────────────────────────────────────────

    def suffer(self, faults: Faults) -> None:
        """Apply these faults to the network; browser errors about it are ignored from now on."""
        self.page_log.network_may_fail = True
        self.proxy.apply(faults)

    def lose_network(self) -> None:
        self.page_log.network_may_fail = True
        self.proxy.down()

    # ── doing ───────────────────────────────────────────────────────────────────────────────

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name=re.compile("^Message "))

    def say(self, *texts: str) -> None:
        for text in texts:
            self.composer.fill(text)
            self.composer.press("Enter")
            expect(self.composer).to_have_value("")

    def room_link(self, name: str) -> Locator:
        """The room in the list at the left. Its accessible name includes unread messages: "Garden, 3 unread"."""
        return self.page.get_by_role("navigation", name="Rooms").get_by_role(
            "link", name=re.compile(rf"^(Channel )?{re.escape(name)}(,|$)")
        )

    def go_to(self, name: str) -> None:
        self.room_link(name).click()

    def message(self, text: str) -> Locator:
        """The message with `text`, not replies that quote it."""
        words = self.page.locator(".bc-text", has_text=text)
        return self.page.get_by_role("feed").get_by_role("article").filter(has=words)

    def act(self, text: str, action: str) -> None:
        """Press `action` in the toolbar of the message that has `text`."""
        self.message(text).hover()
        self.message(text).get_by_role("toolbar").get_by_role("button", name=action, exact=True).click()

    # ── seeing ──────────────────────────────────────────────────────────────────────────────

    def rows(self) -> list[Row]:
        """All messages of the room on screen, from the top. (The window is tall enough for the messages of a test.)"""
        states = (("not sent", "failed"), ("waiting", "waiting"))
        return [
            Row(row["text"], next((state for word, state in states if word in row["label"]), "sent"))
            for row in self.page.evaluate(READ_ROWS)
        ]

    def sees(self, *texts: str) -> None:
        """Exactly these messages, sent, each once, in this order."""
        eventually(equals([Row(text, "sent") for text in texts], self.rows), self.page)

    def sees_waiting(self, *texts: str) -> None:
        """The last messages are these, waiting to be sent."""

        def last() -> list[Row]:
            return self.rows()[-len(texts) :]

        eventually(equals([Row(text, "waiting") for text in texts], last), self.page)

    def expect_unread(self, room_name: str, count: int) -> None:
        name = (
            re.compile(rf"\b{count} unread")
            if count
            else re.compile(rf"^(Channel )?{re.escape(room_name)}(?!.*unread)")
        )
        expect(self.room_link(room_name)).to_have_accessible_name(name)

    @property
    def indicator(self) -> Locator:
        """The indicator of the connection, which is shown only while there is trouble."""
        return self.page.get_by_role("status").filter(has_text=ANY_STATE)

    def expect_connecting(self) -> None:
        expect(self.indicator).to_have_text(CONNECTING)

    def expect_disconnected(self) -> None:
        """Orange: no WebSocket, and messages go by HTTP."""
        expect(self.indicator).to_have_text(DISCONNECTED)

    def expect_failed(self) -> None:
        """Red: nothing gets through."""
        expect(self.indicator).to_have_text(FAILED)

    def expect_connected(self) -> None:
        """No indicator is shown, and a WebSocket that has proved itself is open."""

        def connected() -> None:
            assert self.page_log.is_proven, "no proven WebSocket"
            assert self.indicator.count() == 0, self.indicator.all_inner_texts()

        eventually(connected, self.page)
