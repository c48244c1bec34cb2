"""A room and the people in it: remembers what was sent, and compares every screen and the tables with it."""

from __future__ import annotations

from typing import Any

from e2e.support.database import Database
from e2e.support.person import Person
from e2e.support.wait import equals, eventually


class Conversation:
    def __init__(self, room: dict[str, Any], database: Database, *people: Person) -> None:
        self.room = room
        self.people = people
        self.sent: list[str] = []
        self._database = database

    @property
    def id(self) -> int:
        return int(self.room["id"])

    def say(self, person: Person, *texts: str) -> None:
        """Send texts without waiting for others to see them. While nothing gets through, `sent` has the order of sending for one speaker only."""
        person.say(*texts)
        self.sent += texts

    def turn(self, *texts: str) -> None:
        """Each person sends a message in turn; all see it before the next one sends."""
        for text in texts or ("hello",):
            for person in self.people:
                self.say(person, f"{text} from {person.name}")
                for each in self.people:
                    each.sees(*self.sent)

    def check(self) -> None:
        """Every screen shows what was said, each message once and in order; so do the tables; nothing is left unread."""
        for person in self.people:
            person.sees(*self.sent)
        eventually(equals(self.sent, lambda: self._database.texts(self.id)))
        self._database.check_log(self.id)
        for person in self.people:
            self.check_unread(person, 0)

    def check_unread(self, person: Person, count: int) -> None:
        """The list at the left, the server's answer and the tables agree."""
        person.expect_unread(self.room["name"], count)
        eventually(equals(count, lambda: self._database.unread(self.id, person.account.username)), person.page)
        assert person.api.room(self.id)["unread_count"] == count

    def check_away(self, speaker: Person, reader: Person, elsewhere: dict[str, Any]) -> None:
        """What is said while `reader` looks at another room is counted there, and read when they come back."""
        reader.go_to(elsewhere["name"])
        self.say(speaker, f"to {reader.name}, who is away", "and this")
        self.check_unread(reader, 2)
        reader.go_to(self.room["name"])
        self.check()
