"""Threads in the app: by keyboard on a desktop, on a phone, without a network, in both themes with axe, and on the page that lists them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from e2e.network.faults import Faults
from e2e.support.files import document
from e2e.support.person import Person
from e2e.support.wait import eventually
from e2e.test_accessibility import has_no_violations
from e2e.test_phone import PHONE, is_at_list, is_in


def panel(person: Person) -> Locator:
    return person.page.get_by_role("complementary", name="Thread")


def replies(person: Person) -> Locator:
    return person.page.get_by_role("feed", name="Thread").get_by_role("article")


def in_room(person: Person, text: str) -> Locator:
    return person.page.get_by_role("feed", name="Messages").locator(".bc-text", has_text=text)


def field(person: Person) -> Locator:
    return person.page.get_by_role("textbox", name="Reply in this thread")


def summary(person: Person, count: str) -> Locator:
    return person.page.get_by_role("button", name=re.compile(f"^{count},"))


def reply(person: Person, root: dict[str, Any], content: str) -> dict[str, Any]:
    sent = person.api.call("POST", f"/api/rooms/{root['room_id']}/messages", content=content, thread=root["id"])
    return dict(sent["message"])


def stored(person: Person, root: dict[str, Any]) -> list[str]:
    thread = person.api.call("GET", f"/api/messages/{root['id']}/thread")
    return [message["content"] for message in thread["messages"]]


@pytest.fixture
def root(ada: Person, room: dict[str, Any]) -> dict[str, Any]:
    """A message of Ada's, in the room."""
    return ada.api.send(room["id"], "Shall we paint the shed?")


@pytest.mark.smoke
def test_a_thread_is_opened_answered_and_closed_by_keyboard(
    ada: Person, ben: Person, room: dict[str, Any], root: dict[str, Any]
) -> None:
    reply(ben, root, "In green")
    ada.enter(room)
    expect(summary(ada, "1 reply")).to_be_visible()
    expect(in_room(ada, "In green")).to_have_count(0)
    keys = ada.page.keyboard
    summary(ada, "1 reply").focus()
    keys.press("Enter")
    expect(field(ada)).to_be_focused()
    expect(replies(ada)).to_have_count(2)
    keys.type("Rather blue")
    keys.press("Enter")
    expect(replies(ada).last).to_contain_text("Rather blue")
    eventually(lambda: stored(ada, root) == ["In green", "Rather blue"], ada.page)
    expect(in_room(ada, "Rather blue")).to_have_count(0)
    keys.press("Escape")
    expect(panel(ada)).to_have_count(0)
    expect(summary(ada, "2 replies")).to_be_focused()


def test_replies_wait_for_the_network_and_arrive_once(
    ada: Person, ben: Person, room: dict[str, Any], root: dict[str, Any]
) -> None:
    reply(ben, root, "In green")
    ada.enter(room)
    summary(ada, "1 reply").click()
    expect(replies(ada)).to_have_count(2)
    ada.lose_network()
    for text in ("Rather blue", "Or white"):
        field(ada).fill(text)
        field(ada).press("Enter")
    expect(replies(ada)).to_have_count(4)
    ada.suffer(Faults())
    eventually(lambda: stored(ada, root) == ["In green", "Rather blue", "Or white"], ada.page)
    expect(replies(ada)).to_have_count(4)


def test_a_reply_with_a_file_waits_for_the_network_and_keeps_its_place(
    ada: Person, ben: Person, room: dict[str, Any], root: dict[str, Any]
) -> None:
    reply(ben, root, "In green")
    ada.enter(room)
    summary(ada, "1 reply").click()
    expect(field(ada)).to_be_focused()
    ada.lose_network()
    panel(ada).get_by_label("Files to attach").set_input_files([document("colours.txt")])
    expect(panel(ada).get_by_role("region", name="Files to send")).to_contain_text("Waits for a connection")
    field(ada).fill("These")
    field(ada).press("Enter")
    expect(replies(ada).last).to_contain_text("These")
    expect(in_room(ada, "These")).to_have_count(0)
    ada.suffer(Faults())
    eventually(lambda: stored(ada, root) == ["In green", "These"], ada.page)
    sent = ada.api.call("GET", f"/api/messages/{root['id']}/thread")["messages"][-1]
    assert [each["name"] for each in sent["attachments"]] == ["colours.txt"]
    expect(replies(ada)).to_have_count(3)
    expect(replies(ada).last).to_contain_text("colours.txt")


def test_unread_threads_have_one_number_and_one_button_clears_it(
    ada: Person, ben: Person, room: dict[str, Any], root: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    other = ada.api.send(elsewhere["id"], "Who brings cake?")
    ada.enter(elsewhere)
    reply(ben, root, "In green")
    reply(ben, root, "Or in blue")
    reply(ben, other, "I do")
    page = ada.page
    link = page.get_by_role("link", name=re.compile("^Threads"))
    expect(link).to_have_accessible_name("Threads, 3 unread")
    link.click()
    expect(page.get_by_role("heading", level=1, name="Threads")).to_be_focused()
    entries = page.get_by_role("list", name="Threads you follow").get_by_role("button")
    expect(entries).to_have_count(2)
    expect(entries.filter(has_text="Shall we paint the shed?")).to_have_accessible_name(re.compile("2 unread"))
    page.get_by_role("button", name="Mark all as read").click()
    expect(link).to_have_accessible_name("Threads")
    page.get_by_role("button", name="Unread", exact=True).click()
    expect(page.get_by_text("Nothing unread")).to_be_visible()
    assert ada.api.call("GET", "/api/threads?unread=true")["threads"] == []
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Threads")).to_be_visible()


def test_on_a_phone_back_closes_the_thread_then_leaves_the_room(people: Callable[..., Person], ben: Person) -> None:
    phone = people(**PHONE)
    room = phone.api.create_room("group", ben.api, name="Garden")
    root = phone.api.send(room["id"], "Shall we paint the shed?")
    reply(ben, root, "In green")
    phone.has_session()
    phone.visit("/")
    phone.go_to("Garden")
    is_in(phone, "Garden")
    summary(phone, "1 reply").tap()
    expect(panel(phone)).to_be_visible()
    expect(replies(phone)).to_have_count(2)
    box = panel(phone).bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 390)
    has_no_violations(phone.page)
    phone.page.go_back()
    expect(panel(phone)).to_have_count(0)
    is_in(phone, "Garden")
    phone.page.go_back()
    is_at_list(phone)
    # From the page of threads, a thread opens over its room.
    phone.page.get_by_role("link", name=re.compile("^Threads")).tap()
    phone.page.get_by_role("button", name=re.compile("Shall we paint the shed")).tap()
    expect(panel(phone)).to_be_visible()
    phone.page.go_back()
    is_in(phone, "Garden")
    phone.page.go_back()
    is_at_list(phone)


def test_the_address_of_a_hidden_reply_opens_its_thread(
    ada: Person, ben: Person, room: dict[str, Any], root: dict[str, Any]
) -> None:
    green = reply(ben, root, "In green")
    ada.has_session()
    ada.visit(f"/rooms/{room['id']}/{green['seq']}")
    expect(replies(ada).filter(has_text="In green")).to_have_class(re.compile("animate-flash"))


def test_the_flat_view_shows_replies_in_the_room(
    ada: Person, ben: Person, room: dict[str, Any], root: dict[str, Any]
) -> None:
    reply(ben, root, "In green")
    ada.enter(room)
    expect(in_room(ada, "In green")).to_have_count(0)
    ada.page.get_by_role("button", name=re.compile(f"^{ada.name} ")).click()
    ada.page.get_by_role("menuitemcheckbox", name="Show replies of threads in rooms").click()
    ada.page.keyboard.press("Escape")
    expect(in_room(ada, "In green")).to_be_visible()
    ada.page.reload()
    expect(in_room(ada, "In green")).to_be_visible()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_in_a_thread_nor_on_their_page(
    people: Callable[..., Person], ben: Person, colours: str
) -> None:
    ada = people(color_scheme=colours)
    room = ada.api.create_room("group", ben.api, name="Garden")
    root = ada.api.send(room["id"], "Shall we paint the shed?")
    reply(ben, root, "In green")
    ada.enter(room)
    expect(summary(ada, "1 reply")).to_be_visible()
    has_no_violations(ada.page)
    summary(ada, "1 reply").click()
    expect(replies(ada)).to_have_count(2)
    has_no_violations(ada.page)
    reply(ben, root, "Or in blue")
    ada.visit("/threads")
    expect(ada.page.get_by_role("list", name="Threads you follow").get_by_role("button")).to_have_count(1)
    has_no_violations(ada.page)
