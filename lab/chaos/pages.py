"""People in Chromium, in a thread of their own: they write now and then; at the end their screens are compared with what is stored."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from typing import Any

from playwright.sync_api import BrowserContext, Page, ViewportSize, expect, sync_playwright
from playwright.sync_api import Error as BrowserError

from e2e.network.proxy import Proxy
from e2e.support.api import Api
from e2e.support.person import Person
from e2e.support.server import Account, Server
from e2e.support.wait import eventually
from lab.chaos.history import History

# Between two messages of one page, seconds.
PAUSE_S = (0.5, 2.5)
WINDOW = ViewportSize(width=1000, height=1400)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


class Pages:
    """Each of `people` has a page in the same room, behind a network of their own."""

    def __init__(
        self, people: list[tuple[Account, Proxy]], server: Server, room: dict[str, Any], history: History
    ) -> None:
        self._people = people
        self._server = server
        self._room = room
        self._history = history
        self._quiet = threading.Event()
        self._judge = threading.Event()
        self._truth: list[str] = []
        self.ready = threading.Event()
        self.failure: BaseException | None = None
        # By person, in the order written.
        self.written: dict[str, list[str]] = {account.username: [] for account, _ in people}
        self._thread = threading.Thread(target=self._guarded, name="pages")

    def start(self) -> None:
        self._thread.start()

    def stop_talking(self) -> None:
        self._quiet.set()

    def judge(self, texts: list[str]) -> None:
        """Compare every screen with what is stored; returns when that is done."""
        self._truth = texts
        self._judge.set()
        self._thread.join()

    def stop(self) -> None:
        self._quiet.set()
        self._judge.set()
        self._thread.join(60)

    def _guarded(self) -> None:
        try:
            self._run()
        except BaseException as failure:  # reported by the thread that joins this one
            self.failure = failure
            self._history.add("fault", detail=f"a page: {str(failure).splitlines()[0] if str(failure) else failure!r}")
        finally:
            self.ready.set()

    def _run(self) -> None:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            people = [self._enter(browser.new_context(viewport=WINDOW, locale="en-GB"), *each) for each in self._people]
            self.ready.set()
            rng = random.Random(len(people))
            n = 0
            while not self._quiet.is_set():
                n += 1
                for person in people:
                    self._say(person, f"{person.account.username} writes {n}")
                    person.page.wait_for_timeout(rng.uniform(*PAUSE_S) * 1000)
            while not self._judge.is_set():
                people[0].page.wait_for_timeout(200)
            for person in people if self._truth else ():
                self._compare(person)
            browser.close()

    def _enter(self, context: BrowserContext, account: Account, network: Proxy) -> Person:
        person = Person(account, Api(self._server, account), network, context)
        person.enter(self._room, connected=False)
        return person

    def _say(self, person: Person, text: str) -> None:
        """Send it, unless the page has no composer at the moment because it reloads or is signed out."""
        try:
            person.say(text)
        except (AssertionError, BrowserError):
            if not _is_alive(person.page):
                raise
            return
        self.written[person.account.username].append(text)
        self._history.add("typed", user=person.account.username, content=text)

    def _compare(self, person: Person) -> None:
        """The screen shows the last stored messages, each once and in order, and nothing waits to be sent."""

        def is_right() -> None:
            rows = person.rows()
            shown = [row.text for row in rows if row.text in stored]
            assert len(shown) == len(set(shown)), f"{person.name} sees something twice: {shown}"
            assert shown == self._truth[-len(shown) :], f"{person.name} sees {shown[-5:]}, stored is {self._truth[-5:]}"
            assert shown, f"{person.name} sees nothing"
            assert all(row.state == "sent" for row in rows), f"{person.name} sees something that waits"

        stored = set(self._truth)
        expect(person.composer).to_be_visible()
        eventually(is_right, person.page)


def _is_alive(page: Page) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            page.evaluate("1")
            return True
        except BrowserError:
            time.sleep(0.5)
    return False
