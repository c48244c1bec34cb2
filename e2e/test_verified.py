"""The acceptance list of the system that this one reproduces. (The heartbeat is in test_sixty_seconds.py.)"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Route, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from e2e.network.faults import Faults
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person
from e2e.support.server import Server
from e2e.support.wait import eventually

NO_SOCKETS = Faults(upgrade_status=403)


def test_it_connects_and_authenticates(ada: Person, room: dict[str, Any], server: Server) -> None:
    ada.enter(room)
    assert ada.page_log.sockets[-1].received[0] == "hello"
    with pytest.raises(InvalidStatus) as refused:
        connect(server.url.replace("http", "ws") + "/ws", origin=Origin(server.url))
    assert refused.value.response.status_code == 401
    assert httpx.get(f"{server.url}/api/rooms").status_code == 401


def test_the_room_list_comes_by_socket(ada: Person, room: dict[str, Any], elsewhere: dict[str, Any]) -> None:
    ada.page_log.network_may_fail = True

    def refuse(route: Route) -> None:
        route.abort()

    ada.page.route("**/api/sync", refuse)
    ada.page.route("**/api/rooms", refuse)
    ada.enter(room)
    assert "room_list" in ada.page_log.sockets[-1].received
    for each in (room, elsewhere):
        expect(ada.room_link(each["name"])).to_be_visible()


@pytest.mark.smoke
def test_sending_goes_by_socket(ada: Person, ben: Person, talk: Conversation) -> None:
    talk.say(ada, "by socket")
    talk.check()
    socket = ada.page_log.sockets[-1]
    assert socket.sent.count("send_message") == 1
    assert "ack" in socket.received
    assert ada.proxy.traffic.since(0, "POST /api/rooms/.*/messages") == []


def test_it_reconnects(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.page_log.network_may_fail = True
    ada.proxy.cut()
    eventually(lambda: ada.page_log.sockets[0].closed, ada.page)
    ada.expect_connected()
    assert len(ada.page_log.sockets) >= 2
    talk.turn()
    talk.check()


def test_the_room_list_comes_by_rest_when_disconnected(ada: Person, ben: Person, room: dict[str, Any]) -> None:
    ada.suffer(NO_SOCKETS)
    ada.enter(room, connected=False)
    expect(ada.room_link(room["name"])).to_be_visible()
    # A room that is created meanwhile appears.
    made = ben.api.create_room("group", ada.api, name="Orchard")
    expect(ada.room_link(made["name"])).to_be_visible()


@pytest.mark.smoke
def test_sending_goes_by_rest_when_disconnected(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.suffer(NO_SOCKETS)
    ada.proxy.cut("ws")
    ada.expect_disconnected()
    talk.say(ada, "by REST")
    talk.check()
    assert len(ada.proxy.traffic.since(0, "POST /api/rooms/.*/messages")) == 1


def test_the_state_is_right_in_fallback(
    ada: Person, ben: Person, talk: Conversation, elsewhere: dict[str, Any], database: Database
) -> None:
    ada.suffer(NO_SOCKETS)
    ada.proxy.cut("ws")
    talk.turn("by REST")
    talk.check_away(ben, ada, elsewhere)
    # Unread in two rooms, and in the title: none of them is open here.
    ada.visit("/threads")
    ben.api.send(elsewhere["id"], "over here")
    talk.say(ben, "and over there")
    ada.expect_unread(elsewhere["name"], 1)
    ada.expect_unread(talk.room["name"], 1)
    eventually(lambda: ada.page.title().startswith("(2)"), ada.page)
    ada.expect_disconnected()


def test_the_indicator_appears_and_hides(ada: Person, ben: Person, talk: Conversation) -> None:
    expect(ada.indicator).to_be_hidden()
    ada.suffer(NO_SOCKETS)
    ada.proxy.cut("ws")
    ada.expect_disconnected()
    ada.lose_network()
    ada.expect_failed()
    ada.proxy.heal()
    ada.expect_connected()
    expect(ada.indicator).to_be_hidden()


def test_no_errors_are_shown(ada: Person, ben: Person, talk: Conversation) -> None:
    alerts = ada.page.get_by_role("alert")
    for fault in (NO_SOCKETS, Faults(ws_lives_s=0.1), Faults(refuse=True), Faults()):
        ada.suffer(fault)
        ada.proxy.cut()
        talk.say(ada, f"sent under {fault.upgrade_status, fault.ws_lives_s, fault.refuse}")
        assert alerts.count() == 0, alerts.all_inner_texts()
    talk.check()
    assert alerts.count() == 0, alerts.all_inner_texts()
