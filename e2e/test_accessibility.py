"""axe reports nothing on the main screens, in the light and in the dark theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.network.faults import Faults
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person


def has_no_violations(page: Page) -> None:
    # Elements that fade in have less contrast until they are shown.
    # A spinner never ends.
    page.evaluate(
        """() => Promise.all(document.getAnimations()
            .filter((each) => Number.isFinite(each.effect.getComputedTiming().endTime))
            .map((each) => each.finished.catch(() => undefined)))"""
    )
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_main_screen(people: Callable[..., Person], database: Database, colours: str) -> None:
    ada, ben = people(color_scheme=colours), people()
    room = ada.api.create_room("group", ben.api, name="Garden")

    ada.visit("/")
    expect(ada.page.get_by_role("button", name="Sign in")).to_be_visible()
    has_no_violations(ada.page)

    ada.has_session()
    ada.visit("/")
    expect(ada.page.get_by_role("navigation", name="Rooms")).to_be_visible()
    has_no_violations(ada.page)

    for person in (ada, ben):
        person.enter(room)
    talk = Conversation(room, database, ada, ben)
    talk.turn("a word", "see https://example.org for more")
    ada.act(f"a word from {ben.name}", "React with 👍")
    expect(ada.page.get_by_role("button", name="👍, You")).to_be_visible()
    has_no_violations(ada.page)

    ada.page.get_by_role("button", name="Show members").click()
    expect(ada.page.get_by_role("complementary", name="Members")).to_be_visible()
    has_no_violations(ada.page)

    for open_dialog in DIALOGS:
        open_dialog(ada.page)
        expect(ada.page.get_by_role("dialog")).to_be_visible()
        has_no_violations(ada.page)
        ada.page.keyboard.press("Escape")
        expect(ada.page.get_by_role("dialog")).to_have_count(0)

    ada.suffer(Faults(upgrade_status=403))
    ada.proxy.cut("ws")
    ada.expect_disconnected()
    has_no_violations(ada.page)
    ada.lose_network()
    ada.say("waits")
    ada.expect_failed()
    has_no_violations(ada.page)


def new_message(page: Page) -> None:
    page.get_by_role("button", name="New message").click()


def new_group(page: Page) -> None:
    page.get_by_role("button", name="New group").click()


def browse_channels(page: Page) -> None:
    page.get_by_role("button", name="Add a channel").click()
    page.get_by_role("menuitem", name="Browse channels").click()


def switcher(page: Page) -> None:
    page.keyboard.press("Control+k")


def shortcuts(page: Page) -> None:
    page.keyboard.press("Control+/")


DIALOGS: tuple[Callable[[Page], Any], ...] = (new_message, new_group, browse_channels, switcher, shortcuts)


def test_forced_colours_keep_edges_choice_and_focus(people: Callable[..., Person]) -> None:
    ada, ben = people(forced_colors="active"), people()
    room = ada.api.create_room("group", ben.api, name="Garden")
    ada.enter(room)
    page = ada.page

    def line(selector: str, property_: str) -> str:
        script = "(element, name) => getComputedStyle(element).getPropertyValue(name)"
        return str(page.locator(selector).first.evaluate(script, property_))

    assert line("[aria-current=page]", "outline-style") == "solid"
    page.get_by_role("textbox", name="Message").focus()
    assert line("textarea", "outline-style") == "solid"
    page.get_by_role("button", name="More about this room").click()
    assert line("[role=menu]", "border-top-style") == "solid"
    page.keyboard.press("Escape")
    new_message(page)
    expect(page.get_by_role("option").first).to_be_visible()
    assert line("dialog", "border-top-style") == "solid"
    assert line("[role=option][aria-selected=true]", "outline-style") == "solid"
