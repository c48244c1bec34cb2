"""kill -9 at every step of a send, and the order of sync and ack: on the real server, over a real socket."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.cli.conftest import Run, clean_environment

PLACES = ("before_commit", "after_commit", "before_publish", "after_publish", "after_ack")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, port: int, *before: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "backchannel", "serve", "--port", str(port)],
        env=clean_environment({"BACKCHANNEL_DATA": str(folder), **environment}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        while "stop" not in (line := process.stdout.readline()):
            assert line, "the server did not start"
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate()


@contextmanager
def open_socket(port: int, token: str) -> Iterator[ClientConnection]:
    headers = {"Authorization": f"Bearer {token}"}
    with connect(f"ws://127.0.0.1:{port}/ws", additional_headers=headers) as link:
        link.send(json.dumps({"type": "hello", "protocol": 1}))
        hear(link, "caught_up")
        yield link


def hear(link: ClientConnection, type_: str) -> dict[str, Any]:
    while True:
        heard = json.loads(link.recv(timeout=30))
        for frame in heard if isinstance(heard, list) else [heard]:
            if frame["type"] == type_:
                return dict(frame)


def say(link: ClientConnection, message_id: str) -> None:
    link.send(json.dumps({"type": "send_message", "id": message_id, "room_id": 1, "content": f"text {message_id}"}))


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_server_lost_nothing_it_acked_and_a_retry_is_the_same_message(
    run: Run, folder: Path, place: str
) -> None:
    run("createuser", "ada", "--password", "x")
    token = run("token", "ada").out.strip()
    ids = [str(uuid.uuid4()) for _ in range(5)]
    acked: dict[str, int] = {}
    port = free_port()
    with serving(folder, port, BACKCHANNEL_FAILPOINT=f"{place}:3") as server:
        with open_socket(port, token) as link, pytest.raises((ConnectionClosed, OSError)):
            for message_id in ids:
                say(link, message_id)
                acked[message_id] = hear(link, "ack")["result"]["message"]["seq"]
        assert server.wait(30) == -9
    with closing(sqlite3.connect(folder / "backchannel.sqlite3")) as database:
        stored = {str(uuid.UUID(row[0])): row[1] for row in database.execute("SELECT id, seq FROM backchannel_message")}
    assert acked.items() <= stored.items()
    with serving(folder, port), httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        client.headers["Authorization"] = f"Bearer {token}"
        seqs = []
        for message_id in ids:
            answer = client.post("/api/rooms/1/messages", json={"id": message_id, "content": f"text {message_id}"})
            told = answer.json()
            assert told["duplicate"] is (message_id in stored)
            assert told["message"]["seq"] == stored.get(message_id, told["message"]["seq"])
            seqs.append(told["message"]["seq"])
        events = client.get("/api/rooms/1/events", params={"after": 0}).json()
    assert seqs == sorted(set(seqs))
    assert [event["seq"] for event in events["events"]] == list(range(1, events["seq"] + 1))


def test_no_ack_leaves_before_its_commit_is_synced(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "ada", "--password", "x")
    token = run("token", "ada").out.strip()
    trace, port = tmp_path / "trace", free_port()
    calls = "trace=fsync,fdatasync,sendto,write,writev,sendmsg"
    traced = serving(folder, port, "strace", "-f", "-s", "4000", "-e", calls, "-o", str(trace))
    with traced, open_socket(port, token) as link:
        for _ in range(20):
            say(link, str(uuid.uuid4()))
            hear(link, "ack")
    synced, acks = False, 0
    for line in trace.read_text(errors="replace").splitlines():
        if (re.search(r"\bf(data)?sync\(", line) and "= 0" in line) or ("sync resumed" in line and "= 0" in line):
            synced = True
        if r"\"type\":\"ack\"" in line:
            assert synced, line
            acks += 1
            synced = False
    assert acks == 20
