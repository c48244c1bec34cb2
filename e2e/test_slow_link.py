"""A bad mobile link and a buffering proxy: slow, but complete."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Route, expect

from e2e.network.faults import Faults
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person


def test_a_slow_link_stays_connected_and_keeps_order(
    ada: Person, ben: Person, talk: Conversation, elsewhere: dict[str, Any]
) -> None:
    ada.suffer(Faults(delay_s=0.4, bytes_per_s=8_000))
    talk.say(ada, *(f"typed quickly {n}" for n in range(6)))
    talk.check()
    talk.turn("slowly")
    talk.check_away(ben, ada, elsewhere)
    ada.expect_connected()


def test_the_app_opens_over_a_slow_link(ada: Person, ben: Person, room: dict[str, Any], database: Database) -> None:
    ada.suffer(Faults(delay_s=0.3, bytes_per_s=200_000))
    ada.enter(room)
    ben.enter(room)
    talk = Conversation(room, database, ada, ben)
    talk.turn()
    talk.check()


def test_a_buffering_proxy_leads_to_http(ada: Person, ben: Person, room: dict[str, Any], database: Database) -> None:
    ada.suffer(Faults(buffer=True))
    ada.enter(room, connected=False)
    ben.enter(room)
    talk = Conversation(room, database, ada, ben)
    talk.turn("one", "two")
    ada.expect_disconnected()
    talk.check()


def test_a_layer_cancelled_while_loading_does_not_open_later(ada: Person, talk: Conversation) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    ada.page.route("**/assets/lazyBundle-*.js", hold)
    ada.page.reload()
    expect(ada.composer).to_be_visible()
    user_menu = ada.page.get_by_role("button", name=re.compile(f"^{ada.name}"))
    new_message = ada.page.get_by_role("button", name="New message")
    opening = ada.page.get_by_text("Opening…")
    for opener, by_key in ((user_menu, True), (user_menu, False), (new_message, True), (new_message, False)):
        opener.click()
        expect(opening).to_be_visible()
        if by_key:
            ada.page.keyboard.press("Escape")
        else:
            ada.composer.click()
        expect(opening).to_have_count(0)
    ada.composer.click()
    ada.page.keyboard.type("something else")
    for route in held:
        route.continue_()
    ada.page.unroute("**/assets/lazyBundle-*.js")
    user_menu.click()
    expect(ada.page.get_by_role("menu")).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(ada.composer).to_have_value("something else")
    expect(ada.page.get_by_role("dialog")).to_have_count(0)


def test_messages_are_shown_and_written_though_their_list_is_late_or_fails_to_load(
    ada: Person, talk: Conversation
) -> None:
    """The list is fetched after the first paint. A browser never fetches a module again that failed, so the retry has a URL of its own."""
    talk.say(ada, "before")
    talk.check()
    ada.page_log.allow("net::ERR_FAILED")
    tries: list[str] = []

    def refuse_first(route: Route) -> None:
        tries.append(route.request.url)
        if len(tries) == 1:
            route.abort()
        else:
            route.continue_()

    ada.page.route("**/assets/lazyTimeline-*.js*", refuse_first)
    ada.page.reload()
    expect(ada.composer).to_be_visible()
    talk.say(ada, "while it is missing")
    talk.check()
    assert any("?retry=" in url for url in tries)
    ada.page.unroute("**/assets/lazyTimeline-*.js*")
