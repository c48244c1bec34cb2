"""A minute of conversation while connected: no poll, one socket, kept alive by its heartbeat."""

from __future__ import annotations

import itertools
import time

import pytest

from e2e.support.conversation import Conversation
from e2e.support.person import Person

SECONDS = 60
# After the start the app loads more of its files, and the browser the service worker; and a new connection is reported, once.
NOT_A_FILE = r" (?!/static/|/sw\.js$|/api/report$)"


@pytest.mark.timeout(300)
def test_a_minute_of_talk_needs_no_request(ada: Person, ben: Person, talk: Conversation) -> None:
    for person in talk.people:
        # The first page of the room, and a poll that the proven socket made needless, may still be on their way.
        person.page.wait_for_load_state("networkidle")
    seen = [len(person.page_log.requests) for person in talk.people]
    passed = [person.proxy.traffic.mark() for person in talk.people]
    began = time.monotonic()
    for n in itertools.count(1):
        talk.turn(f"turn {n}")
        if time.monotonic() - began > SECONDS:
            break
        # Two people with pauses between messages; all messages fit on the screen.
        ada.page.wait_for_timeout(4_000)
    talk.check()
    for person, requests, mark in zip(talk.people, seen, passed, strict=True):
        # By the log of the browser, and by that of the proxy.
        assert person.page_log.polls(requests) == []
        assert person.proxy.traffic.since(mark, NOT_A_FILE) == []
        assert len(person.proxy.traffic.since(mark, "POST /api/report")) <= 1
        [socket] = person.page_log.sockets
        assert not socket.closed
        assert "ping" in socket.received, "a minute is longer than a heartbeat"
        assert socket.sent.count("pong") == socket.received.count("ping")
        person.expect_connected()
