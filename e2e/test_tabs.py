"""Several tabs of one person."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from e2e.support.conversation import Conversation
from e2e.support.page_log import PageLog
from e2e.support.person import Person
from e2e.support.wait import equals, eventually


def open_in(person: Person, talk: Conversation) -> Page:
    """Another tab in the same room, connected; it becomes the one the person uses."""
    person.page = person.open_tab()
    person.visit(f"/rooms/{talk.id}")
    person.expect_connected()
    eventually(equals(1, lambda: person.proxy.live("ws")), person.page)
    return person.page


def use(person: Person, page: Page) -> None:
    person.page = page
    # What lies behind draws nothing.
    page.bring_to_front()


@pytest.mark.smoke
def test_two_tabs_share_one_socket_and_nobody_polls(ada: Person, ben: Person, talk: Conversation) -> None:
    first = ada.page
    second = open_in(ada, talk)
    talk.turn("from the second tab")
    before = len(ada.page_log.requests)
    use(ada, first)
    talk.turn("from the first tab")
    talk.check()
    use(ada, second)
    talk.check()
    assert ada.proxy.live("ws") == 1
    assert ada.page_log.polls(before) == []


def test_when_the_tab_that_holds_the_socket_is_closed_another_goes_on(
    ada: Person, ben: Person, talk: Conversation
) -> None:
    first = ada.page
    second = open_in(ada, talk)
    talk.turn("both open")
    first.close()
    use(ada, second)
    # Said while nobody of Ada's may be listening.
    talk.say(ben, "in between")
    talk.turn("one open")
    talk.check()
    ada.expect_connected()
    assert ada.proxy.live("ws") == 1


def test_a_tab_that_is_frozen_gives_the_socket_away_and_follows_when_it_is_back(
    ada: Person, ben: Person, talk: Conversation
) -> None:
    first = ada.page
    second = open_in(ada, talk)
    before = len(ada.page_log.sockets)
    # Chromium without a screen freezes nothing: it is told as if.
    first.evaluate("document.dispatchEvent(new Event('freeze'))")
    eventually(lambda: len(ada.page_log.sockets) > before, ada.page)
    talk.turn("one awake")
    first.evaluate("document.dispatchEvent(new Event('resume'))")
    use(ada, first)
    talk.check()
    talk.turn("both awake")
    use(ada, second)
    talk.check()
    assert ada.proxy.live("ws") == 1


def test_a_tab_that_hangs_is_relieved_by_the_one_that_is_looked_at(
    ada: Person, ben: Person, talk: Conversation
) -> None:
    first = ada.page
    second = open_in(ada, talk)
    talk.turn("both well")
    # Drawn to the end: a debugger loses what the page was about to hear of its layout.
    use(ada, first)
    ada.sees(*talk.said)
    debugger = ada.context.new_cdp_session(first)
    debugger.send("Debugger.enable")
    debugger.send("Debugger.pause")
    use(ada, second)
    talk.say(ben, "while it hangs")
    ada.sees(*talk.said)
    talk.turn("without it")
    debugger.send("Debugger.resume")
    debugger.send("Debugger.disable")
    use(ada, first)
    talk.check()
    talk.turn("with it again")
    use(ada, second)
    talk.check()
    eventually(equals(1, lambda: ada.proxy.live("ws")), ada.page)


def test_what_a_closed_tab_had_not_sent_the_next_one_sends_once(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.lose_network()
    talk.say(ada, "one", "two", "three")
    ada.sees_waiting("one", "two", "three")
    ada.page.close()
    ada.proxy.heal()
    ada.page_log = PageLog(network_may_fail=True, problems=ada.page_log.problems)
    # Two at once, of which one finds what was left.
    tabs = [ada.open_tab(), ada.open_tab()]
    for tab in tabs:
        tab.goto(f"{ada.proxy.url}/rooms/{talk.id}")
    for tab in tabs:
        use(ada, tab)
        talk.check()
    ada.expect_connected()
