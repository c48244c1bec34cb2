"""Reads the server's tables directly."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from e2e.support.server import Server

OPERATIONS = "operations.sqlite3"


@dataclass(frozen=True)
class Stored:
    """A row of a room's messages."""

    id: str
    seq: int
    sender: str
    content: str
    deleted: bool


class Database:
    def __init__(self, server: Server) -> None:
        self._server = server

    def messages(self, room_id: int) -> list[Stored]:
        """In the order of their seqs."""
        rows = self._read(
            "SELECT m.id, m.seq, p.username, m.content, m.deleted FROM backchannel_message m"
            " JOIN backchannel_person p ON p.id = m.sender_id WHERE m.room_id = ? ORDER BY m.seq",
            room_id,
        )
        return [
            Stored(str(UUID(str(id))), seq, sender, content, bool(deleted))
            for id, seq, sender, content, deleted in rows
        ]

    def texts(self, room_id: int) -> list[str]:
        return [message.content for message in self.messages(room_id) if not message.deleted]

    def check_log(self, room_id: int) -> None:
        """The room's seqs are 1..head, each once."""
        seqs = self._read(
            "SELECT seq FROM backchannel_message WHERE room_id = ?"
            " UNION ALL SELECT seq FROM backchannel_event WHERE room_id = ?",
            room_id,
            room_id,
        )
        [(head,)] = self._read("SELECT head FROM backchannel_room WHERE id = ?", room_id)
        assert sorted(seq for (seq,) in seqs) == list(range(1, head + 1))

    def unread(self, room_id: int, username: str) -> int:
        """Counted from the tables: messages by others, not deleted, after the read mark."""
        [(count,)] = self._read(
            "SELECT count(*) FROM backchannel_message m JOIN backchannel_membership s ON s.room_id = m.room_id"
            " JOIN backchannel_person p ON p.id = s.person_id"
            " WHERE m.room_id = ? AND p.username = ? AND m.sender_id <> p.id AND m.seq > s.read_seq AND NOT m.deleted",
            room_id,
            username,
        )
        return int(count)

    def operations(self, sql: str, *values: Any) -> Sequence[tuple[Any, ...]]:
        """A query of the tables `ops_…`, which are in a file of their own on SQLite, made when it is first written."""
        if not self._server.database_url and not (self._server.folder / OPERATIONS).exists():
            return []
        return self._read(sql, *values, file=OPERATIONS)

    def _read(self, sql: str, *values: Any, file: str = "backchannel.sqlite3") -> Sequence[tuple[Any, ...]]:
        if self._server.database_url:
            import psycopg

            with psycopg.connect(self._server.database_url) as postgres:
                return postgres.execute(sql.replace("?", "%s").encode(), values).fetchall()
        with closing(sqlite3.connect(f"file:{self._server.folder / file}?mode=ro", uri=True, timeout=20)) as sqlite:
            return sqlite.execute(sql, values).fetchall()
