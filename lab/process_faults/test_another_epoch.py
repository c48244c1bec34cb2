"""A standby is promoted, or a backup restored, under running clients: they start over and resend what they had acked.
Each resent message keeps its id and is stored once."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed

import machine
import services
from lab.process_faults.conftest import of_postgres
from lab.process_faults.node import Node, Socket, new_id, open_socket, send_until_stored

pytestmark = pytest.mark.prove

Make = Callable[[dict[str, str]], Node]


def resume_of(socket: Socket, seq: int) -> dict[str, object]:
    return {"epoch": socket.epoch, "user_version": 1, "rooms": {"1": seq}}


def offer_again(node: Node, token: str, ids: list[str]) -> None:
    """As clients do on a new epoch: under the old ids, oldest first."""
    for message_id in ids:
        assert node.post(token, message_id).status_code in (200, 201)


def test_clients_survive_a_backup_and_its_restore(node: Node, tmp_path: Path) -> None:
    [token] = node.people("ada")
    node.start()
    before, after = [new_id() for _ in range(3)], [new_id() for _ in range(3)]
    with open_socket(node, token) as socket:
        send_until_stored(node, token, before)
        node.cli("backup", str(tmp_path / "copy"))
        send_until_stored(node, token, after)
        assert socket.is_alive()
        resume = resume_of(socket, 6)
        node.stop()
        with pytest.raises(ConnectionClosed):
            socket.until("nothing that is ever said")
    node.cli("restore", str(tmp_path / "copy"))
    node.start()
    with open_socket(node, token, resume=resume) as socket:
        assert socket.epoch != resume["epoch"]
        assert [frame["type"] for frame in socket.received][:2] == ["hello", "room_list"]
        assert node.messages(token) == before
        offer_again(node, token, before + after)
        socket.expect_messages(after)
    assert node.messages(token) == before + after


@contextmanager
def standby_of(primary: services.Service) -> Iterator[services.Service]:
    """An asynchronous standby that follows."""
    programs = machine.find_postgres()
    assert programs is not None
    with services.scratch("backchannel-standby-") as folder:
        who = services.unprivileged(folder)
        copy: list[str | Path] = [
            programs / "pg_basebackup",
            "-d",
            primary.url,
            "-D",
            folder / "data",
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        ]
        subprocess.run(copy, check=True, capture_output=True, cwd=folder, **who)
        port = services.free_port()
        url = f"postgresql://backchannel@127.0.0.1:{port}/postgres"
        command = services.postgres_command(programs, folder / "data", port, folder)
        with services.running(services.Service(url, command, folder, signal.SIGINT, who)) as standby:
            yield standby


def wait_until_received(primary: services.Service, standby: services.Service) -> None:
    with psycopg.connect(primary.url) as database:
        [head] = database.execute("SELECT pg_current_wal_lsn()").fetchone() or [None]
    with psycopg.connect(standby.url, autocommit=True) as database:
        while database.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [head]).fetchone() != (True,):
            time.sleep(0.01)


@of_postgres
def test_clients_resend_what_a_promoted_standby_lacks(nodes: Make, folder: Path) -> None:
    with services.postgres_service() as primary, standby_of(primary) as standby:
        node = nodes({"BACKCHANNEL_DATA": str(folder), "BACKCHANNEL_DATABASE_URL": primary.url})
        [token] = node.people("ada")
        node.start()
        received, not_received, meanwhile = new_id(), new_id(), new_id()
        with open_socket(node, token) as socket:
            send_until_stored(node, token, [received])
            wait_until_received(primary, standby)
            standby.stop()
            send_until_stored(node, token, [not_received])
            resume = resume_of(socket, 2)
        node.stop()
        primary.stop(signal.SIGKILL)
        standby.start()
        with psycopg.connect(standby.url, autocommit=True) as database:
            database.execute("SELECT pg_promote()")
        promoted = nodes({"BACKCHANNEL_DATA": str(folder), "BACKCHANNEL_DATABASE_URL": standby.url})
        promoted.cli("promote")
        promoted.start()
        assert promoted.messages(token) == [received]
        # Somebody else is quicker: the number that the lost message had is given away.
        send_until_stored(promoted, token, [meanwhile])
        with open_socket(promoted, token, resume=resume) as socket:
            assert socket.epoch != resume["epoch"]
            offer_again(promoted, token, [received, not_received])
            socket.expect_messages([not_received])
        assert promoted.messages(token) == [received, meanwhile, not_received]
        promoted.stop()


def test_a_promotion_under_a_running_server_closes_sockets_and_clients_return(node: Node) -> None:
    [token] = node.people("ada")
    node.start()
    with open_socket(node, token) as socket:
        epoch = socket.epoch
        node.cli("promote")
        with pytest.raises(ConnectionClosed) as ended:
            socket.until("nothing that is ever said")
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1012
    with open_socket(node, token) as again:
        assert again.epoch != epoch
