"""What is kept of connections, and may be shown."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from backchannel.config import Analytics
from backchannel.evidence.database import EvidenceDatabase
from backchannel.store.driver import Driver
from backchannel.store.read_pool import unavailable
from backchannel.store.transaction import marks

WORDS_AT_ONCE: Final = 30_000
"""SQLite takes up to 32,766 parameters in a statement."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The evidence of this server. What an earlier setting kept is shown no more once the setting allows less."""

    analytics: Analytics
    database: EvidenceDatabase

    @property
    def has_people(self) -> bool:
        return self.analytics == "on"

    @contextmanager
    def view(self) -> Iterator["View | None"]:
        """In a thread that reads. None: nothing is kept. Raises `unavailable`."""
        if self.analytics == "off":
            yield None
            return
        try:
            with self.database.reading() as driver:
                yield None if driver is None else View(driver)
        except sqlite3.Error as error:
            raise unavailable() from error


class View:
    """One state of the tables, and their words."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver

    def words(self, numbers: Iterable[int | None]) -> dict[int | None, str]:
        """Number → word, in one query for any number of them; None → ""."""
        asked = sorted({number for number in numbers if number is not None})
        found: dict[int | None, str] = {None: ""}
        for start in range(0, len(asked), WORDS_AT_ONCE):
            some = asked[start : start + WORDS_AT_ONCE]
            found.update(self.driver.query(f"SELECT id, word FROM ops_word WHERE id IN ({marks(some)})", some))
        return {**dict.fromkeys(asked, ""), **found}
