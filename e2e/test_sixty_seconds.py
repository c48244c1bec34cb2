"""A minute of conversation while connected: no poll, one socket, kept alive by its heartbeat."""

from __future__ import annotations

import itertools
import time

import pytest

from e2e.support.conversation import Conversation
from e2e.support.person import Person

SECONDS = 60
# The app fetches files of its own in a quiet moment after the start, and the browser its service worker.
NOT_A_FILE = r" (?!/static/|/sw\.js$)"


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
        # Two people who think between their sentences; the screen holds what they say in a minute.
        ada.page.wait_for_timeout(4_000)
    talk.check()
    for person, requests, mark in zip(talk.people, seen, passed, strict=True):
        # By the browser's own log, and by the wire's.
        assert person.page_log.polls(requests) == []
        assert person.proxy.traffic.since(mark, NOT_A_FILE) == []
        [socket] = person.page_log.sockets
        assert not socket.closed
        assert "ping" in socket.heard, "a minute is longer than a heartbeat"
        assert socket.said.count("pong") == socket.heard.count("ping")
        person.expect_connected()
