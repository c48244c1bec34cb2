"""A backup is restored during a conversation: newer messages are missing in the tables and are sent again by the devices."""

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


def test_messages_newer_than_the_backup_are_stored_again_once(
    ada: Person, ben: Person, talk: Conversation, server: Server, database: Database, backup: Path
) -> None:
    for person in talk.people:
        person.page_log.network_may_fail = True
    talk.turn("before the backup")
    server.run("backup", str(backup))
    before = list(talk.sent)
    talk.turn("after the backup", "and on")
    talk.say(ada, "regretted")
    ben.sees(*talk.sent)
    ada.act("regretted", "More")
    ada.page.get_by_role("menu", name="Message").get_by_role("menuitem", name="Delete").click()
    expect(ada.message("regretted")).to_have_count(0)
    # Until then it can be undone.
    expect(ben.message("regretted")).to_have_count(0, timeout=20_000)
    talk.sent.remove("regretted")
    assert server.stop() == 0
    server.run("restore", str(backup))
    assert database.texts(talk.id) == before
    server.start()

    # Two devices send their messages again at the same time, each in its own order.
    eventually(equals(sorted(talk.sent), lambda: sorted(database.texts(talk.id))), ada.page)
    texts = database.texts(talk.id)
    assert texts[: len(before)] == before
    for person in talk.people:
        own = [text for text in talk.sent if person.name in text]
        assert [text for text in texts if person.name in text] == own
        eventually(equals(texts, partial(shown, person)), person.page)
    talk.sent[:] = texts
    talk.turn("goes on")
    talk.check()
