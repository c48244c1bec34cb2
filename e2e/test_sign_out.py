"""Leaving, and being put out."""

from __future__ import annotations

import re
from typing import Any

import httpx
from playwright.sync_api import Locator, expect
from stage.conversation import Conversation
from stage.person import Person


def ask_to_sign_out(person: Person) -> Locator:
    person.page.get_by_role("button", name=re.compile(f"^{person.name} ")).click()
    person.page.get_by_role("menuitem", name="Sign out").click()
    return person.page.get_by_role("dialog")


def end_session_elsewhere(person: Person) -> None:
    """By the same session's sign-out, past this browser: as from a list of devices."""
    with httpx.Client(
        base_url=person.proxy.url.replace(str(person.proxy.port), str(person.proxy.upstream_port))
    ) as http:
        http.cookies.set(person.account.cookie, person.account.session)
        http.get("/account/state")
        csrf = http.cookies["csrftoken"]
        http.delete("/_allauth/browser/v1/auth/session", headers={"X-CSRFToken": csrf})


def test_signing_out_leads_to_the_sign_in(ada: Person, room: dict[str, Any]) -> None:
    ada.enter(room)
    # allauth tells of a finished sign-out by 401, and Chromium of every 401.
    ada.witness.may_say("status of 401")
    dialog = ask_to_sign_out(ada)
    dialog.get_by_role("button", name="Sign out", exact=True).click()
    expect(ada.page.get_by_role("button", name="Sign in")).to_be_visible()
    ada.page.reload()
    expect(ada.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert ada.proxy.live("ws") == 0


def test_it_warns_while_messages_wait(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.lose_network()
    talk.say(ada, "one", "two")
    dialog = ask_to_sign_out(ada)
    expect(dialog).to_contain_text("2 messages have not been sent yet")
    expect(dialog.get_by_role("button", name="Sign out and delete them")).to_be_visible()
    dialog.get_by_role("button", name="Stay").click()
    ada.proxy.heal()
    talk.check()


def test_a_session_that_ends_elsewhere_says_so_and_keeps_what_was_written(
    ada: Person, ben: Person, talk: Conversation
) -> None:
    talk.turn()
    ada.witness.may_say("status of 401")
    ada.witness.network_may_fail = True
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
