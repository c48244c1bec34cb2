"""With the database in trouble, writers are refused in time, with a time to retry; nothing is acked that is not stored,
connections stay up, and everything recovers by itself."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

import services
from lab.process_faults.conftest import of_postgres, of_sqlite
from lab.process_faults.node import ROOM, Node, assert_is_trouble, new_id, open_socket, send_until_stored

pytestmark = pytest.mark.prove

Trouble = Callable[[], object]
Make = Callable[[dict[str, str]], Node]


def check_trouble(node: Node, token: str, begin: Trouble, end: Trouble, *, reads_go_on: bool) -> None:
    """While there is trouble: no false ack on either transport. After it, the same ids go through, once, and sockets lived on."""
    before, by_http, by_socket, after = (new_id() for _ in range(4))
    with open_socket(node, token) as socket:
        send_until_stored(node, token, [before])
        begin()
        assert_is_trouble(node.post(token, by_http))
        socket.send(by_socket)
        refused = socket.answer(by_socket)
        assert (refused["type"], refused["error"]["code"]) == ("error", "unavailable")
        assert refused["error"]["retry_after"] > 0
        assert socket.is_alive()
        if reads_go_on:
            assert node.messages(token) == [before]
        end()
        send_until_stored(node, token, [by_http, by_socket, after])
        assert socket.is_alive()
        socket.expect_messages([before, by_http, by_socket, after])
    assert node.messages(token) == [before, by_http, by_socket, after]


# -- SQLite


@of_sqlite
def test_a_locked_database_delays_but_loses_no_message(node: Node, folder: Path) -> None:
    [token] = node.people("ada")
    node.start()
    with closing(sqlite3.connect(folder / "backchannel.sqlite3", isolation_level=None)) as other:
        check_trouble(node, token, lambda: other.execute("BEGIN IMMEDIATE"), other.rollback, reads_go_on=True)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@of_sqlite
def test_a_full_disk_loses_no_message_and_needs_no_restart(nodes: Make, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "16m"):
        node = nodes({"BACKCHANNEL_DATA": str(disk)})
        [token] = node.people("ada")
        node.start()
        ballast = disk / "ballast"

        def fill() -> None:
            with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
                while True:
                    file.write(bytes(4096))

        check_trouble(node, token, fill, ballast.unlink, reads_go_on=True)
        node.stop()


# -- PostgreSQL


@pytest.fixture(scope="module")
def postgres() -> Iterator[services.Service]:
    """A server of one's own, to be broken."""
    with services.postgres_service() as service:
        yield service


@pytest.fixture
def on_postgres(postgres: services.Service, nodes: Make, folder: Path) -> Iterator[Node]:
    """A node that runs on a database of its own there."""
    name = f"d{new_id().replace('-', '')}"
    with psycopg.connect(postgres.url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    url = postgres.url.replace("/postgres", f"/{name}")
    node = nodes({"BACKCHANNEL_DATA": str(folder), "BACKCHANNEL_DATABASE_URL": url})
    yield node
    node.stop()


@of_postgres
def test_a_locked_room_loses_no_message_and_does_not_delay_others(on_postgres: Node) -> None:
    node = on_postgres
    [token] = node.people("ada")
    node.start()
    made = node.http.post(
        "/api/rooms", json={"kind": "channel", "name": "other"}, headers={"Authorization": f"Bearer {token}"}
    )
    other = made.json()["room"]["id"]
    with psycopg.connect(node.environment["BACKCHANNEL_DATABASE_URL"]) as holder:

        def lock() -> None:
            holder.execute("SELECT id FROM backchannel_room WHERE id = %s FOR UPDATE", [ROOM])

        def let_go() -> None:
            assert node.post(token, new_id(), "meanwhile", room=other).status_code == 201
            holder.rollback()

        check_trouble(node, token, lock, let_go, reads_go_on=True)


@of_postgres
@pytest.mark.parametrize("how", ["ended", "killed"])
def test_lost_connections_are_replaced_without_a_restart(on_postgres: Node, how: str) -> None:
    """`killed`: a connection's process, at which PostgreSQL ends them all and recovers."""
    node = on_postgres
    [token] = node.people("ada")
    node.start()
    url = node.environment["BACKCHANNEL_DATABASE_URL"]
    ids = [new_id() for _ in range(3)]
    with open_socket(node, token) as socket:
        for message_id in ids:
            send_until_stored(node, token, [message_id])
            with psycopg.connect(url, autocommit=True) as server:
                others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                if how == "ended":
                    server.execute(f"SELECT pg_terminate_backend(pid) {others}")
                else:
                    [pid] = server.execute(f"SELECT pid {others} LIMIT 1").fetchone() or [0]
                    os.kill(pid, signal.SIGKILL)
        send_until_stored(node, token, [last := new_id()])
        assert socket.is_alive()
        socket.expect_messages([*ids, last])
    while (answer := node.http.get("/readyz")).status_code != 200:
        assert answer.json()["database"] == "does not answer"
    assert node.messages(token) == [*ids, last]


@of_postgres
def test_a_database_crash_loses_no_message(on_postgres: Node, postgres: services.Service) -> None:
    [token] = on_postgres.people("ada")
    on_postgres.start()
    check_trouble(on_postgres, token, lambda: postgres.stop(signal.SIGQUIT), postgres.start, reads_go_on=False)


@of_postgres
def test_a_crash_under_load_loses_no_acked_message(on_postgres: Node, postgres: services.Service) -> None:
    node = on_postgres
    tokens = node.people("ada", "ben", "cem")
    node.start()
    acked: dict[str, list[str]] = {token: [] for token in tokens}
    enough = threading.Event()

    def talk(token: str) -> None:
        own = Node(node.environment)
        own.http.base_url = node.url
        while not enough.is_set():
            message_id = new_id()
            send_until_stored(own, token, [message_id])
            acked[token].append(message_id)
        own.http.close()

    threads = [threading.Thread(target=talk, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for crashes in (1, 2):
        while any(len(ids) < crashes * 5 for ids in acked.values()):
            time.sleep(0.01)
        postgres.stop(signal.SIGQUIT)
        postgres.start()
    while any(len(ids) < 15 for ids in acked.values()):
        time.sleep(0.01)
    enough.set()
    for thread in threads:
        thread.join()
    with psycopg.connect(node.environment["BACKCHANNEL_DATABASE_URL"]) as server:
        rows = server.execute("SELECT id, sender_id FROM backchannel_message ORDER BY seq").fetchall()
    stored = [str(row[0]) for row in rows]
    for ids in acked.values():
        assert [id_ for id_ in stored if id_ in set(ids)] == ids
