"""Reads what the server has kept of a person's attempts to use the WebSocket."""

from __future__ import annotations

from dataclasses import dataclass

from e2e.support.database import Database
from e2e.support.person import Person
from e2e.support.wait import eventually

ATTEMPTS = """
    SELECT stage.word, cause.word FROM ops_connection c
    LEFT JOIN ops_word stage ON stage.id = c.stage LEFT JOIN ops_word cause ON cause.id = c.cause
    WHERE c.transport = 0 AND (c.person = ? OR c.attempt = ?) ORDER BY c.id"""


@dataclass(frozen=True)
class Attempt:
    """`cause`: "" while none is known, and where nothing failed."""

    stage: str
    cause: str


class Evidence:
    def __init__(self, database: Database) -> None:
        self._database = database

    def attempts(self, person: Person, attempt: int = 0) -> list[Attempt]:
        """Of this person, and the one of this id; the oldest first."""
        rows = self._database.operations(ATTEMPTS, person.api.user_id, attempt)
        return [Attempt(stage or "", cause or "") for stage, cause in rows]

    def names(
        self, cause: str, person: Person, stage: str, attempt: int = 0, beside: frozenset[str] = frozenset()
    ) -> None:
        """Wait until an attempt that failed at this stage has this cause; no cause but those `beside` it is named."""

        def found() -> None:
            failed = [each for each in self.attempts(person, attempt) if each.cause not in {"", "unknown"}]
            assert Attempt(stage, cause) in failed, self.attempts(person, attempt)
            assert {each.cause for each in failed} - beside == {cause}

        eventually(found, person.page)
