"""Ways back to a message: marking a room as unread on two devices, jumping to a date, pins, and a deletion whose tab was closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Locator, expect

from e2e.network.proxy import Proxy
from e2e.support.person import Person
from e2e.support.wait import equals, eventually
from e2e.test_accessibility import has_no_violations


def choose(person: Person, text: str, item: str) -> None:
    """An item of the menu of the message that has `text`."""
    person.act(text, "More")
    person.page.get_by_role("menu", name="Message").get_by_role("menuitem", name=item, exact=True).click()


def open_from_room_menu(person: Person, item: str) -> Locator:
    person.page.get_by_role("button", name="More about this room").click()
    person.page.get_by_role("menuitem", name=item).click()
    dialog = person.page.get_by_role("dialog", name=item)
    expect(dialog).to_be_visible()
    has_no_violations(person.page)
    return dialog


def test_a_room_marked_as_unread_is_unread_on_both_devices_until_one_comes_back(
    ada: Person,
    ben: Person,
    room: dict[str, Any],
    elsewhere: dict[str, Any],
    proxies: Callable[[], Proxy],
    browsers: Callable[..., BrowserContext],
) -> None:
    for text in ("one", "two", "three"):
        ben.api.send(room["id"], text)
    other = Person(ada.account, ada.api, proxies(), browsers())
    ada.enter(room)
    ada.sees("one", "two", "three")
    # Otherwise what is marked as unread could still be read for the first time.
    ada.expect_unread("Garden", 0)
    other.enter(elsewhere)
    other.expect_unread("Garden", 0)

    choose(ada, "two", "Mark unread from here")
    other.expect_unread("Garden", 2)
    expect(ada.page.get_by_test_id("unread-line")).to_contain_text("2")
    ada.go_to("Shed")
    ada.expect_unread("Garden", 2)

    other.go_to("Garden")
    expect(other.page.get_by_test_id("unread-line")).to_be_visible()
    ada.expect_unread("Garden", 0)
    assert "unread_from" not in ada.api.room(room["id"])


def test_a_date_leads_to_its_first_message(ada: Person, room: dict[str, Any]) -> None:
    for n in range(1, 25):
        ada.api.send(room["id"], f"number {n}." + "\nand more" * 8)
    ada.enter(room)
    expect(ada.message("number 24.")).to_be_in_viewport()
    expect(ada.message("number 1.")).not_to_be_in_viewport()
    # All were written today.
    dialog = open_from_room_menu(ada, "Jump to date")
    dialog.get_by_role("button", name="Jump").click()
    expect(dialog).to_have_count(0)
    expect(ada.message("number 1.")).to_be_in_viewport()


def test_pins_are_listed_for_everybody_and_lead_to_their_message(
    ada: Person, ben: Person, room: dict[str, Any]
) -> None:
    ben.api.send(room["id"], "the key is with Maya")
    ada.enter(room)
    choose(ada, "the key", "Pin")
    expect(ada.message("the key")).to_contain_text("Pinned")
    ben.enter(room)
    expect(ben.message("the key")).to_contain_text("Pinned")

    pins = open_from_room_menu(ben, "Pinned messages")
    pins.get_by_role("button", name="the key is with Maya").click()
    expect(pins).to_have_count(0)
    expect(ben.message("the key")).to_be_in_viewport()

    choose(ben, "the key", "Unpin")
    expect(ada.message("the key")).not_to_contain_text("Pinned")
    pins = open_from_room_menu(ada, "Pinned messages")
    expect(pins).to_contain_text("Nothing is pinned here.")


def test_a_deletion_whose_tab_closed_before_its_time_is_carried_out_by_the_next(
    ada: Person, ben: Person, room: dict[str, Any]
) -> None:
    kept, _ = (ada.api.send(room["id"], text)["id"] for text in ("stays", "goes"))
    ada.enter(room)
    choose(ada, "goes", "Delete")
    expect(ada.message("goes")).to_have_count(0)
    ada.page.close()

    ada.page = ada.open_tab()
    ada.visit(f"/rooms/{room['id']}")
    eventually(equals([kept], lambda: remaining(ben, room)), ada.page)
    expect(ada.page.get_by_role("feed").get_by_text("Message deleted")).to_be_visible()
    expect(ada.message("stays")).to_be_visible()


def remaining(person: Person, room: dict[str, Any]) -> list[str]:
    page = person.api.call("GET", f"/api/rooms/{room['id']}/messages")
    return [message["id"] for message in page["messages"] if not message["deleted"]]
