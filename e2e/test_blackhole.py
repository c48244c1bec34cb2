"""A middlebox accepts the WebSocket and drops its bytes: an open socket does not count as connected."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.network.faults import BOTH, Direction, Faults
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person

WAYS: dict[str, frozenset[Direction]] = {"up": frozenset({"up"}), "down": frozenset({"down"}), "both": BOTH}


@pytest.mark.parametrize("way", WAYS)
def test_a_socket_that_never_answers_does_not_count_as_connected(
    ada: Person, ben: Person, room: dict[str, Any], elsewhere: dict[str, Any], database: Database, way: str
) -> None:
    ada.suffer(Faults(ws_silence=WAYS[way]))
    ada.enter(room, connected=False)
    ben.enter(room)
    talk = Conversation(room, database, ada, ben)
    talk.turn("one", "two")
    ada.expect_disconnected()
    talk.check_away(ben, ada, elsewhere)
    assert not ada.page_log.is_proven


@pytest.mark.parametrize("way", WAYS)
def test_a_socket_that_falls_silent_is_detected(ada: Person, ben: Person, talk: Conversation, way: str) -> None:
    talk.turn("before")
    ada.page_log.network_may_fail = True
    assert ada.proxy.silence("ws", WAYS[way]) == 1
    # Ada's send or its ack is lost; the message then goes by HTTP, under the same id.
    talk.say(ada, "into the silence")
    talk.check()
    talk.turn("after")
    ada.expect_connected()
    talk.check()
