"""The processes that serve, each with a row that it renews; and the connections that one left open when it ended without a word.

A killed process writes no end: its rows would stay open for ever, and their time in service would count for nothing. The others close
them when the process has been silent for `SILENT_US`; alone, it does so itself after its next start. One that was only frozen goes on
as before: what ends then is written over what was assumed.
"""

from dataclasses import dataclass, field
from typing import Final

from backchannel.evidence.pace import Pace
from backchannel.evidence.words import Words
from backchannel.store.driver import Driver

BEAT_S: Final = 10.0
SILENT_US: Final = 60_000_000
KEPT_US: Final = 7 * 86_400_000_000
"""After its last sign of life."""
LOST: Final = "node_lost"
"""How its connections ended."""


@dataclass(frozen=True, slots=True)
class NodeState:
    version: str = ""
    bus_up: bool = True
    """Whether Redis answers it; true where there is none."""
    free_bytes: int | None = None
    """Free bytes of the disk with the SQLite database."""
    size_bytes: int | None = None
    pace: Pace = field(default_factory=Pace)


def beat(driver: Driver, node: str, started_us: int, now_us: int, state: NodeState) -> None:
    """Say that this process is there, and how it is."""
    driver.execute(
        "INSERT INTO ops_node (id, version, started_us, last_us, bus_up, free_bytes, size_bytes, closed)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, 0) ON CONFLICT (id) DO UPDATE SET last_us = excluded.last_us,"
        " bus_up = excluded.bus_up, free_bytes = excluded.free_bytes, size_bytes = excluded.size_bytes, closed = 0",
        [node, state.version, started_us, now_us, int(state.bus_up), state.free_bytes, state.size_bytes],
    )


def close_lost(driver: Driver, words: Words, now_us: int) -> int:
    """Close what processes left open that are silent, each once. Returns how many connections."""
    silent = driver.query("SELECT id, last_us FROM ops_node WHERE closed = 0 AND last_us < %s", [now_us - SILENT_US])
    closed = 0
    for node, last_us in silent:
        closed += driver.execute(
            "UPDATE ops_connection SET lived_ms = CASE WHEN id / 1024 < %s THEN (%s - id / 1024) / 1000 ELSE 0 END, reason = %s"
            " WHERE node = %s AND lived_ms IS NULL",
            [last_us, last_us, words.id_of(driver, "reason", LOST), words.id_of(driver, "node", node)],
        )
        driver.execute("UPDATE ops_node SET closed = 1 WHERE id = %s", [node])
    driver.execute("DELETE FROM ops_node WHERE last_us < %s", [now_us - KEPT_US])
    return closed
