"""A laptop loses its network and gets it back."""

from __future__ import annotations

import pytest

from e2e.network.faults import BOTH, Faults
from e2e.support.conversation import Conversation
from e2e.support.person import Person


def browser_goes_offline(person: Person) -> None:
    person.page_log.network_may_fail = True
    person.context.set_offline(True)


def browser_comes_back(person: Person) -> None:
    person.context.set_offline(False)


def cable_is_pulled(person: Person) -> None:
    person.lose_network()


def cable_is_back(person: Person) -> None:
    person.proxy.heal()


def radio_dies(person: Person) -> None:
    """Bytes vanish on open and on new connections, without a reset."""
    person.suffer(Faults(http_silence=BOTH, ws_silence=BOTH))
    person.proxy.silence("ws")
    person.proxy.silence("http")


def radio_is_back(person: Person) -> None:
    person.proxy.heal()


WAYS = {
    "the browser knows": (browser_goes_offline, browser_comes_back),
    "the browser does not know": (cable_is_pulled, cable_is_back),
    "bytes vanish": (radio_dies, radio_is_back),
}


def test_a_network_that_comes_and_goes(ada: Person, ben: Person, talk: Conversation) -> None:
    before = len(ada.page_log.sockets)
    for n in range(5):
        browser_goes_offline(ada)
        talk.say(ada, f"written in tunnel {n}")
        browser_comes_back(ada)
    talk.check()
    ada.expect_connected()
    # It recovers each time, without a reconnect loop.
    assert len(ada.page_log.sockets) - before <= 10
    talk.turn("out of the tunnels")


@pytest.mark.parametrize("way", WAYS)
def test_missed_and_written_messages_arrive_when_the_network_is_back(
    ada: Person, ben: Person, talk: Conversation, way: str
) -> None:
    lose, regain = WAYS[way]
    talk.turn("before")
    lose(ada)
    talk.say(ben, "Ada misses this", "and this")
    ada.composer.fill("Ada writes this meanwhile")
    ada.composer.press("Enter")
    ada.sees_waiting("Ada writes this meanwhile")
    ada.expect_failed()
    ben.sees(*talk.sent)
    regain(ada)
    # Sent when the network is back, so after Ben's messages.
    talk.sent.append("Ada writes this meanwhile")
    talk.check()
    ada.expect_connected()
    talk.turn("after")
    talk.check()
