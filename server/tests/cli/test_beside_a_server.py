"""What the command line changes reaches the running server: its caches, sockets and signatures."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run, Start

pytestmark = pytest.mark.prove


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return found[0]
    raise AssertionError("the server printed no address")


def eventually(holds: Callable[[], bool]) -> bool:
    for _ in range(200):
        if holds():
            return True
        time.sleep(0.1)
    return False


def test_a_deactivated_account_is_refused_by_the_running_server(run: Run, start: Start) -> None:
    run("createuser", "--new", "ada")
    run("createuser", "ben", "--bot")
    bearer = {"Authorization": f"Bearer {run('token', 'ben').out.strip()}"}
    url = address_of(start())
    assert httpx.get(f"{url}/api/me", headers=bearer).status_code == 200  # known to its caches from now on
    assert run("user", "deactivate", "ben").status == 0
    assert eventually(lambda: httpx.get(f"{url}/api/me", headers=bearer).status_code == 401)


def test_a_rotated_secret_key_signs_nobody_out(run: Run, start: Start, folder: Path) -> None:
    run("createuser", "--new", "ada", "--password-stdin", said="correct horse battery\n")
    process = start()
    url = address_of(process)
    browser = httpx.Client(base_url=url, timeout=60, headers={"Origin": url})
    browser.get("/account/state")
    browser.post(
        "/_allauth/browser/v1/auth/login",
        json={"username": "ada", "password": "correct horse battery"},
        headers={"X-CSRFToken": browser.cookies["csrftoken"]},
    ).raise_for_status()
    first = (folder / "secret_key").read_text()
    assert "Nobody is signed out" in run("secret", "rotate").out
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (folder / "secret_key").read_text().splitlines()[1:] == first.splitlines()
    process.terminate()
    process.wait(60)
    again = address_of(start())
    browser.base_url, browser.headers["Origin"] = httpx.URL(again), again
    assert browser.get("/api/me").status_code == 200, "the chat"
    assert browser.get("/account/state").json()["user"]["username"] == "ada", "the pages, which renew the session"
    assert browser.get("/api/me").status_code == 200, "the renewed session"
