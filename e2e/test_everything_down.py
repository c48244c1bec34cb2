"""Nothing gets through: the app shows it, keeps messages, and sends them once and in order later."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from e2e.support.conversation import Conversation
from e2e.support.person import Person


@pytest.mark.smoke
def test_shows_red_while_down_and_sends_everything_after(ada: Person, ben: Person, talk: Conversation) -> None:
    talk.turn("before")
    ada.lose_network()
    texts = [f"written while down {n}" for n in range(5)]
    talk.say(ada, *texts)
    ada.expect_failed()
    expect(ada.indicator).to_contain_text("5 not sent yet")
    ada.sees_waiting(*texts)
    ben.sees(*talk.sent[:-5])
    ada.proxy.heal()
    talk.check()
    ada.expect_connected()


def test_a_draft_stays(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.composer.fill("half a sen")
    ada.lose_network()
    ada.expect_failed()
    expect(ada.composer).to_have_value("half a sen")
    ada.composer.press_sequentially("tence")
    ada.proxy.heal()
    ada.expect_connected()
    expect(ada.composer).to_have_value("half a sentence")
    ada.composer.press("Enter")
    talk.sent.append("half a sentence")
    talk.check()


def test_a_full_outbox_survives_a_reload(ada: Person, ben: Person, talk: Conversation) -> None:
    talk.turn("before")
    ada.lose_network()
    texts = [f"kept {n}" for n in range(5)]
    talk.say(ada, *texts)
    ada.sees_waiting(*texts)
    # The page comes from the server, so the network works again, and messages are sent.
    ada.proxy.heal()
    ada.page.reload()
    talk.check()
    ada.expect_connected()
    talk.turn("after")


def test_retry_now_is_offered(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.lose_network()
    talk.say(ada, "waits")
    ada.expect_failed()
    ada.proxy.heal()
    # It may have reconnected before the press; then the button is gone.
    button = ada.indicator.get_by_role("button", name="Retry now")
    if button.is_visible():
        button.click()
    talk.check()
    ada.expect_connected()


def test_two_people_write_while_both_are_down(
    ada: Person, ben: Person, talk: Conversation, room: dict[str, Any]
) -> None:
    for person in talk.people:
        person.lose_network()
        person.expect_failed()
        person.say(*(f"{person.name} writes {n}" for n in range(3)))
    for person in talk.people:
        person.proxy.heal()
        talk.sent += [f"{person.name} writes {n}" for n in range(3)]
        person.sees(*talk.sent)
    talk.check()


def test_failing_lazy_loads_do_not_break_the_app(ada: Person, room: dict[str, Any]) -> None:
    ada.enter(room)
    ada.lose_network()
    ada.composer.fill("still here")
    # Use parts of the app that are loaded on first use.
    ada.page.get_by_role("button", name="Show members").click()
    ada.page.keyboard.press("Control+k")
    ada.expect_failed()
    expect(ada.composer).to_have_value("still here")
    ada.proxy.heal()
    expect(ada.page.get_by_role("dialog")).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(ada.page.get_by_role("button", name="Hide members")).to_be_visible()
    expect(ada.page.get_by_role("complementary")).to_contain_text("Ben")
    expect(ada.composer).to_have_value("still here")
