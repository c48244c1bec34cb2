"""Faults of Redis, PostgreSQL and SQLite's file."""

from __future__ import annotations

import os
import signal
import sqlite3
from typing import Any

import psycopg
from redis import Redis

from lab.chaos.cluster import Cluster
from lab.chaos.plan import Injection

ANSWER_WITHIN_S = 3


def _redis(cluster: Cluster) -> Redis:
    assert cluster.redis is not None
    return Redis.from_url(cluster.redis.url, socket_timeout=ANSWER_WITHIN_S, socket_connect_timeout=ANSWER_WITHIN_S)


def stop_redis(cluster: Cluster, _: Injection) -> None:
    assert cluster.redis is not None
    cluster.redis.stop(signal.SIGKILL)


def start_redis(cluster: Cluster, _: Injection, __: Any) -> None:
    assert cluster.redis is not None
    if not cluster.redis.runs:
        cluster.redis.start()


def freeze_redis(cluster: Cluster, _: Injection) -> None:
    assert cluster.redis is not None
    cluster.redis.tell(signal.SIGSTOP)


def go_on_redis(cluster: Cluster, _: Injection, __: Any) -> None:
    assert cluster.redis is not None
    cluster.redis.tell(signal.SIGCONT)


def pause_redis(cluster: Cluster, injection: Injection) -> None:
    with _redis(cluster) as redis:
        redis.client_pause(int(injection.lasts_s * 1000))


def flush_redis(cluster: Cluster, _: Injection) -> None:
    with _redis(cluster) as redis:
        redis.flushall()


def _postgres(cluster: Cluster) -> psycopg.Connection[Any]:
    return psycopg.connect(cluster.database_url, connect_timeout=ANSWER_WITHIN_S)


_OF_NODES = "FROM pg_stat_activity WHERE application_name LIKE 'node_'"


def terminate_backends(cluster: Cluster, injection: Injection) -> None:
    """A third of the nodes' connections, or all."""
    with _postgres(cluster) as postgres:
        share = 1.0 if injection.dice < 0.3 else 0.33
        postgres.execute(f"SELECT pg_terminate_backend(pid) {_OF_NODES} AND random() < %s", [share])


def kill_backend(cluster: Cluster, _: Injection) -> None:
    """kill -9 of one: PostgreSQL then ends all, and recovers from its log."""
    with _postgres(cluster) as postgres:
        row = postgres.execute(f"SELECT pid {_OF_NODES} ORDER BY random() LIMIT 1").fetchone()
    if row is None:
        raise ProcessLookupError("no node is connected")
    os.kill(row[0], signal.SIGKILL)


def crash_postgres(cluster: Cluster, _: Injection) -> None:
    """As `pg_ctl stop -m immediate`: nothing is finished, nothing flushed."""
    assert cluster.postgres is not None
    cluster.postgres.stop(signal.SIGQUIT)


def start_postgres(cluster: Cluster, _: Injection, __: Any) -> None:
    assert cluster.postgres is not None
    if not cluster.postgres.runs:
        cluster.postgres.start()


def lock_room(cluster: Cluster, injection: Injection) -> Any:
    postgres = _postgres(cluster)
    rooms = sorted(cluster.rooms)
    room = rooms[int(injection.dice * len(rooms))]
    postgres.execute("SET lock_timeout = '2s'")
    postgres.execute("SELECT id FROM backchannel_room WHERE id = %s FOR UPDATE", [room])
    return postgres


def lock_sqlite(cluster: Cluster, _: Injection) -> Any:
    database = sqlite3.connect(cluster.sqlite_file, timeout=ANSWER_WITHIN_S, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    return database


def release(_: Cluster, __: Injection, held: Any) -> None:
    held.close()
