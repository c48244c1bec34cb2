"""Why did Cleo not get the message? Evidence of connections from both sides, kept for a while and bounded.

    client: recorder ─▶ POST /api/report ─┐
                                          ├─▶ Evidence ─▶ EvidenceWriter, a thread ─▶ tables ─▶ `classify` ─▶ cause
    server: handshakes, closes, polls ────┘      └─▶ metrics, at once

    causes.py, classify.py     the closed set of causes, and the join of both sides     pure
    agents.py, networks.py     what is kept of a browser and of an address              pure
    rows.py                    what the server saw, as rows                             pure
    evidence.py                what transports call; never waits, never raises
    writer.py                  the queue and its thread
    database.py, schema.py     the tables: a SQLite file of their own, or PostgreSQL's
    nodes.py, pace.py          the processes, and what each does in a minute
    upkeep.py                  hourly rollups, and deletion of what is too old or too much
    errors.py                  groups of errors
    metrics.py                 what Prometheus reads of it

Evidence is never in the way of a message: what cannot be kept is dropped and counted. It holds no message, no name of a room, and of
persons their number, unless it is `anonymous`; docs/privacy.md lists every field.
"""

EVIDENCE_FILE = "operations.sqlite3"
"""Beside the SQLite file of the messages."""
