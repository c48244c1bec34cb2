"""The front end in Chromium, on another origin than the site, with networks that break and tokens that end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from e2e.network.faults import Faults
from tests.running import Person

# Chromium does not know where a page comes from that a test has changed, and would ask before it may call 127.0.0.1.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-features=LocalNetworkAccessChecks"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def sign_in(chromium: Browser, port: int, pages: str) -> Iterator[Callable[[str], Person]]:
    people: list[Person] = []

    def make(username: str) -> Person:
        people.append(Person(chromium, port, pages, username))
        return people[-1]

    yield make
    for person in people:
        person.close()


@pytest.fixture
def ada(sign_in: Callable[[str], Person]) -> Person:
    return sign_in("ada")


@pytest.fixture
def ben(sign_in: Callable[[str], Person]) -> Person:
    return sign_in("ben")


@pytest.mark.smoke
def test_two_people_talk_and_go_on_when_websockets_are_blocked_half_way(ada: Person, ben: Person) -> None:
    ada.write("one")
    expect(ben.messages.last).to_have_text("Ada: one")
    ada.suffer(Faults(upgrade_status=403))
    ada.write("two")
    expect(ben.messages.last).to_have_text("Ada: two")
    expect(ada.indicator).to_contain_text("Chat disconnected")
    ben.write("three")
    expect(ada.messages.last).to_have_text("Ben: three")
    ada.recover()
    expect(ada.indicator).to_have_count(0)
    ada.write("four")
    for person in (ada, ben):
        expect(person.messages).to_contain_text(["Ada: one", "Ada: two", "Ben: three", "Ada: four"])


@pytest.mark.smoke
def test_a_token_that_is_revoked_elsewhere_ends_the_chat(ada: Person, ben: Person, port: int) -> None:
    ada.write("before")
    expect(ben.messages.last).to_have_text("Ada: before")
    access, refresh = ada.tokens()
    by_ada = {"Authorization": f"Bearer {access}"}
    done = httpx.post(f"http://127.0.0.1:{port}/api/sign-out/", json={"refresh": refresh}, headers=by_ada)
    assert done.status_code == 204
    expect(ada.sign_in).to_be_visible()
    expect(ada.composer).to_have_count(0)
    assert ada.tokens() == [None, None]
    ben.write("after")
    expect(ben.messages.last).to_have_text("Ben: after")


def test_a_token_that_has_expired_is_replaced_while_the_websocket_is_blocked(ada: Person, ben: Person) -> None:
    ada.suffer(Faults(upgrade_status=403))
    expect(ada.indicator).to_contain_text("Chat disconnected")
    was = ada.spoil_access_token()
    ada.page.reload()
    ben.write("Are you there?")
    expect(ada.messages.last).to_have_text("Ben: Are you there?")
    ada.write("Still here.")
    expect(ben.messages.last).to_have_text("Ada: Still here.")
    assert ada.tokens()[0] != was


def test_tabs_share_one_refresh(ada: Person, ben: Person) -> None:
    ada.spoil_access_token()
    tab = ada.open_tab()
    ada.page.reload()
    ben.write("to both tabs")
    for page in (ada.page, tab):
        expect(page.get_by_role("list", name="Messages").get_by_role("listitem").last).to_have_text("Ben: to both tabs")


def test_signing_out_signs_out_every_tab(ada: Person) -> None:
    tab = ada.open_tab()
    expect(tab.get_by_label("Message", exact=True)).to_be_visible()
    ada.page.get_by_role("button", name="Sign out").click()
    for page in (ada.page, tab):
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
