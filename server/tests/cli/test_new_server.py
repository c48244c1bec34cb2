"""Only a person who can read what a new server prints can become its owner."""

import json
import re
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, Start
from tests.cli.test_cli import one_line
from tests.cli.test_serve import Browser, opened, port_of

pytestmark = pytest.mark.prove

OWNER = {"workspace": "Lab", "username": "ada", "password": "correct horse battery"}


def visitor(port: int) -> Browser:
    browser = Browser(port)
    browser.ask("GET", "/account/state")
    return browser


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_without_the_printed_address_nobody_owns_the_server(start: Start) -> None:
    port, secret = opened(start())
    browser = visitor(port)
    answers: list[Any] = [
        browser.ask("POST", "/account/setup", {**OWNER, **shown})
        for shown in ({}, {"setup": ""}, {"setup": "x"}, {"setup": secret[:-1]})
    ]
    assert {status for status, _ in answers} == {403}
    assert len({answer["detail"] for _, answer in answers}) == 1
    assert "setup-address" in answers[0][1]["detail"]
    assert browser.ask("GET", "/account/state")[1]["setup_required"] is True


def test_the_printed_address_works_once_and_is_then_deleted(start: Start, folder: Path) -> None:
    process = start()
    port, secret = opened(process)
    kept = folder / "setup_secret"
    assert secret in kept.read_text()
    assert mode(kept) == 0o600
    assert visitor(port).ask("POST", "/account/setup", {**OWNER, "setup": secret})[0] == 201
    assert not kept.exists()
    again = visitor(port).ask("POST", "/account/setup", {**OWNER, "username": "eve", "setup": secret})
    assert again[0] == 403
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert secret not in out + err
    assert secret.encode() not in b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def test_a_restart_prints_the_same_address(start: Start, run: Run, folder: Path) -> None:
    process = start()
    port, secret = opened(process)
    assert run("setup-address").out == f"http://127.0.0.1:{port}/?setup={secret}\n"
    assert secret in run("check").out
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert opened(start())[1] == secret
    # The database holds the hash alone.
    assert secret.encode() not in (folder / "backchannel.sqlite3").read_bytes()


def test_a_lost_secret_can_be_replaced_which_ends_the_old_one(start: Start, run: Run, folder: Path) -> None:
    process = start()
    port, first = opened(process)
    renewed = run("setup-address", "--new-secret").out.strip().rpartition("=")[2]
    assert renewed != first
    assert visitor(port).ask("POST", "/account/setup", {**OWNER, "setup": first})[0] == 403
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    (folder / "setup_secret").unlink()
    port, third = opened(start())
    assert third not in (first, renewed)
    assert visitor(port).ask("POST", "/account/setup", {**OWNER, "setup": third})[0] == 201


def test_an_owner_created_by_the_shell_ends_the_setup_address(start: Start, run: Run, folder: Path) -> None:
    process = start()
    port, secret = opened(process)
    assert "an owner of this server" in run("createuser", "grace").out
    assert not (folder / "setup_secret").exists()
    assert visitor(port).ask("POST", "/account/setup", {**OWNER, "setup": secret})[0] == 403
    assert "already has an owner" in one_line(run("setup-address"))
    assert "setup=" not in run("check").out
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert opened(start())[1] == ""


def test_a_server_without_an_owner_accepts_only_known_hosts(start: Start) -> None:
    port, secret = opened(start(BACKCHANNEL_ALLOWED_HOSTS=""))
    stranger = Browser(port)
    stranger.host = "evil.example"
    for path in ("/", "/account/state", f"/?setup={secret}"):
        status, answer = stranger.ask("GET", path)
        assert status == 403
        assert "BACKCHANNEL_ORIGINS" in str(answer)
        assert "csrftoken" not in stranger.cookies
    ours = visitor(port)
    ours.host = "evil.example"
    assert ours.ask("POST", "/account/setup", {**OWNER, "setup": secret})[0] == 403
    for name in (f"localhost:{port}", f"chat.localhost:{port}", "[::1]", "127.0.0.2"):
        ours.host = name
        assert ours.ask("GET", "/account/state")[0] == 200, name


def test_the_setup_address_is_logged_in_json_too(start: Start) -> None:
    process = start(BACKCHANNEL_LOG_FORMAT="json")
    assert process.stderr is not None
    logged = map(json.loads, process.stderr)
    entry = next(entry for entry in logged if entry["event"] == "not_set_up")
    found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\?setup=([\w-]{43})", entry["open"])
    assert found
    assert visitor(int(found[1])).ask("POST", "/account/setup", {**OWNER, "setup": found[2]})[0] == 201


def test_a_password_as_an_argument_is_refused(run: Run) -> None:
    for words in (["--password", "hunter2hunter2"], ["--password=hunter2hunter2"], ["--password"]):
        refused = one_line(run("createuser", "ada", *words))
        assert "--password-stdin" in refused
        assert "hunter2" not in refused
    assert "blank" in one_line(run("createuser", "--new", "ada", "--password-stdin", said="\n"))
    assert "--bot" in one_line(run("createuser", "--new", "ada", "--bot", "--password-stdin", said="x\n"))
    assert run("createuser", "--new", "ada", "--password-stdin", said="correct horse battery\n").out == (
        "Created ada, an owner of this server.\n"
    )


def test_the_demonstration_is_not_served_to_others(run: Run, start: Start, folder: Path) -> None:
    for exposed in ({"BACKCHANNEL_HOST": "0.0.0.0"}, {"BACKCHANNEL_ORIGINS": "https://chat.example.com"}):
        refused = one_line(run("serve", "--port", "0", "--demo", **exposed))
        assert "--demo-passwords made-up" in refused
    assert not folder.exists()
    process = start("--demo")
    port_of(process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    # What was filled on this machine is not served to others later.
    assert "--demo-passwords made-up" in one_line(run("serve", "--port", "0", "--host", "0.0.0.0"))


def test_a_demonstration_with_made_up_passwords_may_be_served_to_others(start: Start) -> None:
    process = start("--demo", "--demo-passwords", "made-up", "--host", "0.0.0.0")
    port = port_of(process)
    assert process.stdout is not None
    said = next(found for line in process.stdout if (found := re.search(r"as maya, password (\S+) ", line)))
    login = "/_allauth/browser/v1/auth/login"
    assert visitor(port).ask("POST", login, {"username": "maya", "password": "demo"})[0] == 400
    assert visitor(port).ask("POST", login, {"username": "maya", "password": said[1]})[0] == 200


def test_other_users_of_the_machine_cannot_read_the_data(start: Start, run: Run, folder: Path) -> None:
    run("createuser", "--new", "ada")
    for path in folder.iterdir():
        path.chmod(0o666)
    process = start()
    port_of(process)
    open_to_others = [path.name for path in folder.iterdir() if path.is_file() and mode(path) & 0o077]
    assert open_to_others == []
    assert {path.name for path in folder.iterdir()} >= {"backchannel.sqlite3-wal", "backchannel.sqlite3-shm"}
    (folder / "secret_key").chmod(0o644)
    found = run("check")
    assert (found.status, f"can read {folder}/secret_key" in found.out) == (1, True)


def test_an_existing_folder_keeps_its_mode(run: Run, start: Start, folder: Path) -> None:
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "notes.txt").write_text("not the server's")
    (folder / "notes.txt").chmod(0o644)
    run("createuser", "--new", "ada")
    port_of(start())
    assert (mode(folder), mode(folder / "notes.txt")) == (0o755, 0o644)
    assert mode(folder / "backchannel.sqlite3") == 0o600
