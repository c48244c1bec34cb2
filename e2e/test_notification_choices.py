"""What notifies a person, by their own choices."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from e2e.support.conversation import Conversation
from e2e.support.person import Person


def test_a_muted_room_says_so_and_is_not_counted_in_the_title(
    ada: Person, ben: Person, talk: Conversation, elsewhere: dict[str, Any]
) -> None:
    ada.go_to(elsewhere["name"])
    ada.page.get_by_role("button", name="More about this room").click()
    ada.page.get_by_role("menuitem", name="Notifications").click()
    ada.page.get_by_role("button", name="8 hours").click()
    expect(ada.page.get_by_text("Nothing notifies you until")).to_be_visible()
    ada.page.keyboard.press("Escape")
    ada.go_to(talk.room["name"])
    ben.api.send(elsewhere["id"], "psst")
    muted = re.compile(rf"{re.escape(elsewhere['name'])}, 1 unread, muted")
    expect(ada.page.get_by_role("link", name=muted)).to_be_visible()
    expect(ada.page).not_to_have_title(re.compile(r"^\("))
    # What was chosen is the server's, and so the same after a reload and on other devices.
    ada.page.reload()
    expect(ada.page.get_by_role("link", name=muted)).to_be_visible()


def test_choices_for_all_rooms_are_kept(ada: Person, talk: Conversation) -> None:
    def open_settings() -> None:
        ada.page.get_by_role("button", name=re.compile("Ada")).first.click()
        ada.page.get_by_role("menuitem", name="Notification settings").click()

    ada.go_to(talk.room["name"])
    open_settings()
    ada.page.get_by_role("textbox", name="Keywords").fill("deploy")
    ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("button", name="Remove deploy")).to_be_visible()
    ada.page.get_by_role("checkbox", name=re.compile("hours that I choose")).click()
    expect(ada.page.get_by_role("group", name=re.compile("nights"))).to_be_visible()
    ada.page.reload()
    open_settings()
    expect(ada.page.get_by_role("button", name="Remove deploy")).to_be_visible()
    expect(ada.page.get_by_role("group", name=re.compile("nights"))).to_be_visible()
