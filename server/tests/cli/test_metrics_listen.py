"""A server with an address of its own for metrics, as a process; and what it keeps of connections."""

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run, Start
from tests.cli.test_serve import port_of

pytestmark = pytest.mark.prove


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_metrics_are_at_their_own_address_alone_and_evidence_in_its_own_file(start: Start, folder: Path) -> None:
    metrics = f"127.0.0.1:{free_port()}"
    server = start(BACKCHANNEL_METRICS_LISTEN=metrics)
    url = f"http://127.0.0.1:{port_of(server)}"
    assert "backchannel_build_info" in httpx.get(f"http://{metrics}/metrics", timeout=30).text
    assert "backchannel_build_info" not in httpx.get(f"{url}/metrics", timeout=30).text
    assert httpx.get(f"{url}/ws?a=0123456789abcdef", timeout=30).status_code == 426
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=60)
    assert server.returncode == 0
    file = folder / "operations.sqlite3"
    assert file.stat().st_mode & 0o077 == 0
    assert b"upgrade_stripped" in file.read_bytes()


def test_with_analytics_off_there_is_no_file(start: Start, folder: Path) -> None:
    server = start(BACKCHANNEL_ANALYTICS="off")
    url = f"http://127.0.0.1:{port_of(server)}"
    assert httpx.get(f"{url}/ws?a=0123456789abcdef", timeout=30).status_code == 426
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=60)
    assert "operations.sqlite3" not in os.listdir(folder)


@pytest.mark.parametrize("address", ["9464", "127.0.0.1:99999", "somewhere"])
def test_an_address_that_cannot_be_used_is_named(run: Run, address: str) -> None:
    ran = run("serve", BACKCHANNEL_METRICS_LISTEN=address)
    assert ran.status != 0
    assert "BACKCHANNEL_METRICS_LISTEN" in ran.err


def test_a_file_of_networks_that_cannot_be_used_is_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "networks.txt"
    file.write_text("Berlin\n", "utf-8")
    ran = run("serve", "--port", "0", BACKCHANNEL_ANALYTICS_NETWORKS=str(file))
    assert ran.status != 0
    assert "line 1" in ran.err
