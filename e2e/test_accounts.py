"""Tabs of a browser share a sign-in; a person with several browsers can end each of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from e2e.support.conversation import Conversation
from e2e.support.person import Person

NEW = " another horse battery "


def open_panel(person: Person, page: Page, item: str) -> Locator:
    page.get_by_role("button", name=re.compile(f"^{person.name} ")).click()
    page.get_by_role("menuitem", name=item).click()
    return page.get_by_role("dialog")


def change_password(person: Person, page: Page) -> None:
    dialog = open_panel(person, page, "Change password")
    dialog.get_by_label("Current password").fill(person.password)
    dialog.get_by_label("New password").fill(NEW)
    dialog.get_by_role("button", name="Change password").click()
    expect(dialog).to_be_hidden()


def test_a_second_tab_at_the_sign_in_form_signs_in_by_itself(ada: Person, room: dict[str, Any]) -> None:
    ada.visit(f"/rooms/{room['id']}")
    second = ada.open_tab()
    second.goto(ada.proxy.url)
    expect(second.get_by_label("Username")).to_be_visible()
    ada.page.bring_to_front()
    ada.sign_in()
    expect(ada.page.get_by_role("navigation", name="Rooms")).to_be_visible()
    expect(second.get_by_role("navigation", name="Rooms")).to_be_visible()


def test_a_changed_password_leaves_the_other_tabs_signed_in(ada: Person, ben: Person, talk: Conversation) -> None:
    second = ada.open_tab()
    second.goto(f"{ada.proxy.url}/rooms/{talk.room['id']}")
    expect(second.get_by_role("textbox", name=re.compile("^Message "))).to_be_visible()
    talk.turn()
    ada.page_log.allow("status of 401")
    ada.page_log.network_may_fail = True
    change_password(ada, ada.page)
    expect(second.get_by_text("You are signed out")).to_have_count(0)
    ben.say("after the change")
    for page in (ada.page, second):
        expect(page.get_by_role("feed")).to_contain_text("after the change")
        expect(page.get_by_text("You are signed out")).to_have_count(0)


def test_signing_out_a_browser_from_another_one_takes_effect_at_once(
    ada: Person, browsers: Callable[..., Any], room: dict[str, Any]
) -> None:
    ada.visit()
    ada.sign_in()
    expect(ada.page.get_by_role("navigation", name="Rooms")).to_be_visible()
    first = ada.page
    ada.page_log.allow("status of 401")
    ada.page_log.network_may_fail = True
    ada.context = browsers(
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1"
    )
    ada.page = ada.open_tab()
    ada.visit()
    ada.sign_in()
    expect(ada.page.get_by_role("navigation", name="Rooms")).to_be_visible()
    dialog = open_panel(ada, first, "Devices and tokens")
    expect(dialog).to_contain_text("This device")
    expect(dialog.get_by_role("button", name="Revoke: end-to-end tests")).to_be_visible()
    dialog.get_by_role("button", name="Sign out: Safari on iPhone").click()
    expect(ada.page.get_by_text("You are signed out")).to_be_visible()
    expect(dialog.get_by_text("Safari on iPhone", exact=True)).to_have_count(0)
