"""The browser is killed with unsent messages."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Playwright

from e2e.network.proxy import Proxy
from e2e.support.api import Api
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.outbox import count_kept
from e2e.support.page_log import PageLog
from e2e.support.person import Person
from e2e.support.server import Account, Server
from e2e.support.wait import equals, eventually

WINDOW = {"width": 1200, "height": 1600}


class Machine:
    """A browser whose profile is in a folder and survives its processes."""

    def __init__(self, playwright: Playwright, folder: Path, arguments: dict[str, Any]) -> None:
        self._playwright = playwright
        self._folder = folder
        self._arguments = arguments

    def start(self) -> BrowserContext:
        launched = {**self._arguments, "headless": True, "viewport": WINDOW, "locale": "en-GB"}
        return self._playwright.chromium.launch_persistent_context(self._folder, **launched)

    def kill(self) -> None:
        """kill -9 of every process of it."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if str(self._folder).encode() in (process / "cmdline").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)


@pytest.fixture
def machine(playwright: Playwright, tmp_path: Path, browser_type_launch_args: dict[str, Any]) -> Iterator[Machine]:
    made = Machine(playwright, tmp_path / "profile", browser_type_launch_args)
    yield made
    made.kill()


def test_messages_typed_before_a_crash_are_sent_once_after_it(
    machine: Machine,
    server: Server,
    supply: Iterator[Account],
    proxies: Callable[[], Proxy],
    database: Database,
    people: Callable[..., Person],
) -> None:
    ben = people()
    account = next(supply)
    ada = Person(account, Api(server, account), proxies(), machine.start())
    room = ada.api.create_room("group", ben.api, name="Garden")
    for person in (ada, ben):
        person.enter(room)
    talk = Conversation(room, database, ada, ben)
    talk.turn("before")
    ada.lose_network()
    talk.say(ada, "one", "two", "three")
    ada.sees_waiting("one", "two", "three")
    eventually(equals(3, lambda: count_kept(ada.page)), ada.page)
    machine.kill()
    with suppress(Error):
        ada.context.close()
    ada.proxy.heal()
    ada.page_log = PageLog()
    ada.context = machine.start()
    ada.page = ada.open_tab()
    ada.enter(room)
    talk.check()
    eventually(equals(0, lambda: count_kept(ada.page)), ada.page)
    assert ada.page_log.problems == []
    ada.context.close()
    ada.api.close()
