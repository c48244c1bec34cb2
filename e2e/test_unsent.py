"""Unsent messages, edits and deletions are visible in every tab and after a reload, and are not applied once cancelled."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from e2e.network.faults import Faults
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.outbox import count_kept
from e2e.support.person import Person
from e2e.support.wait import equals, eventually

NO_WEBSOCKET = Faults(upgrade_status=502)
TRANSPORTS = {"websocket": Faults(), "http alone": NO_WEBSOCKET}

pytestmark = pytest.mark.parametrize("network", TRANSPORTS.values(), ids=TRANSPORTS)


def go_offline(person: Person) -> None:
    person.lose_network()
    person.expect_failed()


def come_back(person: Person, network: Faults) -> None:
    person.proxy.heal()
    if network is NO_WEBSOCKET:
        person.suffer(network)
        person.expect_disconnected()
    else:
        person.expect_connected()


def start(person: Person, network: Faults) -> None:
    """Start, and wait until the app has loaded the files that follow its start."""
    person.page.get_by_role("button", name=re.compile(f"^{person.name} ")).click()
    expect(person.page.get_by_role("menuitem", name="Sign out")).to_be_visible()
    person.page.keyboard.press("Escape")
    if network is NO_WEBSOCKET:
        person.suffer(network)
        person.proxy.cut("ws")
        person.expect_disconnected()


def api_is_gone(person: Person) -> None:
    """The page still loads, but no request of the chat gets through."""
    person.suffer(NO_WEBSOCKET)
    person.proxy.cut("ws")
    person.context.route("**/api/**", lambda route: route.abort())


def api_is_back(person: Person, network: Faults) -> None:
    person.context.unroute_all()
    come_back(person, network)


def edit_last(person: Person, text: str) -> None:
    person.composer.press("ArrowUp")
    field = person.page.get_by_role("textbox", name="Edit message")
    field.fill(text)
    field.press("Enter")


def open_tray(person: Person) -> Locator:
    person.page.get_by_role("button", name=re.compile(r"^Not sent \(")).click()
    return person.page.get_by_role("dialog", name=re.compile("^Not sent"))


def remove_from_room(person: Person, by: Person, room: dict[str, Any]) -> None:
    by.api.call("DELETE", f"/api/rooms/{room['id']}/members/{person.api.user_id}")


def test_a_cancelled_edit_is_never_applied(ada: Person, ben: Person, talk: Conversation, network: Faults) -> None:
    talk.say(ada, "helo")
    ben.sees("helo")
    start(ada, network)
    go_offline(ada)
    edit_last(ada, "regretted")
    expect(ada.message("regretted")).to_contain_text("Edit waiting to be sent")
    ada.page.keyboard.press("Escape")
    expect(ada.page.get_by_text("Edit waiting to be sent")).to_have_count(0)
    come_back(ada, network)
    talk.say(ada, "next")
    talk.check()


def test_a_pending_edit_and_reaction_outlive_the_tab(
    ada: Person, ben: Person, talk: Conversation, database: Database, network: Faults
) -> None:
    talk.say(ada, "helo")
    ben.sees("helo")
    start(ada, network)
    api_is_gone(ada)
    edit_last(ada, "hello")
    ada.act("hello", "React with 👍")
    eventually(equals(2, lambda: count_kept(ada.page)), ada.page)
    ada.page.reload()
    api_is_back(ada, network)
    ben.sees("hello")
    expect(ben.message("hello").get_by_role("button", name=re.compile("^👍"))).to_be_visible()
    assert database.texts(talk.id) == ["hello"]
    eventually(equals(0, lambda: count_kept(ada.page)), ada.page)


@pytest.mark.smoke
def test_a_pending_deletion_can_be_cancelled(ada: Person, ben: Person, talk: Conversation, network: Faults) -> None:
    talk.say(ada, "stays", "goes")
    ben.sees("stays", "goes")
    start(ada, network)
    go_offline(ada)
    for text in ("stays", "goes"):
        ada.act(text, "More")
        ada.page.get_by_role("menuitem", name="Delete").click()
    expect(ada.page.get_by_text("Waiting to be deleted")).to_have_count(2, timeout=20_000)
    ada.message("stays").get_by_role("button", name="Cancel").click()
    come_back(ada, network)
    expect(ben.page.get_by_role("feed").get_by_text("Message deleted")).to_have_count(1)
    expect(ben.message("stays")).to_be_visible()
    expect(ben.message("goes")).to_have_count(0)


def test_two_edits_of_one_message_show_both_texts(
    ada: Person, ben: Person, talk: Conversation, database: Database, network: Faults
) -> None:
    talk.say(ada, "helo")
    ben.sees("helo")
    start(ada, network)
    # Chromium logs every refusal.
    ada.page_log.allow("status of 409")
    go_offline(ada)
    edit_last(ada, "from the train")
    [stored] = database.messages(talk.id)
    ada.api.call("PATCH", f"/api/messages/{stored.id}", content="from the phone")
    come_back(ada, network)
    conflict = ada.page.get_by_role("alert").filter(has_text="Your edit was not saved.")
    expect(conflict).to_contain_text("from the train")
    expect(ada.message("from the phone")).to_be_visible()
    assert database.texts(talk.id) == ["from the phone"]
    conflict.get_by_role("button", name="Use mine").click()
    ben.sees("from the train")
    expect(conflict).to_have_count(0)


def test_unsent_messages_to_a_removed_room_are_in_the_tray(
    ada: Person, ben: Person, elsewhere: dict[str, Any], database: Database, network: Faults
) -> None:
    room = ben.api.create_room("group", ada.api, name="Orchard")
    ada.enter(room)
    start(ada, network)
    go_offline(ada)
    ada.say("one", "two")
    remove_from_room(ada, ben, room)
    come_back(ada, network)
    expect(ada.page.get_by_role("heading", name="You are not in this room")).to_be_visible()
    ada.page.reload()
    tray = open_tray(ada)
    expect(tray.get_by_role("listitem")).to_have_count(2)
    expect(tray).to_contain_text("Orchard")
    expect(tray).to_contain_text("You are no longer in this room.")
    two = tray.get_by_role("listitem").filter(has_text="two")
    two.get_by_role("button", name="Copy").click()
    eventually(equals("two", lambda: ada.page.evaluate("navigator.clipboard.readText()")), ada.page)
    two.get_by_role("button", name="Delete").click()
    expect(tray.get_by_role("listitem")).to_have_count(1)
    tray.get_by_role("button", name="Move to…").click()
    ada.page.get_by_role("menuitem", name=elsewhere["name"]).click()
    expect(ada.composer).to_have_value("one")
    ada.composer.press("Enter")
    eventually(equals(["one"], lambda: database.texts(elsewhere["id"])), ada.page)
    assert database.texts(room["id"]) == []
    eventually(equals(0, lambda: count_kept(ada.page)), ada.page)


def test_sending_first_ends_with_the_messages_that_failed(ada: Person, ben: Person, network: Faults) -> None:
    room = ben.api.create_room("group", ada.api, name="Orchard")
    ada.enter(room)
    start(ada, network)
    go_offline(ada)
    ada.say("one", "two")
    remove_from_room(ada, ben, room)
    come_back(ada, network)
    ada.page.get_by_role("button", name=re.compile(f"^{ada.name} ")).click()
    ada.page.get_by_role("menuitem", name="Sign out").click()
    dialog = ada.page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 messages have not been sent yet")
    dialog.get_by_role("button", name="Send first").click()
    expect(dialog).to_contain_text("2 messages have not been sent. You are still signed in.")
    expect(dialog).to_contain_text("You cannot write here any more.")
    dialog.get_by_role("button", name="Show them").click()
    expect(ada.page.get_by_role("dialog", name="Not sent (2)")).to_be_visible()


def test_another_tab_shows_an_unsent_message_and_can_delete_it(
    ada: Person, ben: Person, talk: Conversation, network: Faults
) -> None:
    start(ada, network)
    first = ada.page
    # A message that may have arrived is deleted on the server as well, where it is not.
    ada.page_log.allow("status of 404")
    api_is_gone(ada)
    ada.say("never mind", "goes out")
    eventually(equals(2, lambda: count_kept(first)), first)
    ada.page = ada.open_tab()
    ada.visit(f"/rooms/{talk.id}")
    tray = open_tray(ada)
    expect(tray.get_by_role("listitem")).to_have_count(2)
    tray.get_by_role("listitem").filter(has_text="never mind").get_by_role("button", name="Delete").click()
    expect(tray.get_by_role("listitem")).to_have_count(1)
    first.close()
    api_is_back(ada, network)
    ada.page.keyboard.press("Escape")
    talk.sent.append("goes out")
    ben.sees(*talk.sent)
    # The deletion is kept until the server has answered it.
    eventually(equals(0, lambda: count_kept(ada.page)), ada.page)


def test_a_dialog_says_at_once_that_it_cannot(ada: Person, ben: Person, talk: Conversation, network: Faults) -> None:
    start(ada, network)
    go_offline(ada)
    ada.page.get_by_role("button", name="More about this room").click()
    ada.page.get_by_role("menuitem", name="Room settings").click()
    dialog = ada.page.get_by_role("dialog")
    dialog.get_by_label("Topic").fill("never set")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("You are offline. Try again when connected.")
    expect(dialog.get_by_label("Topic")).to_have_value("never set")
    dialog.get_by_role("button", name="Cancel").click()
    come_back(ada, network)
    talk.say(ada, "afterwards")
    talk.check()
    assert ada.api.room(talk.id)["topic"] == ""
