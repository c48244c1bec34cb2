"""Notifications to systemd."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backchannel.runner.notify import Notifier
from tests.cli.conftest import clean_environment
from tests.cli.test_serve import port_of
from tests.running import PATIENCE_S


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """Its socket, and the address in $NOTIFY_SOCKET."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@backchannel-{os.getpid()}-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name.replace("@", "\0", 1))
        sock.settimeout(PATIENCE_S)
        yield sock, name


def test_systemd_is_notified_from_ready_to_stopping_by_one_process(systemd: tuple[socket.socket, str]) -> None:
    sock, name = systemd
    environ = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}
    notifier = Notifier(environ)
    assert environ == {}
    notifier.ready("Serving")
    notifier.beat()
    notifier.beat()
    notifier.stopping()
    assert sock.recv(1000) == b"READY=1\nSTATUS=Serving"
    assert sock.recv(1000) == b"WATCHDOG=1"
    assert sock.recv(1000).startswith(b"STOPPING=1\n")


def test_without_a_watchdog_nothing_is_sent_to_it(systemd: tuple[socket.socket, str]) -> None:
    sock, name = systemd
    for environ in (
        {"NOTIFY_SOCKET": name},
        {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
    ):
        notifier = Notifier(environ)
        notifier.beat()
        notifier.status("here")
        assert sock.recv(1000) == b"STATUS=here"
    Notifier({"WATCHDOG_USEC": "1000"}).beat()
    Notifier({"NOTIFY_SOCKET": "/nowhere/at/all"}).ready("dropped")


def test_a_server_notifies_systemd_when_it_is_ready_and_while_it_runs(
    systemd: tuple[socket.socket, str], tmp_path: Path
) -> None:
    sock, name = systemd
    with subprocess.Popen(
        [sys.executable, "-m", "backchannel", "serve", "--port", "0", "--data", str(tmp_path / "data")],
        env=clean_environment({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        received = [sock.recv(1000)]
        while received.count(b"WATCHDOG=1") < 2:
            received.append(sock.recv(1000))
        assert b"READY=1\nSTATUS=Serving" in received
        port = port_of(server)
        with socket.create_connection(("127.0.0.1", port)):
            pass
        server.terminate()
        while not sock.recv(1000).startswith(b"STOPPING=1\n"):
            pass
        server.communicate(timeout=PATIENCE_S)
    assert server.returncode == 0
