"""Drafts on two devices of a person, messages that are sent later, and details: on a desktop and a phone, with and without a network."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from e2e.network.proxy import Proxy
from e2e.support.api import Api
from e2e.support.database import Database
from e2e.support.person import Person
from e2e.support.server import Server
from e2e.support.wait import equals, eventually
from e2e.test_accessibility import has_no_violations
from e2e.test_phone import PHONE

PICTURES = os.environ.get("LATER_PICTURES")
"""A folder for pictures of the screens, to look at."""

Devices = Callable[..., Person]


def picture(person: Person, name: str) -> None:
    if PICTURES:
        person.page.wait_for_timeout(400)
        person.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


@pytest.fixture
def another_device(
    server: Server, ada: Person, proxies: Callable[[], Proxy], browsers: Callable[..., BrowserContext]
) -> Devices:
    """Makes another device of Ada's."""

    def make(**options: Any) -> Person:
        return Person(ada.account, ada.api, proxies(), browsers(**options))

    return make


def scheduled(api: Api) -> list[dict[str, Any]]:
    return list(api.call("GET", "/api/scheduled")["scheduled"])


def schedule(api: Api, room: dict[str, Any], content: str, *, at: datetime, id: str = "") -> str:
    message_id = id or str(uuid.uuid4())
    api.call("PUT", f"/api/scheduled/{message_id}", room_id=room["id"], content=content, at=at.isoformat())
    return message_id


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def open_list(person: Person) -> Locator:
    person.page.get_by_role("button", name=re.compile("^Scheduled")).click()
    dialog = person.page.get_by_role("dialog", name=re.compile("^Scheduled messages"))
    expect(dialog).to_be_visible()
    return dialog


def choose(person: Person, time: str) -> None:
    person.page.get_by_role("button", name="Schedule for later").click()
    person.page.get_by_role("menuitem", name=time).click()


@pytest.mark.smoke
def test_a_draft_goes_on_at_another_device_and_is_gone_from_both_once_it_is_sent(
    ada: Person, ben: Person, another_device: Devices, room: dict[str, Any]
) -> None:
    phone = another_device(**PHONE)
    ada.enter(room)
    phone.enter(room)
    ada.composer.fill("Begun at the desk")
    expect(phone.composer).to_have_value("Begun at the desk")
    phone.composer.fill("Begun at the desk, sent from the sofa")
    expect(ada.composer).to_have_value("Begun at the desk, sent from the sofa")
    phone.page.get_by_role("button", name="Send", exact=True).click()
    expect(ada.composer).to_have_value("")
    ada.sees("Begun at the desk, sent from the sofa")
    ada.page.reload()
    ada.sees("Begun at the desk, sent from the sofa")
    expect(ada.composer).to_have_value("")


def test_what_two_devices_wrote_without_a_network_is_both_offered(
    ada: Person, ben: Person, another_device: Devices, room: dict[str, Any]
) -> None:
    phone = another_device(**PHONE)
    ada.enter(room)
    phone.enter(room)
    phone.lose_network()
    phone.expect_failed()
    phone.composer.fill("From the train")
    ada.composer.fill("From the desk")
    eventually(equals(["From the desk"], lambda: [each["content"] for each in drafts(ada.api)]), ada.page)
    phone.proxy.heal()
    choice = phone.page.get_by_role("group", name="Draft of another device")
    expect(choice).to_contain_text("From the desk")
    expect(phone.composer).to_have_value("From the train")
    choice.get_by_role("button", name="Keep this").click()
    # The desk's own text was stored: it is the older version now, and nobody types there.
    expect(ada.composer).to_have_value("From the train")
    expect(choice).to_have_count(0)


def drafts(api: Api) -> list[dict[str, Any]]:
    return list(api.call("GET", "/api/drafts")["drafts"])


@pytest.mark.smoke
def test_a_message_is_scheduled_at_one_device_and_sent_from_another(
    ada: Person, ben: Person, another_device: Devices, room: dict[str, Any], database: Database
) -> None:
    phone = another_device(**PHONE)
    ada.enter(room)
    ben.enter(room)
    phone.enter(room)
    ada.composer.fill("The minutes")
    ada.composer.press("Control+Shift+Enter")
    expect(ada.page.get_by_role("menu", name="Send later")).to_be_visible()
    ada.page.keyboard.press("End")
    ada.page.keyboard.press("Home")
    ada.page.keyboard.press("Enter")
    expect(ada.composer).to_have_value("")
    expect(ada.page.get_by_role("group", name="Scheduled in this room")).to_be_visible()
    note = phone.page.get_by_role("group", name="Scheduled in this room")
    expect(note).to_be_visible()
    expect(phone.composer).to_have_value("")
    assert database.texts(room["id"]) == []
    note.get_by_role("button", name="Show").click()
    dialog = phone.page.get_by_role("dialog", name="Scheduled messages (1)")
    dialog.get_by_role("button", name="Change").click()
    change = phone.page.get_by_role("dialog", name="Change scheduled message")
    change.get_by_label("Message").fill("The minutes of Monday")
    change.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("The minutes of Monday")
    dialog.get_by_role("button", name="Send now").click()
    ben.sees("The minutes of Monday")
    expect(note).to_have_count(0)
    expect(ada.page.get_by_role("group", name="Scheduled in this room")).to_have_count(0)
    ada.sees("The minutes of Monday")
    assert database.texts(room["id"]) == ["The minutes of Monday"]


def test_without_a_network_the_text_stays_and_what_is_due_is_sent(
    ada: Person, ben: Person, room: dict[str, Any], database: Database
) -> None:
    waiting = schedule(ada.api, room, "Written before", at=in_an_hour())
    ada.enter(room)
    ben.enter(room)
    ada.lose_network()
    ada.expect_failed()
    ada.composer.fill("Written without a network")
    choose(ada, "In an hour")
    expect(ada.page.get_by_text("You are offline. Try again when connected.").first).to_be_visible()
    expect(ada.composer).to_have_value("Written without a network")
    # Its time comes meanwhile.
    schedule(ada.api, room, "Written before", at=datetime.fromtimestamp(0, UTC), id=waiting)
    ben.sees("Written before")
    ada.proxy.heal()
    ada.expect_connected()
    ada.sees("Written before")
    choose(ada, "In an hour")
    expect(ada.composer).to_have_value("")
    assert [each["content"] for each in scheduled(ada.api)] == ["Written without a network"]
    assert database.texts(room["id"]) == ["Written before"]


def test_a_server_that_is_killed_while_messages_are_due_sends_each_once(
    ada: Person, ben: Person, room: dict[str, Any], server: Server, database: Database
) -> None:
    for person in (ada, ben):
        person.page_log.network_may_fail = True
        person.enter(room)
    texts = [f"message {n}" for n in range(4)]
    ids = [schedule(ada.api, room, text, at=in_an_hour()) for text in texts]
    for message_id, text in zip(ids, texts, strict=True):
        schedule(ada.api, room, text, at=datetime.fromtimestamp(0, UTC), id=message_id)
    server.kill()
    server.start()
    for person in (ada, ben):
        person.sees(*texts)
    assert scheduled(ada.api) == []
    assert [message.id for message in database.messages(room["id"])] == ids
    database.check_log(room["id"])


def test_details_say_who_has_seen_a_message_where_the_owner_shows_it(
    ada: Person, ben: Person, room: dict[str, Any]
) -> None:
    ada.enter(room)
    ben.enter(room)
    ada.say("Seen?")
    ben.sees("Seen?")

    def details(person: Person) -> Locator:
        person.act("Seen?", "More")
        person.page.get_by_role("menuitem", name="Details").click()
        dialog = person.page.get_by_role("dialog", name="Message details")
        expect(dialog).to_contain_text("Over the WebSocket")
        return dialog

    expect(details(ada)).not_to_contain_text("Seen by")
    ada.page.keyboard.press("Escape")
    ada.page.get_by_role("button", name="More about this room").click()
    ada.page.get_by_role("menuitem", name="Room settings").click()
    ada.page.get_by_role("checkbox", name="Show who has seen a message").check()
    ada.page.get_by_role("button", name="Save").click()
    expect(ada.page.get_by_role("dialog")).to_have_count(0)
    dialog = details(ada)
    expect(dialog).to_contain_text("Seen by 1")
    expect(dialog.get_by_role("listitem")).to_contain_text(ben.name)
    # Ben sees as much of everybody, and that he cannot change it.
    expect(details(ben)).to_contain_text("Seen by")
    ben.page.keyboard.press("Escape")
    ben.page.get_by_role("button", name="More about this room").click()
    ben.page.get_by_role("menuitem", name="Room settings").click()
    expect(ben.page.get_by_role("checkbox", name="Show who has seen a message")).to_be_disabled()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_axe_finds_nothing(people: Callable[..., Person], colours: str, size: str) -> None:
    look: dict[str, Any] = {"color_scheme": colours, **(PHONE if size == "phone" else {})}
    if PICTURES and size == "desktop":
        look["viewport"] = {"width": 1200, "height": 760}
    ada, ben = people(**look), people()
    room = ada.api.create_room("group", ben.api, name="Garden")
    other = ben.api.create_room("group", ada.api, name="Orchard")
    ada.api.call("PATCH", f"/api/rooms/{room['id']}", shows_seen=True)
    ada.api.send(room["id"], "Shall we plant the beans on Saturday? I can bring the seeds and two spades.")
    schedule(ada.api, other, "Who has the key to the orchard?", at=datetime.now(UTC) + timedelta(seconds=10))
    schedule(ada.api, room, "Good morning, everybody! Today is planting day.", at=in_an_hour() + timedelta(days=1))
    ben.api.call("DELETE", f"/api/rooms/{other['id']}/members/{ada.api.user_id}")
    # Before the page is open: its toast would be in none of the landmarks.
    eventually(equals(["failed", "waiting"], lambda: [each["state"] for each in scheduled(ada.api)]))
    ada.enter(room)
    page = ada.page
    ada.composer.fill("See you at nine")
    page.get_by_role("button", name="Schedule for later").click()
    expect(page.get_by_role("menu", name="Send later")).to_be_visible()
    picture(ada, f"menu-{size}-{colours}")
    has_no_violations(page)
    page.get_by_role("menuitem", name="Another time…").click()
    expect(page.get_by_role("dialog", name="Send later")).to_be_visible()
    picture(ada, f"time-{size}-{colours}")
    has_no_violations(page)
    page.keyboard.press("Escape")
    page.get_by_role("group", name="Scheduled in this room").get_by_role("button", name="Show").click()
    dialog = page.get_by_role("dialog", name=re.compile("^Scheduled messages"))
    expect(dialog).to_be_visible()
    picture(ada, f"list-{size}-{colours}")
    has_no_violations(page)
    dialog.get_by_role("button", name="Change").first.click()
    expect(page.get_by_role("dialog", name="Change scheduled message")).to_be_visible()
    picture(ada, f"change-{size}-{colours}")
    has_no_violations(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    row = page.get_by_role("feed").get_by_role("article").first
    row.focus()
    row.press("Enter")
    page.get_by_role("menuitem", name="Details").click()
    expect(page.get_by_role("dialog", name="Message details")).to_contain_text("Accepted")
    picture(ada, f"details-{size}-{colours}")
    has_no_violations(page)
