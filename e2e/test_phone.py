"""On a phone: Back closes the topmost layer, then leads to the list; a long press opens a sheet without choosing an action."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from e2e.support.person import Person
from e2e.support.wait import eventually

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

UNDER_POINTER = """(row) => {
    const box = row.getBoundingClientRect();
    return row.contains(document.elementFromPoint(box.x + 60, box.y + box.height / 2));
}"""


@pytest.fixture
def ada(people: Callable[..., Person]) -> Person:
    return people(**PHONE)


@pytest.fixture
def rooms(ada: Person, ben: Person, room: dict[str, Any], elsewhere: dict[str, Any]) -> tuple[str, str]:
    ada.api.send(room["id"], "hello")
    ada.has_session()
    ada.visit("/")
    expect(ada.page.get_by_role("navigation", name="Rooms")).to_be_visible()
    return room["name"], elsewhere["name"]


def is_in(person: Person, name: str) -> None:
    expect(person.page.get_by_role("heading", level=1)).to_have_text(name)


def is_at_list(person: Person) -> None:
    expect(person.page.get_by_role("navigation", name="Rooms")).to_be_visible()
    expect(person.page).to_have_url(person.proxy.url + "/")


def arrow(person: Person) -> Locator:
    return person.page.get_by_role("link", name=re.compile("^Back to rooms"))


def entries(person: Person) -> int:
    return int(person.page.evaluate("history.length"))


@pytest.mark.smoke
def test_back_leads_from_a_room_to_the_list_after_any_number_of_rooms(ada: Person, rooms: tuple[str, str]) -> None:
    first, second = rooms
    before = entries(ada)
    for name in (first, second, first, second):
        ada.go_to(name)
        is_in(ada, name)
        arrow(ada).click()
        is_at_list(ada)
    ada.go_to(first)
    is_in(ada, first)
    # Switching rooms without the list replaces the history entry.
    ada.page.keyboard.press("Control+k")
    ada.page.get_by_role("combobox").fill(second)
    ada.page.get_by_role("option").first.click()
    is_in(ada, second)
    ada.page.go_back()
    is_at_list(ada)
    # History has entries for the list, the room and the layer, no more.
    assert entries(ada) <= before + 2
    ada.page.go_back()
    expect(ada.page).to_have_url("about:blank")


def test_back_closes_the_topmost_layer_and_stays_in_the_room(ada: Person, rooms: tuple[str, str]) -> None:
    first, _ = rooms
    page = ada.page
    ada.go_to(first)
    is_in(ada, first)

    page.get_by_role("button", name="Show members").click()
    panel = page.get_by_role("complementary", name="Members")
    expect(panel).to_be_visible()
    panel.get_by_role("button", name="Add people").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(panel).to_be_visible()
    panel.get_by_role("button", name=re.compile("^More about")).click()
    expect(page.get_by_role("menu")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(panel).to_be_visible()
    page.go_back()
    expect(panel).to_have_count(0)
    is_in(ada, first)

    # A menu that opens a dialog uses one entry; closing it by hand leaves none.
    page.get_by_role("button", name="More about this room").click()
    page.get_by_role("menuitem", name="Room settings").click()
    expect(page.get_by_role("dialog", name="Room settings")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    is_in(ada, first)
    page.get_by_role("button", name="More about this room").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    eventually(lambda: not page.evaluate("history.state?.layers"), page)
    page.go_back()
    is_at_list(ada)

    # Forward leads to the room, without the closed layer.
    page.go_forward()
    is_in(ada, first)
    expect(page.get_by_role("dialog")).to_have_count(0)
    # The panel stays closed.
    page.get_by_role("button", name="Show members").click()
    expect(panel).to_be_visible()
    page.go_back()
    page.go_back()
    is_at_list(ada)


def test_a_room_opened_by_link_has_the_list_beneath(ada: Person, rooms: tuple[str, str], room: dict[str, Any]) -> None:
    ada.page = ada.open_tab()
    ada.visit(f"/rooms/{room['id']}")
    is_in(ada, room["name"])
    ada.page.go_back()
    is_at_list(ada)
    ada.go_to(room["name"])
    is_in(ada, room["name"])
    for _ in range(2):
        ada.page.reload()
        is_in(ada, room["name"])
    # A reload under a dialog leaves no entry for it.
    ada.page.keyboard.press("Control+/")
    expect(ada.page.get_by_role("dialog")).to_be_visible()
    ada.page.reload()
    is_in(ada, room["name"])
    eventually(lambda: not ada.page.evaluate("history.state?.layers"), ada.page)
    ada.page.go_back()
    is_at_list(ada)


def press_long(person: Person, on: Locator, hold_ms: int) -> None:
    """A long press by touch events, from which the browser derives gestures, clicks and menus."""
    box = on.bounding_box()
    assert box
    spot = {"x": box["x"] + min(60, box["width"] / 2), "y": box["y"] + box["height"] / 2}
    finger = person.context.new_cdp_session(person.page)
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [spot]})
    person.page.wait_for_timeout(hold_ms)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize("hold_ms", [440, 470, 520, 700, 1200])
def test_a_long_press_low_on_the_screen_selects_no_action(
    ada: Person, ben: Person, rooms: tuple[str, str], room: dict[str, Any], hold_ms: int
) -> None:
    for number in range(30):
        ben.api.send(room["id"], f"line {number}")
    ada.go_to(rooms[0])
    last = ada.message("line 29")
    ada.page.get_by_role("button", name=re.compile("new messages")).click()
    expect(last).to_be_in_viewport()
    # Scrolled to the end of the list, beside the composer.
    expect(ada.page.get_by_role("button", name=re.compile("Latest|new messages"))).to_have_count(0)
    # A list that is still scrolling ignores the pointer.
    eventually(lambda: last.evaluate(UNDER_POINTER), ada.page)
    assert (last.bounding_box() or {"y": 0})["y"] > 600
    press_long(ada, last, hold_ms)
    menu = ada.page.get_by_role("menu", name="Message")
    expect(menu).to_be_visible()
    # An action chosen by lifting the finger would show by now.
    ada.page.wait_for_timeout(500)
    expect(menu).to_be_visible()
    expect(last.get_by_role("button", name=re.compile("^(👍|❤)"))).to_have_count(0)
    expect(ada.composer).to_have_value("")
    # The next touch works normally.
    menu.get_by_role("menuitem", name="👍").tap()
    expect(last.get_by_role("button", name=re.compile("^👍"))).to_be_visible()


def test_a_press_beside_a_menu_closes_it_and_reaches_nothing_beneath(
    ada: Person, rooms: tuple[str, str], room: dict[str, Any]
) -> None:
    ada.go_to(rooms[0])
    ada.page.get_by_role("button", name="More about this room").click()
    menu = ada.page.get_by_role("menu")
    expect(menu).to_be_visible()
    press_long(ada, arrow(ada), 900)
    expect(menu).to_have_count(0)
    ada.page.wait_for_timeout(500)
    is_in(ada, rooms[0])
