"""Connections break in the middle of a conversation."""

from __future__ import annotations

import pytest

from e2e.network.traffic import Kind
from e2e.support.conversation import Conversation
from e2e.support.person import Person


@pytest.mark.parametrize("kind", ["ws", None], ids=["sockets", "everything"])
def test_resets_lose_nothing(ada: Person, ben: Person, talk: Conversation, kind: Kind | None) -> None:
    talk.turn("before")
    for n in range(3):
        for person in talk.people:
            person.page_log.network_may_fail = True
            assert person.proxy.cut(kind) >= 1
        talk.turn(f"after reset {n}")
        for person in talk.people:
            person.expect_connected()
    talk.check()


def test_a_message_in_flight_at_a_reset_is_sent_once(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.page_log.network_may_fail = True
    for n in range(5):
        talk.say(ada, f"message {n}")
        ada.proxy.cut()
    talk.check()
    ada.expect_connected()


def test_a_half_closed_socket_is_replaced(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.page_log.network_may_fail = True
    assert ada.proxy.half_close("ws") == 1
    talk.turn("one", "two")
    ada.expect_connected()
    talk.check()
