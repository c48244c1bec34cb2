"""The tables of the evidence, for SQLite and PostgreSQL alike.

They are made by their writer and not by a migration: on SQLite they are in a file of their own, which Django does not know, and they
may be lost without harm. A change adds a table or a column; each statement may run again.
"""

from typing import Final

VERSION: Final = 1

_TABLES: Final = (
    # Words that repeat in every row, once. `kind` is the column.
    """CREATE TABLE IF NOT EXISTS ops_word (
        id {serial}, kind TEXT NOT NULL, word TEXT NOT NULL, UNIQUE (kind, word))""",
    # One row for each handshake that was answered, for each stint of polling, and for each attempt that only its client saw.
    """CREATE TABLE IF NOT EXISTS ops_connection (
        id BIGINT PRIMARY KEY, session BIGINT, attempt BIGINT, person BIGINT, device BIGINT,
        transport INTEGER NOT NULL, node INTEGER NOT NULL, network INTEGER, agent INTEGER, via INTEGER, client INTEGER,
        reached INTEGER, status INTEGER, lived_ms BIGINT, code INTEGER, reason INTEGER, received INTEGER,
        stage INTEGER, cause INTEGER, seen TEXT, summary TEXT)""",
    "CREATE INDEX IF NOT EXISTS ops_connection_attempt ON ops_connection (attempt) WHERE attempt IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS ops_connection_person ON ops_connection (person, id) WHERE person IS NOT NULL",
    # Small: it has those that are open now. 2 is `Reached.ACCEPTED`; a condition has to name it for the index to be used.
    """CREATE INDEX IF NOT EXISTS ops_connection_open ON ops_connection (node) WHERE lived_ms IS NULL AND reached = 2""",
    """CREATE TABLE IF NOT EXISTS ops_hour (
        hour BIGINT NOT NULL, transport TEXT NOT NULL, cause TEXT NOT NULL, code INTEGER NOT NULL, network TEXT NOT NULL,
        agent TEXT NOT NULL, connections INTEGER NOT NULL, lived_ms BIGINT NOT NULL, lives TEXT NOT NULL,
        PRIMARY KEY (hour, transport, cause, code, network, agent))""",
    """CREATE TABLE IF NOT EXISTS ops_report (
        id BIGINT PRIMARY KEY, person BIGINT, device BIGINT, why TEXT NOT NULL, body {bytes} NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS ops_error (
        fingerprint TEXT PRIMARY KEY, side TEXT NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL, version TEXT NOT NULL,
        first_us BIGINT NOT NULL, last_us BIGINT NOT NULL, count BIGINT NOT NULL, reference TEXT NOT NULL, sample TEXT NOT NULL)""",
    # One row for each process that serves.
    """CREATE TABLE IF NOT EXISTS ops_node (
        id TEXT PRIMARY KEY, version TEXT NOT NULL, started_us BIGINT NOT NULL, last_us BIGINT NOT NULL,
        bus_up INTEGER NOT NULL, free_bytes BIGINT, size_bytes BIGINT, closed INTEGER NOT NULL)""",
    # One row for each minute of each process.
    """CREATE TABLE IF NOT EXISTS ops_minute (
        minute BIGINT NOT NULL, node TEXT NOT NULL, websocket INTEGER NOT NULL, http INTEGER NOT NULL, people INTEGER NOT NULL,
        sends BIGINT NOT NULL, delivery TEXT NOT NULL, PRIMARY KEY (minute, node))""",
)

TABLES: Final = ("ops_word", "ops_connection", "ops_hour", "ops_report", "ops_error", "ops_node", "ops_minute")


def statements(vendor: str) -> list[str]:
    """`vendor`: as Django names it."""
    is_postgres = vendor == "postgresql"
    serial = "BIGSERIAL PRIMARY KEY" if is_postgres else "INTEGER PRIMARY KEY"
    kind = "BYTEA" if is_postgres else "BLOB"
    return [text.format(serial=serial, bytes=kind) if "{" in text else text for text in _TABLES]
