"""The server restarts: messages shown as sent are stored, and everybody reconnects."""

from __future__ import annotations

import pytest

from e2e.support.conversation import Conversation
from e2e.support.person import Person
from e2e.support.server import Server


@pytest.mark.parametrize("way", ["SIGTERM", pytest.param("kill -9", marks=pytest.mark.smoke)])
def test_a_restart_loses_nothing(ada: Person, ben: Person, talk: Conversation, server: Server, way: str) -> None:
    for person in talk.people:
        person.page_log.network_may_fail = True
    talk.turn("before")
    if way == "SIGTERM":
        assert server.stop() == 0
    else:
        server.kill()
    talk.say(ada, "while it is gone", "and again")
    ada.expect_failed()
    server.start()
    talk.check()
    talk.turn("after")
    for person in talk.people:
        person.expect_connected()
    talk.check()
