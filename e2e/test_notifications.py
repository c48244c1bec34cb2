"""Notifications: only when switched on, one for each event, none for the room on screen."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from e2e.support.conversation import Conversation
from e2e.support.person import Person
from e2e.support.wait import equals, eventually

PATHS = """() => navigator.serviceWorker.ready
    .then((registration) => registration.getNotifications())
    .then((shown) => shown.map(({ data }) => data.path))"""
SHOWN = """() => navigator.serviceWorker.ready
    .then((registration) => registration.getNotifications())
    .then((shown) => shown.map(({ title, body }) => `${title}: ${body}`))"""


def switch_on(person: Person) -> None:
    """Switch them on in the own menu; the browser has granted permission."""
    person.context.grant_permissions(["notifications"], origin=person.proxy.url)
    person.page.get_by_role("button", name=re.compile(f"^{person.name} ")).click()
    item = person.page.get_by_role("menuitemcheckbox", name="Desktop notifications")
    item.click()
    expect(item).to_be_checked()
    person.page.keyboard.press("Escape")
    person.page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def shown(page: Page) -> list[str]:
    return list(page.evaluate(SHOWN))


def test_two_tabs_notify_once_and_not_of_a_visible_room(
    ada: Person, ben: Person, talk: Conversation, elsewhere: dict[str, Any]
) -> None:
    direct = ben.api.create_room("direct", ada.api)
    switch_on(ada)
    first = ada.page
    ada.page = ada.open_tab()
    ada.visit(f"/rooms/{elsewhere['id']}")
    ada.expect_connected()
    # The room is visible in the first tab, then in the second: no notification.
    talk.say(ben, f"@{ada.account.username} here")
    ben.api.send(elsewhere["id"], f"@{ada.account.username} and there")
    ben.api.send(direct["id"], "psst")
    eventually(equals([f"{ben.name}: psst"], lambda: shown(first)), first)
    ada.go_to(ben.name)
    ben.api.send(direct["id"], "thanks for looking")
    expect(ada.page.get_by_role("feed")).to_contain_text("thanks for looking")
    assert shown(first) == [f"{ben.name}: psst"]


def test_no_permission_is_asked_and_nothing_shown_before_it_is_switched_on(
    ada: Person, ben: Person, room: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    ada.context.grant_permissions(["notifications"], origin=ada.proxy.url)
    ada.enter(room)
    ada.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    ben.api.send(elsewhere["id"], f"@{ada.account.username} hello")
    ada.expect_unread(elsewhere["name"], 1)
    expect(ada.page).to_have_title(re.compile(r"^\(1\) "))
    assert shown(ada.page) == []


def opens(person: Person, path: str) -> None:
    """As the worker does when a notification is clicked, which headless Chromium does not deliver."""
    say = "(data) => navigator.serviceWorker.dispatchEvent(new MessageEvent('message', { data }))"
    person.page.evaluate(say, {"type": "open", "path": path})


def test_a_mention_in_a_thread_opens_the_message_there(
    ada: Person, ben: Person, room: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    root = ada.api.send(elsewhere["id"], "Shall we paint the shed?")
    ada.enter(room)
    switch_on(ada)
    sent = ben.api.call(
        "POST",
        f"/api/rooms/{elsewhere['id']}/messages",
        content=f"@{ada.account.username} which colour?",
        thread=root["id"],
    )["message"]
    path = f"/rooms/{elsewhere['id']}/{sent['seq']}"
    eventually(equals([path], lambda: list(ada.page.evaluate(PATHS))), ada.page)
    opens(ada, path)
    thread = ada.page.get_by_role("feed", name="Thread")
    expect(thread.get_by_role("article").filter(has_text="which colour?")).to_be_visible()


def test_a_click_leads_to_the_room(ada: Person, ben: Person, room: dict[str, Any], elsewhere: dict[str, Any]) -> None:
    ada.enter(room)
    ada.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    opens(ada, f"/rooms/{elsewhere['id']}")
    expect(ada.page).to_have_url(re.compile(rf"/rooms/{elsewhere['id']}$"))
