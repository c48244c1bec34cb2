"""A message that the server refuses shows why, can be handled, and does not block later ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Locator, expect

from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person, Row
from e2e.support.wait import equals, eventually

# The client accepts NUL; the server refuses it.
UNSENDABLE = "with a \x00 in it"


MS = timedelta(milliseconds=1)


def failed(person: Person) -> Locator:
    return person.page.get_by_role("feed").get_by_role("article").filter(has_text="Not sent.")


def test_the_reason_is_shown_and_later_messages_pass(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.say(UNSENDABLE)
    talk.say(ada, "later")
    expect(failed(ada)).to_contain_text("NUL")
    ben.sees("later")
    eventually(lambda: Row("later", "sent") in ada.rows(), ada.page)
    for action in ("Retry", "Edit", "Copy", "Delete"):
        expect(failed(ada).get_by_role("button", name=action)).to_be_visible()


def test_retry_asks_the_server_again(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.say(UNSENDABLE)
    expect(failed(ada)).to_be_visible()
    asked = ada.page_log.sockets[-1].sent.count("send_message")
    failed(ada).get_by_role("button", name="Retry").click()
    eventually(lambda: ada.page_log.sockets[-1].sent.count("send_message") == asked + 1, ada.page)
    expect(failed(ada)).to_contain_text("NUL")


def test_edit_puts_it_back_into_the_composer(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.say(UNSENDABLE)
    failed(ada).get_by_role("button", name="Edit").click()
    expect(failed(ada)).to_have_count(0)
    expect(ada.composer).to_be_focused()
    assert "in it" in ada.composer.input_value()
    talk.say(ada, "with nothing in it")
    talk.check()


def test_copy_and_delete(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.say(UNSENDABLE)
    failed(ada).get_by_role("button", name="Copy").click()
    eventually(lambda: "in it" in ada.page.evaluate("navigator.clipboard.readText()"), ada.page)
    failed(ada).get_by_role("button", name="Delete").click()
    expect(failed(ada)).to_have_count(0)
    ada.page.reload()
    talk.turn("alone")
    talk.check()


def test_several_failed_messages_are_handled_together(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.say(UNSENDABLE, UNSENDABLE)
    bar = ada.page.get_by_role("alert").filter(has_text="2 messages were not sent")
    expect(bar).to_be_visible()
    expect(ada.room_link(talk.room["name"])).to_have_accessible_name(
        f"{talk.room['name']}, has a message that was not sent"
    )
    bar.get_by_role("button", name="Delete all").click()
    expect(failed(ada)).to_have_count(0)
    talk.turn()
    talk.check()


def test_messages_older_than_a_day_need_confirmation(people: Callable[..., Person], database: Database) -> None:
    # The service worker's clock cannot be set; it would take the message for a new one and send it.
    ada, ben = people(service_workers="block"), people()
    room = ada.api.create_room("group", ben.api, name="Garden")
    for person in (ada, ben):
        person.enter(room)
    ada.lose_network()
    ada.say("of yesterday")
    ada.sees_waiting("of yesterday")
    # The laptop is closed and opened the next day.
    ada.page.close()
    ada.proxy.heal()
    ada.page = ada.open_tab()
    ada.page.add_init_script(f"{{ const now = Date.now; Date.now = () => now() + {timedelta(hours=25) // MS}; }}")
    ada.visit(f"/rooms/{room['id']}")
    expect(failed(ada)).to_contain_text("more than a day")
    assert database.texts(room["id"]) == []
    failed(ada).get_by_role("button", name="Send").click()
    eventually(equals(["of yesterday"], lambda: database.texts(room["id"])), ada.page)
    ben.sees("of yesterday")
