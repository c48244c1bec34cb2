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
    # A tab in the background renders nothing.
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


def test_another_tab_takes_over_when_the_one_with_the_socket_closes(
    ada: Person, ben: Person, talk: Conversation
) -> None:
    first = ada.page
    second = open_in(ada, talk)
    talk.turn("both open")
    first.close()
    use(ada, second)
    # Sent while none of Ada's tabs may have a socket.
    talk.say(ben, "in between")
    talk.turn("one open")
    talk.check()
    ada.expect_connected()
    assert ada.proxy.live("ws") == 1


def test_a_frozen_tab_gives_up_the_socket_and_catches_up_when_it_resumes(
    ada: Person, ben: Person, talk: Conversation
) -> None:
    first = ada.page
    second = open_in(ada, talk)
    before = len(ada.page_log.sockets)
    # Headless Chromium freezes no tab by itself; the protocol does it.
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


def test_a_hanging_tab_is_replaced_by_the_visible_one(ada: Person, ben: Person, talk: Conversation) -> None:
    first = ada.page
    second = open_in(ada, talk)
    talk.turn("both well")
    # Wait for rendering: a paused debugger drops pending layout callbacks.
    use(ada, first)
    ada.sees(*talk.sent)
    debugger = ada.context.new_cdp_session(first)
    debugger.send("Debugger.enable")
    debugger.send("Debugger.pause")
    use(ada, second)
    talk.say(ben, "while it hangs")
    ada.sees(*talk.sent)
    talk.turn("without it")
    debugger.send("Debugger.resume")
    debugger.send("Debugger.disable")
    use(ada, first)
    talk.check()
    talk.turn("with it again")
    use(ada, second)
    talk.check()
    eventually(equals(1, lambda: ada.proxy.live("ws")), ada.page)


def test_unsent_messages_of_a_closed_tab_are_sent_once_by_the_next(
    ada: Person, ben: Person, talk: Conversation
) -> None:
    ada.lose_network()
    talk.say(ada, "one", "two", "three")
    ada.sees_waiting("one", "two", "three")
    ada.page.close()
    ada.proxy.heal()
    ada.page_log = PageLog(network_may_fail=True, problems=ada.page_log.problems)
    # Two open at the same time; one of them finds the outbox.
    tabs = [ada.open_tab(), ada.open_tab()]
    for tab in tabs:
        tab.goto(f"{ada.proxy.url}/rooms/{talk.id}")
    for tab in tabs:
        use(ada, tab)
        talk.check()
    ada.expect_connected()
