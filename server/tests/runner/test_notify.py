"""What systemd hears of the service."""

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
    """Its socket, and the address as it would say it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@backchannel-{os.getpid()}-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name.replace("@", "\0", 1))
        sock.settimeout(PATIENCE_S)
        yield sock, name


def test_it_is_told_of_the_whole_life_and_by_one_process_alone(systemd: tuple[socket.socket, str]) -> None:
    sock, name = systemd
    environ = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}
    notifier = Notifier(environ)
    assert environ == {}
    for tell in (lambda: notifier.ready("Serving"), notifier.alive, notifier.alive, notifier.stopping):
        tell()
    assert sock.recv(1000) == b"READY=1\nSTATUS=Serving"
    assert sock.recv(1000) == b"WATCHDOG=1"
    assert sock.recv(1000).startswith(b"STOPPING=1\n")


def test_who_is_not_watched_gives_no_sign_of_life(systemd: tuple[socket.socket, str]) -> None:
    sock, name = systemd
    for environ in (
        {"NOTIFY_SOCKET": name},
        {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
    ):
        notifier = Notifier(environ)
        notifier.alive()
        notifier.status("here")
        assert sock.recv(1000) == b"STATUS=here"
    Notifier({"WATCHDOG_USEC": "1000"}).alive()
    Notifier({"NOTIFY_SOCKET": "/nowhere/at/all"}).ready("nobody hears it")


def test_a_server_says_that_it_is_ready_when_it_is_and_that_it_lives(
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
        heard = [sock.recv(1000)]
        while heard.count(b"WATCHDOG=1") < 2:
            heard.append(sock.recv(1000))
        assert b"READY=1\nSTATUS=Serving" in heard
        port = port_of(server)
        with socket.create_connection(("127.0.0.1", port)):
            pass
        server.terminate()
        while not sock.recv(1000).startswith(b"STOPPING=1\n"):
            pass
        server.communicate(timeout=PATIENCE_S)
    assert server.returncode == 0
