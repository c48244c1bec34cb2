"""No ack leaves before its commit is on the disk: the order of system calls, as the kernel saw them.

A power cut cannot be had here: what was written survives the death of a process. So it is looked at whether the disk was
waited for. One message is under way at a time, so between two acks there must be a sync.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import services
from lab.process_faults.conftest import of_postgres, of_sqlite
from lab.process_faults.node import Node, new_id, open_socket

pytestmark = pytest.mark.prove

MESSAGES = 20
ACK = r"\"type\":\"ack\""
STRACE = ("strace", "-f", "-ttt", "-s", "400")


def synced_at(trace: Path) -> Iterator[float]:
    """When each sync had succeeded."""
    for line in trace.read_text(errors="replace").splitlines():
        if re.search(r"\bf(data)?sync\(.*= 0|f(data)?sync resumed.*= 0", line):
            yield time_of(line)


def acked_at(trace: Path) -> Iterator[float]:
    """When the sending of each ack began."""
    for line in trace.read_text(errors="replace").splitlines():
        if ACK in line:
            yield time_of(line)


def time_of(line: str) -> float:
    found = re.match(r"\d+\s+(\d+\.\d+)", line)
    assert found, line
    return float(found[1])


def assert_synced_before_each(acks: list[float], syncs: list[float]) -> None:
    assert len(acks) == MESSAGES
    for before, ack in zip([0.0, *acks], acks, strict=False):
        assert any(before < sync < ack for sync in syncs), f"nothing was synced between {before} and the ack at {ack}"


def talk(node: Node, token: str) -> None:
    with open_socket(node, token) as socket:
        for _ in range(MESSAGES):
            message_id = new_id()
            socket.send(message_id)
            assert socket.answer(message_id)["type"] == "ack"


@of_sqlite
def test_no_ack_leaves_before_its_commit_is_synced_by_sqlite(node: Node, tmp_path: Path) -> None:
    [token] = node.people("ada")
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,sendto,write,writev,sendmsg"
    node.start(*STRACE, "-e", calls, "-o", str(trace))
    talk(node, token)
    node.stop()
    assert_synced_before_each(list(acked_at(trace)), list(synced_at(trace)))


@of_postgres
def test_no_ack_leaves_before_its_commit_is_synced_by_postgresql(
    nodes: Callable[[dict[str, str]], Node], folder: Path, tmp_path: Path
) -> None:
    with services.postgres_service() as postgres:
        node = nodes({"BACKCHANNEL_DATA": str(folder), "BACKCHANNEL_DATABASE_URL": postgres.url})
        [token] = node.people("ada")
        node.start(*STRACE, "-e", "trace=sendto,write,writev,sendmsg", "-o", str(tmp_path / "acks"))
        # The server's backends are children of the one process that is started.
        syncs = tmp_path / "syncs"
        tracer = subprocess.Popen(
            [
                *STRACE,
                "-e",
                "trace=fsync,fdatasync",
                "-o",
                syncs,
                *(word for pid in postgres.pids() for word in ("-p", pid)),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert tracer.stderr is not None
        assert "attached" in tracer.stderr.readline()
        talk(node, token)
        node.stop()
        tracer.terminate()
        tracer.communicate()
    assert_synced_before_each(list(acked_at(tmp_path / "acks")), list(synced_at(syncs)))


def test_the_check_detects_an_ack_without_a_sync() -> None:
    acks = [float(n) for n in range(1, MESSAGES + 1)]
    syncs = [at - 0.5 for at in acks]
    assert_synced_before_each(acks, syncs)
    with pytest.raises(AssertionError, match="nothing was synced"):
        assert_synced_before_each(acks, syncs[:-1])
