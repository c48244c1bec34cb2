"""The output and the actions of `backchannel intents`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from backchannel.store import intents

SHOWN: Final = 100
"""Characters of an intent that a line shows."""


def lines() -> list[str]:
    """How many wait, and a line for each that was refused."""
    count = intents.count_waiting()
    found = [f"{count} waiting" if count else "none waiting"]
    for row in intents.refused():
        at = datetime.fromtimestamp(row.refused_us / 1_000_000, UTC).isoformat(timespec="seconds")
        body = row.body if len(row.body) <= SHOWN else f"{row.body[:SHOWN]}…"
        found.append(f"{row.id}  refused {at}  {row.reason}  {body}")
    return found


def retry(ids: Sequence[int] | None) -> int:
    """Have refused intents (None: all) applied again. Returns how many."""
    return intents.retry(ids)


def drop(ids: Sequence[int]) -> int:
    """Delete refused intents for good. Returns how many."""
    return intents.drop(ids)
