"""The service worker sends the unsent messages of the last closed tab."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import CDPSession, expect

from e2e.support.conversation import Conversation
from e2e.support.outbox import count_kept
from e2e.support.person import Person
from e2e.support.wait import equals, eventually


def worker_of(person: Person) -> tuple[CDPSession, str]:
    """A protocol session on a page of the same origin that is not the app, and the id of the worker's registration."""
    page = person.context.new_page()
    page.goto(f"{person.proxy.url}/healthz")
    session = person.context.new_cdp_session(page)
    found: list[str] = []

    def note(event: dict[str, Any]) -> None:
        found.extend(each["registrationId"] for each in event["registrations"])

    session.on("ServiceWorker.workerRegistrationUpdated", note)
    session.send("ServiceWorker.enable")
    eventually(lambda: bool(found), page)
    return session, found[0]


def test_it_sends_the_messages_of_a_closed_tab_once(ada: Person, ben: Person, talk: Conversation) -> None:
    talk.turn("before")
    ada.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    session, registration = worker_of(ada)
    ada.lose_network()
    talk.say(ada, "one", "two")
    ada.sees_waiting("one", "two")
    ada.page.close()
    ada.proxy.heal()
    # The browser does this by itself at a time of its choice.
    session.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": ada.proxy.url, "registrationId": registration, "tag": "outbox", "lastChance": False},
    )
    ben.sees(*talk.sent)
    ada.page = ada.open_tab()
    ada.visit(f"/rooms/{talk.id}")
    ada.expect_connected()
    talk.check()
    eventually(equals(0, lambda: count_kept(ada.page)), ada.page)


def test_no_page_comes_from_a_cache(ada: Person, room: dict[str, Any]) -> None:
    ada.enter(room)
    ada.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    assert ada.page.evaluate("caches.keys()") == []
    before = len(ada.proxy.traffic.requests)
    ada.page.reload()
    expect(ada.composer).to_be_visible()
    assert f"GET /rooms/{room['id']}" in ada.proxy.traffic.requests[before:]
