"""`backchannel doctor URL` finds nothing to change behind the shipped proxies, and a probe passes both ways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.deploy.shipped import NAME, PROXIES
from e2e.deploy.test_shipped import Front, running
from e2e.support.server import ROOT, Account, Server, free_port


@pytest.fixture(scope="module", params=PROXIES, ids=lambda make: make.__name__)
def shipped(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Front, list[Account]]]:
    folder, secure = tmp_path_factory.mktemp("doctor"), free_port()
    server = Server(folder / "data", ORIGINS=f"https://{NAME}:{secure}")
    server.start()
    try:
        people = server.people("ada", "ben")
        with running(request.param, folder, secure, [server]) as front:
            yield front, people
    finally:
        server.stop()


def run(front: Front, bots: list[Account], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backchannel", *words],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "server"))),
            "SSL_CERT_FILE": str(front.place.certificate),
            "BACKCHANNEL_BOT_TOKENS": " ".join(bot.token for bot in bots),
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_nothing_has_to_be_changed(shipped: tuple[Front, list[Account]]) -> None:
    front, bots = shipped
    ran = run(front, bots, "doctor", front.url, "--json", "--silence", "40")
    findings = json.loads(ran.stdout)["findings"]
    assert [each for each in findings if each["word"] != "ok"] == []
    assert ran.returncode == 0
    assert {f"D2{n:02}" for n in (1, 2, 3, 5, 6, 8, 9, 11, 12, 13, 14, 16, 17, 18)} <= {
        each["code"] for each in findings
    }
    assert "keeping a WebSocket silent for 40 s …" in ran.stderr


def test_without_credentials_it_says_what_was_not_tested(shipped: tuple[Front, list[Account]]) -> None:
    front, _ = shipped
    ran = run(front, [], "doctor", front.url, "--json", "--quiet")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "D219" in {each["code"] for each in json.loads(ran.stdout)["findings"]}


def test_a_certificate_that_is_not_trusted_is_a_problem(shipped: tuple[Front, list[Account]], tmp_path: Path) -> None:
    front, bots = shipped
    (tmp_path / "none.pem").write_text("")
    ran = subprocess.run(
        [sys.executable, "-m", "backchannel", "doctor", front.url, "--quiet"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "server"), "SSL_CERT_FILE": str(tmp_path / "none.pem")},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "problem  D203  the certificate is not accepted" in ran.stdout
    assert all(bot.token not in ran.stdout for bot in bots)


def test_a_probe_goes_there_and_back_over_both_transports(shipped: tuple[Front, list[Account]]) -> None:
    front, bots = shipped
    ran = run(front, bots, "probe", front.url, "--json")
    trips = {trip["transport"]: trip for trip in json.loads(ran.stdout)["trips"]}
    assert ran.returncode == 0, ran.stdout
    assert set(trips) == {"websocket", "http"}
    assert all(trip["seconds"] > 0 and trip["problem"] is None for trip in trips.values())
    with front.client(bots[0]) as http:  # nothing of it remains to be read
        [room] = [each for each in http.get("/api/rooms").json()["rooms"] if each["kind"] == "direct"]
        messages = http.get(f"/api/rooms/{room['id']}/messages").json()["messages"]
    assert messages
    assert all(message["deleted"] for message in messages)


def test_a_probe_with_a_revoked_token_fails(shipped: tuple[Front, list[Account]]) -> None:
    front, bots = shipped
    with front.client(bots[0]) as http:
        assert http.get("/api/me").status_code == 200
    stranger = Account("eve", "Eve", "bc_" + "x" * 43, "", "")
    ran = run(front, [bots[0], stranger], "probe", front.url)
    assert ran.returncode == 1
    assert "401" in ran.stdout
