"""From the text of an SQL statement to what it means to the model's tables: `reading.py` and `writing.py` teach it. A statement
nobody taught stops the run.

`test_store_model.py` holds the model to a real database: the same operations, the same answers, the same events.
"""

import re
from collections.abc import Callable
from typing import Any

from tests.simulation.world.store import Database

Meaning = Callable[[Database, list[Any]], list[tuple[Any, ...]] | None]

known: dict[str, Meaning] = {}
taught: list[tuple[re.Pattern[str], Meaning]] = []

MEMBER = "member"

# message rows, in the order of the store's INSERT
ID, ROOM, SEQ, REV, SENDER, CONTENT, REPLY, PRINT, CREATED, DELETED, MENTIONS, REACTIONS, FILES, EDITED = range(14)
# membership rows
_, _, PERSON, ROLE, STATE, JOINED, LEFT, READ = range(8)
NAME, TOPIC, DIRECT, HEAD, COUNT = 2, 3, 4, 5, 6


def meaning_of(sql: str) -> Meaning:
    found = known.get(sql)
    if found is None:
        flat = " ".join(sql.split())
        matching = [meaning for pattern, meaning in taught if pattern.match(flat)]
        assert len(matching) == 1, f"the model knows {len(matching)} meanings of: {flat}"
        found = known[sql] = matching[0]
    return found


def means(*patterns: str) -> Callable[[Meaning], Meaning]:
    """Patterns are plain text; `…` stands for anything."""

    def teach(meaning: Meaning) -> Meaning:
        taught.extend(
            (re.compile(".*".join(map(re.escape, pattern.split("…"))) + "$"), meaning) for pattern in patterns
        )
        return meaning

    return teach
