"""Words of the tables: each is stored once, and rows hold its number."""

from collections.abc import Iterable
from typing import Final

from backchannel.store.driver import Driver

MOST: Final = 20_000
"""Words of one kind that are kept. Clients choose some of them; beyond, they count as `other`."""
OTHER: Final = "other"


class Words:
    """The numbers of words, for one thread. They never change, so they are cached."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], int] = {}
        self._words: dict[int, str] = {}
        self._counts: dict[str, int] = {}

    def forget(self) -> None:
        """After a transaction that was rolled back: its numbers may be another word's."""
        self._ids.clear()
        self._words.clear()
        self._counts.clear()

    def id_of(self, driver: Driver, kind: str, word: str) -> int | None:
        """None for the empty word."""
        if not word:
            return None
        found = self._ids.get((kind, word))
        if found is None:
            found = self._find(driver, kind, word)
            self._ids[kind, word] = found
            self._words[found] = word
        return found

    def word_of(self, driver: Driver, number: int | None) -> str:
        if number is None:
            return ""
        if number not in self._words:
            rows = driver.query("SELECT word FROM ops_word WHERE id = %s", [number])
            self._words[number] = rows[0][0] if rows else ""
        return self._words[number]

    def _find(self, driver: Driver, kind: str, word: str) -> int:
        rows = driver.query("SELECT id FROM ops_word WHERE kind = %s AND word = %s", [kind, word])
        if rows:
            return int(rows[0][0])
        if kind not in self._counts:
            self._counts[kind] = driver.query("SELECT count(*) FROM ops_word WHERE kind = %s", [kind])[0][0]
        if self._counts[kind] >= MOST and word != OTHER:
            other = self.id_of(driver, kind, OTHER)
            assert other is not None
            return other
        self._counts[kind] += 1
        driver.execute("INSERT INTO ops_word (kind, word) VALUES (%s, %s) ON CONFLICT DO NOTHING", [kind, word])
        return int(driver.query("SELECT id FROM ops_word WHERE kind = %s AND word = %s", [kind, word])[0][0])


def unused(driver: Driver, kinds: Iterable[str]) -> int:
    """Delete words of these kinds that no connection has any more, and return how many: a network is not kept longer than its connections.
    Call `Words.forget` after it. Another node that still remembers a number writes it once more; such a word reads as ""."""
    deleted = 0
    for kind in kinds:
        deleted += driver.execute(
            f"DELETE FROM ops_word WHERE kind = %s AND id NOT IN (SELECT {kind} FROM ops_connection WHERE {kind} IS NOT NULL)",
            [kind],
        )
    return deleted
