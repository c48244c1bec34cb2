"""Signing out, and being signed out."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, expect

from e2e.network.faults import Faults
from e2e.support.conversation import Conversation
from e2e.support.person import Person


def open_menu(person: Person) -> Locator:
    person.page.get_by_role("button", name=re.compile(f"^{person.name} ")).click()
    item = person.page.get_by_role("menuitem", name="Sign out")
    expect(item).to_be_visible()
    return item


def lose_network(person: Person) -> None:
    """Cut the network after the app has loaded the files that follow its start."""
    open_menu(person)
    person.page.keyboard.press("Escape")
    person.lose_network()


def ask_to_sign_out(person: Person) -> Locator:
    open_menu(person).click()
    return person.page.get_by_role("dialog")


def end_session_elsewhere(person: Person) -> None:
    """Sign out the same session without this browser, as from a list of devices."""
    with httpx.Client(
        base_url=person.proxy.url.replace(str(person.proxy.port), str(person.proxy.upstream_port))
    ) as http:
        http.cookies.set(person.account.cookie, person.account.session)
        http.get("/account/state")
        csrf = http.cookies["csrftoken"]
        http.delete("/_allauth/browser/v1/auth/session", headers={"X-CSRFToken": csrf})


@pytest.mark.smoke
def test_signing_out_leads_to_the_sign_in(ada: Person, room: dict[str, Any]) -> None:
    ada.enter(room)
    # allauth answers a sign-out with 401, and Chromium logs every 401.
    ada.page_log.allow("status of 401")
    dialog = ask_to_sign_out(ada)
    dialog.get_by_role("button", name="Sign out", exact=True).click()
    expect(ada.page.get_by_role("button", name="Sign in")).to_be_visible()
    ada.page.reload()
    expect(ada.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert ada.proxy.live("ws") == 0


def test_signing_out_warns_while_messages_wait(ada: Person, ben: Person, talk: Conversation) -> None:
    lose_network(ada)
    talk.say(ada, "one", "two")
    dialog = ask_to_sign_out(ada)
    expect(dialog).to_contain_text("2 messages have not been sent yet")
    expect(dialog.get_by_role("button", name="Sign out and delete them")).to_be_visible()
    dialog.get_by_role("button", name="Stay").click()
    ada.proxy.heal()
    talk.check()


def test_signing_out_sends_waiting_messages_first_if_asked(ada: Person, ben: Person, talk: Conversation) -> None:
    lose_network(ada)
    ada.page_log.allow("status of 401")
    talk.say(ada, "one", "two")
    dialog = ask_to_sign_out(ada)
    dialog.get_by_role("button", name="Send first").click()
    expect(dialog).to_contain_text("2 messages have still to be sent")
    ada.proxy.heal()
    expect(ada.page.get_by_role("button", name="Sign in")).to_be_visible()
    ben.sees(*talk.sent)


def test_deleted_messages_stay_deleted_and_every_tab_signs_out(ada: Person, ben: Person, talk: Conversation) -> None:
    first = ada.page
    ada.page_log.allow("status of 401")
    # Everything gets through except sends.
    ada.suffer(Faults(upgrade_status=502))
    ada.proxy.cut("ws")
    ada.context.route(
        "**/messages", lambda route: route.abort() if route.request.method == "POST" else route.fallback()
    )
    ada.say("never mind")
    ada.sees_waiting("never mind")
    ada.page = ada.open_tab()
    ada.visit(f"/rooms/{talk.id}")
    dialog = ask_to_sign_out(ada)
    # Written in the other tab, counted here.
    expect(dialog).to_contain_text("One message has not been sent yet")
    dialog.get_by_role("button", name="Sign out and delete them").click()
    for page in (ada.page, first):
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    ada.context.unroute("**/messages")
    ada.proxy.heal()
    ada.page = first
    first.bring_to_front()
    ada.sign_in()
    talk.turn("afterwards")
    talk.check()


def test_a_revoked_sign_in_is_shown_and_keeps_unsent_messages(ada: Person, ben: Person, talk: Conversation) -> None:
    talk.turn()
    ada.page_log.allow("status of 401")
    ada.page_log.network_may_fail = True
    end_session_elsewhere(ada)
    bar = ada.page.get_by_role("alert").filter(has_text="You are signed out")
    expect(bar).to_be_visible()
    talk.say(ada, "written while signed out")
    expect(bar).to_contain_text("One message waits")
    bar.get_by_role("button", name="Sign in").click()
    expect(ada.page.get_by_role("main")).to_contain_text("What you wrote is kept")
    ada.sign_in()
    talk.check()
    ada.expect_connected()
