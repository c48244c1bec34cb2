"""`backchannel doctor` beside a server, as a process."""

from __future__ import annotations

import json
import os
import re
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran, Run, folder, run

__all__ = ["folder", "run"]

pytestmark = pytest.mark.prove


def found(ran: Ran) -> dict[str, dict[str, Any]]:
    """Code → its worst finding."""
    assert ran.status in {0, 1}, ran
    worst: dict[str, dict[str, Any]] = {}
    order = ("ok", "note", "problem")
    for each in json.loads(ran.out)["findings"]:
        if order.index(each["word"]) >= order.index(worst.get(each["code"], {"word": "ok"})["word"]):
            worst[each["code"]] = each
    return worst


def test_a_new_server_has_no_problem(run: Run, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    ran = run("doctor", "--backups", str(tmp_path), "--json", "--quiet")
    assert (ran.status, ran.err) == (0, "")
    codes = found(ran)
    assert {"D103", "D104", "D105", "D109", "D110", "D112", "D113", "D115", "D116", "D117", "D119"} <= set(codes)
    assert codes["D117"]["word"] == "note"


def test_findings_are_printed_as_they_come_with_progress_beside_them(run: Run) -> None:
    run("createuser", "--new", "ada")
    ran = run("doctor")
    assert ran.status == 0
    assert re.search(r"^ok       D105  SQLite database", ran.out, re.MULTILINE)
    assert ran.out.endswith("No problems found.\n")
    assert "asking the mail server …" in ran.err


def test_a_backup_is_found_by_its_age_and_restored_for_a_trial(run: Run, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    backups = tmp_path / "backups"
    backups.mkdir()
    run("backup", str(backups))
    ran = run("doctor", "--backups", str(backups), "--restore-drill", "--json", "--quiet")
    codes = found(ran)
    assert (codes["D117"]["word"], codes["D118"]["word"]) == ("ok", "ok"), codes
    assert "1 accounts" in codes["D118"]["text"]
    [made] = backups.iterdir()
    old = time.time() - 3 * 86400
    os.utime(made, (old, old))
    made.write_bytes(made.read_bytes()[:50_000])
    os.utime(made, (old, old))
    ran = run("doctor", "--backups", str(backups), "--restore-drill", "--json", "--quiet")
    assert ran.status == 1
    codes = found(ran)
    assert (codes["D117"]["word"], codes["D118"]["word"]) == ("problem", "problem")


def test_a_drill_without_a_backup_makes_one_and_leaves_nothing(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    before = sorted(folder.iterdir())
    codes = found(run("doctor", "--backups", str(tmp_path / "none"), "--restore-drill", "--json", "--quiet"))
    assert codes["D118"]["word"] == "ok"
    assert sorted(folder.iterdir()) == before


def test_what_others_can_read_and_a_weak_key_are_problems(run: Run, folder: Path) -> None:
    run("createuser", "--new", "ada")
    (folder / "secret_key").chmod(0o644)
    codes = found(run("doctor", "--json", "--quiet", BACKCHANNEL_SECRET_KEY="ab" * 32))
    assert codes["D109"]["word"] == "problem"
    assert codes["D121"]["word"] == "problem"
    assert "abab" not in json.dumps(codes)


class Mail(socketserver.StreamRequestHandler):
    """A mail server without STARTTLS, which accepts no password."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"EHLO":
                self.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
            elif word == b"AUTH":
                self.wfile.write(b"535 no\r\n")
            elif word == b"QUIT":
                return
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def mail_port() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_the_mail_server_is_asked_without_a_mail_and_no_password_is_shown(run: Run, mail_port: int) -> None:
    run("createuser", "--new", "ada")
    for url, word, text in (
        (f"smtp://127.0.0.1:{mail_port}?tls=no", "ok", "greets"),
        (f"smtp://ada:hunter2@127.0.0.1:{mail_port}?tls=no", "problem", "does not accept the user name and password"),
        (f"smtp://127.0.0.1:{mail_port}", "problem", "STARTTLS"),
        ("smtp://127.0.0.1:1?tls=no", "problem", "does not answer"),
    ):
        ran = run("doctor", "--json", "--quiet", BACKCHANNEL_MAIL_URL=url)
        assert "hunter2" not in ran.out + ran.err
        codes = found(ran)
        assert (codes["D116"]["word"], text in codes["D116"]["text"]) == (word, True), codes["D116"]


def test_a_missing_database_is_a_problem_and_nothing_is_made(run: Run, folder: Path) -> None:
    ran = run("doctor", "--json", "--quiet")
    assert ran.status == 1
    assert found(ran)["D103"]["word"] == "problem"
    assert not folder.exists()


def test_an_address_that_is_none_is_refused_without_settings(run: Run) -> None:
    for url in ("chat.example.com", "ftp://x", "https://", "https://ada:secret@chat.example.com"):
        ran = run("doctor", url, BACKCHANNEL_PORT="not a port")
        assert (ran.status, ran.out) == (2, "")
        assert "secret" not in ran.err


def test_nothing_behind_the_address_is_one_problem(run: Run) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ran = run("doctor", f"http://127.0.0.1:{port}", "--json", "--quiet")
    assert ran.status == 1
    assert found(ran)["D202"]["word"] == "problem"


@pytest.mark.parametrize("tokens", ["bc_secret", "a b bc_secret"])
def test_credentials_are_two_tokens_or_none(run: Run, tokens: str) -> None:
    ran = run("doctor", "http://127.0.0.1:1", "--token-file", "-", said=tokens)
    assert ran.status == 2
    assert "bc_secret" not in ran.err
