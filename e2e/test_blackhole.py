"""A middlebox that accepts the WebSocket and then swallows what it carries: an open socket proves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.network.faults import BOTH, Direction, Faults
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person

WAYS: dict[str, frozenset[Direction]] = {"up": frozenset({"up"}), "down": frozenset({"down"}), "both": BOTH}


@pytest.mark.parametrize("way", WAYS)
def test_a_socket_that_never_speaks_is_not_believed(
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
def test_a_socket_that_falls_silent_in_the_middle_of_a_conversation_is_noticed(
    ada: Person, ben: Person, talk: Conversation, way: str
) -> None:
    talk.turn("before")
    ada.page_log.network_may_fail = True
    assert ada.proxy.silence("ws", WAYS[way]) == 1
    # Ada's send goes nowhere, or its ack does; it goes by HTTP then, under the same id.
    talk.say(ada, "into the silence")
    talk.check()
    talk.turn("after")
    ada.expect_connected()
    talk.check()
