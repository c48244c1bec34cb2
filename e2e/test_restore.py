"""A backup is restored under people who talk: what was said since is in nobody's tables, and comes back from their devices."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person
from e2e.support.server import Server
from e2e.support.wait import equals, eventually


@pytest.fixture
def backup(server: Server, tmp_path: Path) -> Path:
    return tmp_path / "backup"


def shown(person: Person) -> list[str]:
    return [row.text for row in person.rows() if row.state == "sent"]


def test_what_was_said_since_comes_back_once(
    ada: Person, ben: Person, talk: Conversation, server: Server, database: Database, backup: Path
) -> None:
    for person in talk.people:
        person.page_log.network_may_fail = True
    talk.turn("before the backup")
    server.run("backup", str(backup))
    before = list(talk.said)
    talk.turn("after the backup", "and on")
    talk.say(ada, "regretted")
    ben.sees(*talk.said)
    ada.act("regretted", "More")
    ada.page.get_by_role("menu", name="Message").get_by_role("menuitem", name="Delete").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(ada.message("regretted")).to_have_count(0)
    talk.said.remove("regretted")
    assert server.stop() == 0
    server.run("restore", str(backup))
    assert database.texts(talk.id) == before
    server.start()

    # Two devices bring back what they said each in its order, and side by side.
    eventually(equals(sorted(talk.said), lambda: sorted(database.texts(talk.id))), ada.page)
    texts = database.texts(talk.id)
    assert texts[: len(before)] == before
    for person in talk.people:
        own = [text for text in talk.said if person.name in text]
        assert [text for text in texts if person.name in text] == own
        eventually(equals(texts, partial(shown, person)), person.page)
    talk.said[:] = texts
    talk.turn("goes on")
    talk.check()
