"""People talk."""

from __future__ import annotations

from typing import Any

from stage.database import Database
from stage.person import Person


def test_what_one_says_the_other_sees(ada: Person, ben: Person, room: dict[str, Any], database: Database) -> None:
    ada.enter(room)
    ben.enter(room)
    ada.say("one", "two")
    ada.sees("one", "two")
    ben.sees("one", "two")
    ben.say("three")
    ada.sees("one", "two", "three")
    assert database.texts(room["id"]) == ["one", "two", "three"]
    database.check_log(room["id"])
