"""From an empty data folder to two people in a conversation; sign-in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.network.proxy import Proxy
from e2e.support.page_log import PageLog
from e2e.support.person import Person
from e2e.support.server import Server

PASSWORD = "correct horse battery"


@pytest.fixture
def visitor(empty_server: Server, browsers: Callable[..., BrowserContext]) -> Iterator[Callable[[], Page]]:
    """A browser at a server without accounts. The only error it may log is the 404 of a used link."""
    log = PageLog(allowed=["status of 404"])
    made: list[Page] = []

    def arrive() -> Page:
        made.append(browsers(base_url=empty_server.url).new_page())
        log.watch(made[-1])
        return made[-1]

    yield arrive
    assert log.problems == []


@pytest.mark.smoke
def test_the_printed_address_sets_up_the_server_and_the_owner_invites_a_second_person(
    visitor: Callable[[], Page], empty_server: Server
) -> None:
    # The plain address explains where to find the setup address.
    stranger = visitor()
    stranger.goto("/")
    expect(stranger.get_by_role("heading", name="Open the printed address")).to_be_visible()
    expect(stranger.get_by_role("button", name="Create workspace")).to_have_count(0)

    owner = visitor()
    referers: list[str] = []
    owner.on("request", lambda request: referers.append(request.headers.get("referer", "")))
    owner.goto(empty_server.setup_address)
    expect(owner.get_by_role("heading", name="Set up your workspace")).to_be_visible()
    assert owner.url == f"{empty_server.url}/"
    assert not any("setup" in referer for referer in referers)
    owner.get_by_label("Workspace").fill("Acme Robotics")
    owner.get_by_label("Your name").fill("Maya Lindqvist")
    owner.get_by_label("Username").fill("maya")
    owner.get_by_label("Password").fill(PASSWORD)
    owner.get_by_role("button", name="Create workspace").click()
    expect(owner.get_by_role("banner")).to_contain_text("Acme Robotics")
    owner.reload()
    expect(owner.get_by_role("banner")).to_contain_text("Acme Robotics")

    owner.get_by_role("button", name="Maya Lindqvist").click()
    owner.get_by_role("menuitem", name="Invite people").click()
    owner.get_by_role("button", name="Create link").click()
    link = owner.get_by_label("Invitation link").input_value()
    owner.keyboard.press("Escape")

    guest = visitor()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="You are invited to Acme Robotics")).to_be_visible()
    guest.get_by_label("Your name").fill("Noor Haddad")
    guest.get_by_label("Username").fill("noor")
    guest.get_by_label("Password").fill(PASSWORD)
    guest.get_by_role("button", name="Create account").click()
    expect(guest.get_by_role("navigation", name="Rooms")).to_be_visible()

    # They open a conversation.
    guest.get_by_role("banner").get_by_role("button", name="New message").click()
    guest.get_by_role("combobox", name="People to add").fill("maya")
    guest.get_by_role("option", name="Maya Lindqvist").click()
    guest.get_by_role("button", name="Open conversation").click()
    guest.get_by_label("Message Maya Lindqvist").fill("Hello Maya")
    guest.keyboard.press("Enter")
    owner.get_by_role("link", name="Noor Haddad, 1 unread").click()
    expect(owner.get_by_role("article").filter(has_text="Hello Maya")).to_be_visible()

    # An invitation link works once.
    other = visitor()
    other.goto(link)
    expect(other.get_by_role("heading", name="This invitation is no longer valid")).to_be_visible()


def test_signing_in(ada: Person, room: dict[str, Any]) -> None:
    ada.visit(f"/rooms/{room['id']}")
    ada.page_log.allow("status of 40[01]")
    ada.sign_in(password="not the password")
    expect(ada.page.get_by_label("Password")).to_have_accessible_description(re.compile("not correct"))
    ada.sign_in()
    # It leads to the page that was asked for.
    expect(ada.page.get_by_role("heading", level=1)).to_have_text(room["name"])
    ada.expect_connected()


def test_a_signed_out_visitor_sees_only_the_sign_in_page(
    ada: Person, room: dict[str, Any], proxies: Callable[[], Proxy]
) -> None:
    ada.visit(f"/rooms/{room['id']}")
    expect(ada.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert ada.page_log.polls() == []
    assert ada.page_log.sockets == []
