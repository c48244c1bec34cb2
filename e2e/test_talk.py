"""Conversations in direct rooms, groups and channels: replies, edits, deletions, reactions, typing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person
from e2e.support.wait import equals, eventually


@pytest.mark.smoke
def test_a_group_replies_edits_deletes_and_reacts(
    ada: Person, ben: Person, talk: Conversation, database: Database
) -> None:
    talk.turn("hello")
    first, second = talk.sent

    ada.act(second, "Reply")
    talk.say(ada, "an answer")
    for person in talk.people:
        quote = person.message("an answer").get_by_role("button", name=f"In reply to {ben.name}: {second}")
        expect(quote).to_be_visible()

    ada.act(first, "Edit")
    field = ada.page.get_by_role("textbox", name="Edit message")
    expect(field).to_have_value(first)
    field.fill("hello, better said")
    field.press("Enter")
    talk.sent[0] = "hello, better said"
    for person in talk.people:
        expect(person.message("hello, better said")).to_contain_text("edited")

    ben.act("an answer", "React with 👍")
    for person, who in ((ada, ben.name), (ben, "You")):
        expect(person.message("an answer").get_by_role("button", name=f"👍, {who}")).to_be_visible()
    ada.message("an answer").get_by_role("button", name=re.compile("^👍")).click()
    expect(ben.message("an answer").get_by_role("button", name=f"👍, You and {ada.name}")).to_be_visible()
    ben.message("an answer").get_by_role("button", name=re.compile("^👍")).click()
    expect(ada.message("an answer").get_by_role("button", name="👍, You")).to_be_visible()
    talk.check()

    ben.act(second, "More")
    ben.page.get_by_role("menu", name="Message").get_by_role("menuitem", name="Delete").click()
    for person in talk.people:
        expect(person.message(second)).to_have_count(0, timeout=20_000)
        expect(person.page.get_by_role("article").filter(has_text="Message deleted")).not_to_have_count(0)
        # Nor does the reply quote it any more.
        expect(person.page.get_by_role("feed")).not_to_contain_text(second)
    eventually(equals(["hello, better said", "an answer"], lambda: database.texts(talk.id)))
    database.check_log(talk.id)


def test_typing_is_seen_and_ends_with_the_message(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.composer.press_sequentially("I am still thin")
    typing = ben.page.get_by_text(f"{ada.name} is typing")
    expect(typing).to_be_visible()
    ada.composer.press("Enter")
    talk.sent.append("I am still thin")
    expect(typing).to_be_hidden()
    talk.check()


def test_a_direct_conversation(ada: Person, ben: Person, room: dict[str, Any], database: Database) -> None:
    ada.enter(room)
    ben.enter(room)
    ada.page.get_by_role("button", name="New direct message").click()
    ada.page.get_by_role("combobox", name="People to add").fill(ben.account.username)
    ada.page.get_by_role("option", name=ben.name).click()
    ada.page.get_by_role("button", name="Open conversation").click()
    expect(ada.page.get_by_role("heading", level=1)).to_have_text(ben.name)
    ada.say("between us")
    # Ben is in another room: it appears in his list, unread.
    ben.expect_unread(ada.name, 1)
    ben.go_to(ada.name)
    ben.say("so it is")
    for person in (ada, ben):
        person.sees("between us", "so it is")
    direct = int(ada.page.url.rpartition("/")[2])
    assert direct == int(ben.page.url.rpartition("/")[2])
    eventually(equals(0, lambda: database.unread(direct, ben.account.username)), ben.page)
    assert database.texts(direct) == ["between us", "so it is"]


@pytest.mark.smoke
def test_a_channel_is_found_and_joined(ada: Person, ben: Person, room: dict[str, Any], database: Database) -> None:
    name = f"plans-of-{ada.account.username}"
    ada.enter(room)
    ben.enter(room)
    ada.page.get_by_role("button", name="Add a channel").click()
    ada.page.get_by_role("menuitem", name="Create a channel").click()
    ada.page.get_by_label("Name").fill(name)
    ada.page.get_by_role("button", name="Create channel").click()
    expect(ada.page.get_by_role("heading", level=1)).to_have_text(name)
    ada.say("before Ben")

    ben.page.get_by_role("button", name="Add a channel").click()
    ben.page.get_by_role("menuitem", name="Browse channels").click()
    ben.page.get_by_role("searchbox", name="Search channels").fill(name)
    ben.page.get_by_role("button", name=f"Join {name}").click()
    expect(ben.page.get_by_role("heading", level=1)).to_have_text(name)
    ben.say("I am in")
    for person in (ada, ben):
        person.sees("before Ben", "I am in")
    channel = int(ada.page.url.rpartition("/")[2])
    database.check_log(channel)


def test_unread_is_counted_in_the_list_and_the_title(
    ada: Person, ben: Person, talk: Conversation, elsewhere: dict[str, Any]
) -> None:
    talk.check_away(ada, ben, elsewhere)
    ben.go_to(elsewhere["name"])
    talk.say(ada, "one", "two", "three")
    talk.check_unread(ben, 3)
    eventually(lambda: ben.page.title().startswith("(3)"), ben.page)
    ben.go_to(talk.room["name"])
    talk.check()
    eventually(lambda: re.match(r"\(\d", ben.page.title()) is None, ben.page)


def test_a_mention_is_marked(ada: Person, ben: Person, talk: Conversation, elsewhere: dict[str, Any]) -> None:
    ben.go_to(elsewhere["name"])
    talk.say(ada, f"@{ben.account.username} look here")
    expect(ben.room_link(talk.room["name"])).to_have_accessible_name(re.compile("1 mentioning you"))
