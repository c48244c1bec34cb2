"""What befalls Redis, PostgreSQL and SQLite's file."""

from __future__ import annotations

import os
import signal
import sqlite3
from typing import Any

import psycopg
from redis import Redis

from lab.chaos.cluster import Arena
from lab.chaos.plan import Injection

ANSWER_WITHIN_S = 3


def _redis(arena: Arena) -> Redis:
    assert arena.redis is not None
    return Redis.from_url(arena.redis.url, socket_timeout=ANSWER_WITHIN_S, socket_connect_timeout=ANSWER_WITHIN_S)


def stop_redis(arena: Arena, _: Injection) -> None:
    assert arena.redis is not None
    arena.redis.stop(signal.SIGKILL)


def start_redis(arena: Arena, _: Injection, __: Any) -> None:
    assert arena.redis is not None
    if not arena.redis.runs:
        arena.redis.start()


def freeze_redis(arena: Arena, _: Injection) -> None:
    assert arena.redis is not None
    arena.redis.tell(signal.SIGSTOP)


def go_on_redis(arena: Arena, _: Injection, __: Any) -> None:
    assert arena.redis is not None
    arena.redis.tell(signal.SIGCONT)


def pause_redis(arena: Arena, injection: Injection) -> None:
    with _redis(arena) as redis:
        redis.client_pause(int(injection.lasts_s * 1000))


def flush_redis(arena: Arena, _: Injection) -> None:
    with _redis(arena) as redis:
        redis.flushall()


def _postgres(arena: Arena) -> psycopg.Connection[Any]:
    return psycopg.connect(arena.database_url, connect_timeout=ANSWER_WITHIN_S)


_OF_NODES = "FROM pg_stat_activity WHERE application_name LIKE 'node_'"


def terminate_backends(arena: Arena, injection: Injection) -> None:
    """A third of the nodes' connections, or all."""
    with _postgres(arena) as postgres:
        share = 1.0 if injection.dice < 0.3 else 0.33
        postgres.execute(f"SELECT pg_terminate_backend(pid) {_OF_NODES} AND random() < %s", [share])


def kill_backend(arena: Arena, _: Injection) -> None:
    """kill -9 of one: PostgreSQL then ends all, and recovers from its log."""
    with _postgres(arena) as postgres:
        row = postgres.execute(f"SELECT pid {_OF_NODES} ORDER BY random() LIMIT 1").fetchone()
    if row is None:
        raise ProcessLookupError("no node is connected")
    os.kill(row[0], signal.SIGKILL)


def crash_postgres(arena: Arena, _: Injection) -> None:
    """As `pg_ctl stop -m immediate`: nothing is finished, nothing flushed."""
    assert arena.postgres is not None
    arena.postgres.stop(signal.SIGQUIT)


def start_postgres(arena: Arena, _: Injection, __: Any) -> None:
    assert arena.postgres is not None
    if not arena.postgres.runs:
        arena.postgres.start()


def lock_room(arena: Arena, injection: Injection) -> Any:
    postgres = _postgres(arena)
    rooms = sorted(arena.rooms)
    room = rooms[int(injection.dice * len(rooms))]
    postgres.execute("SET lock_timeout = '2s'")
    postgres.execute("SELECT id FROM backchannel_room WHERE id = %s FOR UPDATE", [room])
    return postgres


def lock_sqlite(arena: Arena, _: Injection) -> Any:
    database = sqlite3.connect(arena.sqlite_file, timeout=ANSWER_WITHIN_S, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    return database


def let_go(_: Arena, __: Injection, held: Any) -> None:
    held.close()
