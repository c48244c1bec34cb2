"""Search in the app: by keyboard, on a phone, in the light and in the dark theme, with and without a network."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from e2e.network.faults import Faults
from e2e.support.person import Person
from e2e.test_accessibility import has_no_violations
from e2e.test_phone import PHONE, is_in

PICTURES = os.environ.get("SEARCH_PICTURES")
"""A folder for pictures of the screens, to look at."""


def picture(person: Person, name: str) -> None:
    if PICTURES:
        person.page.wait_for_timeout(400)
        person.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def field(person: Person) -> Locator:
    return person.page.get_by_role("combobox", name="Search messages")


def hits(person: Person) -> Locator:
    return person.page.get_by_role("listbox", name="Messages found").get_by_role("option")


def fill(speaker: Person, other: Person, room: dict[str, Any], elsewhere: dict[str, Any]) -> None:
    """A long room with one message to find at its beginning, and one in another room. Two speak, as one may not send so much at once."""
    speaker.api.send(room["id"], "The quokka was deployed to staging, see https://example.org/quokka")
    for number in range(90):
        (speaker, other)[number % 2].api.send(room["id"], f"message {number}\n\nof\n\na long\n\nday")
    speaker.api.send(elsewhere["id"], "Das Quokka schläft: 服务器更新版本")


def add(member: Person, other: Person, *rooms: dict[str, Any]) -> None:
    for room in rooms:
        member.api.call("POST", f"/api/rooms/{room['id']}/members", user_ids=[other.api.user_id])


def is_highlighted(person: Person, text: str) -> None:
    row = person.page.get_by_role("feed").get_by_role("article").filter(has_text=text)
    expect(row).to_be_in_viewport()
    expect(row).to_have_class(re.compile("animate-flash"))


@pytest.mark.smoke
def test_what_was_said_long_ago_is_found_and_opened_by_keyboard(
    ada: Person, ben: Person, room: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    fill(ben, ada, room, elsewhere)
    ada.enter(room)
    keys = ada.page.keyboard
    keys.press("Control+k")
    expect(ada.page.get_by_role("combobox", name="Jump to a room or person")).to_be_focused()
    keys.type("quok")
    expect(ada.page.get_by_role("option").first).to_contain_text("Search messages for quok")
    picture(ada, "jump")
    keys.press("Enter")
    expect(field(ada)).to_be_focused()
    expect(hits(ada)).to_have_count(2)
    expect(hits(ada).first).to_contain_text("服务器更新版本")
    expect(ada.page.get_by_test_id("announcer")).to_have_text("2 messages found")
    picture(ada, "hits")
    # A filter is completed, becomes a chip, and is taken away again.
    keys.type(" has:li")
    picture(ada, "completion")
    keys.press("Tab")
    expect(ada.page.get_by_role("button", name="Remove the filter has: link")).to_be_visible()
    expect(hits(ada)).to_have_count(1)
    picture(ada, "chip")
    keys.press("ArrowDown")
    expect(hits(ada)).to_have_attribute("aria-selected", "true")
    keys.press("Enter")
    is_highlighted(ada, "The quokka was deployed")
    expect(ada.page.get_by_role("dialog")).to_have_count(0)
    picture(ada, "opened")
    # From there a hit of the other room, and in this one by Ctrl+F, whose history is not loaded as a whole.
    keys.press("Control+f")
    keys.type("版本")
    expect(ada.page.get_by_text("No message has all of this.")).to_be_visible()
    ada.page.get_by_role("button", name=re.compile("^Stop searching in")).click()
    hits(ada).click()
    is_in(ada, elsewhere["name"])
    is_highlighted(ada, "Das Quokka schläft")


def test_on_a_phone_a_hit_opens_its_room_and_back_leads_to_the_list(
    people: Callable[..., Person], ben: Person, room: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    phone = people(**PHONE)
    add(ben, phone, room, elsewhere)
    fill(ben, phone, room, elsewhere)
    phone.has_session()
    phone.visit("/")
    phone.page.get_by_role("button", name="Jump to or search").tap()
    phone.page.get_by_role("combobox", name="Jump to a room or person").fill("quokka")
    phone.page.get_by_role("option", name="Search messages for quokka").tap()
    expect(hits(phone)).to_have_count(2)
    picture(phone, "phone-hits")
    has_no_violations(phone.page)
    hits(phone).filter(has_text="staging").tap()
    is_in(phone, room["name"])
    is_highlighted(phone, "The quokka was deployed")
    phone.page.get_by_role("button", name="Search in this room").tap()
    expect(field(phone)).to_be_focused()
    field(phone).fill("message 89")
    expect(hits(phone).first).to_contain_text("message 89")
    picture(phone, "phone-room")
    phone.page.go_back()
    expect(phone.page.get_by_role("dialog")).to_have_count(0)
    is_in(phone, room["name"])
    phone.page.go_back()
    expect(phone.page.get_by_role("navigation", name="Rooms")).to_be_visible()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(
    people: Callable[..., Person], ben: Person, room: dict[str, Any], elsewhere: dict[str, Any], colours: str
) -> None:
    # As wide as a desktop's window at 200 %.
    ada = people(color_scheme=colours, viewport={"width": 640, "height": 480})
    add(ben, ada, room, elsewhere)
    fill(ben, ada, room, elsewhere)
    ada.enter(room)
    ada.page.get_by_role("button", name="Search in this room").click()
    expect(ada.page.get_by_text("words that begin so")).to_be_visible()
    has_no_violations(ada.page)
    picture(ada, f"{colours}-hints")
    field(ada).fill("quokka")
    expect(hits(ada)).to_have_count(1)
    has_no_violations(ada.page)
    picture(ada, f"{colours}-hits")
    field(ada).fill("quokka from:")
    expect(ada.page.get_by_role("listbox", name="Values of this filter")).to_be_visible()
    has_no_violations(ada.page)
    picture(ada, f"{colours}-completion")
    ada.page.keyboard.press("Escape")
    ada.page.get_by_role("button", name="Has", exact=True).click()
    expect(ada.page.get_by_role("option", name=re.compile("^Link"))).to_be_visible()
    field(ada).fill("nobodysaidthis")
    expect(ada.page.get_by_text("No message has all of this.")).to_be_visible()
    has_no_violations(ada.page)
    ada.lose_network()
    field(ada).fill("quokka")
    expect(ada.page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    has_no_violations(ada.page)
    picture(ada, f"{colours}-offline")
    ada.suffer(Faults())
    expect(hits(ada)).to_have_count(1)
