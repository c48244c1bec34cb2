"""The whole app by keyboard."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, cast

from playwright.sync_api import Keyboard, expect

from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person
from e2e.support.wait import eventually


def has_left(person: Person, url: str) -> bool:
    return person.page.url != url


def focus_is_in(person: Person, role: str, name: str) -> bool:
    # Playwright's type lists the known roles; ours come from tables in the tests.
    return bool(
        person.page.get_by_role(cast("Any", role), name=re.compile(name)).evaluate(
            "(it) => it === document.activeElement"
        )
    )


def test_a_conversation_without_a_pointer(
    ada: Person, ben: Person, room: dict[str, Any], elsewhere: dict[str, Any], database: Database
) -> None:
    for person in (ada, ben):
        person.enter(room)
    talk = Conversation(room, database, ada, ben)
    keys: Keyboard = ada.page.keyboard

    # Opening a room focuses the composer.
    expect(ada.composer).to_be_focused()
    keys.type("hello")
    keys.press("Enter")
    talk.sent.append("hello")
    talk.say(ben, "a question")
    talk.check()

    # Edit the last own message.
    keys.press("ArrowUp")
    expect(ada.page.get_by_role("textbox", name="Edit message")).to_be_focused()
    keys.press("End")
    keys.type(" there")
    keys.press("Enter")
    talk.sent[0] = "hello there"
    talk.check()

    # Move past the button for files to a message, and reply to it from its menu.
    keys.press("Shift+Tab")
    expect(ada.page.get_by_role("button", name="Attach files")).to_be_focused()
    keys.press("Shift+Tab")
    eventually(lambda: ada.page.evaluate("document.activeElement.closest('[role=feed]') !== null"), ada.page)
    while not ada.message("a question").evaluate("(row) => row === document.activeElement"):
        keys.press("Shift+Tab")
    keys.press("Enter")
    menu = ada.page.get_by_role("menu", name="Message")
    expect(menu).to_be_visible()
    while not menu.get_by_role("menuitem", name="Reply").evaluate("(it) => it === document.activeElement"):
        keys.press("ArrowDown")
    keys.press("Enter")
    expect(ada.composer).to_be_focused()
    keys.type("an answer")
    keys.press("Enter")
    talk.sent.append("an answer")
    talk.check()
    expect(ben.message("an answer").get_by_role("button", name=re.compile("In reply to"))).to_be_visible()

    # To another room by the switcher, and back by Alt and an arrow.
    keys.press("Control+k")
    expect(ada.page.get_by_role("combobox", name="Jump to a room or person")).to_be_focused()
    keys.type(elsewhere["name"])
    expect(ada.page.get_by_role("option").first).to_contain_text(elsewhere["name"])
    keys.press("Enter")
    expect(ada.page.get_by_role("heading", level=1)).to_have_text(elsewhere["name"])
    for _ in range(4):
        if ada.page.get_by_role("heading", level=1).inner_text() == room["name"]:
            break
        before = ada.page.url
        keys.press("Alt+ArrowUp")
        eventually(partial(has_left, ada, before), ada.page)
    talk.check()

    # A dialog returns the focus.
    keys.press("Control+/")
    expect(ada.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    keys.press("Escape")
    expect(ada.page.get_by_role("dialog")).to_have_count(0)
    expect(ada.composer).to_be_focused()


def test_signing_in_without_a_pointer(ada: Person) -> None:
    ada.visit("/")
    expect(ada.page.get_by_label("Username")).to_be_focused()
    ada.page.keyboard.type(ada.account.username)
    ada.page.keyboard.press("Tab")
    expect(ada.page.get_by_label("Password")).to_be_focused()
    # "Show" follows its field in the tab order.
    ada.page.keyboard.press("Tab")
    expect(ada.page.get_by_role("button", name="Show")).to_be_focused()
    ada.page.keyboard.press("Shift+Tab")
    ada.page.keyboard.type(ada.password)
    ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("navigation", name="Rooms")).to_be_visible()
