"""docs/embed/quickstart.md, followed literally in an empty folder with an empty home: two people talk at its end."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from e2e.packages.kit import ROOT, run
from e2e.support.server import free_port
from e2e.support.wait import PATIENCE_S

PAGE = ROOT / "docs" / "embed" / "quickstart.md"
BLOCK = re.compile(r"<!-- (run|serve|append|write)(?: (\S+))? -->\n```\w+\n(.*?)```\n", re.DOTALL)
OF_THE_MACHINE = ("PATH", "PIP_", "NPM_", "npm_config_", "SSL_", "HTTPS_PROXY", "NO_PROXY", "LANG")
"""Beginnings of the names of variables that a newcomer's shell has as well, and the addresses of registries."""

REGISTRIES = {
    "PIP_CONFIG_FILE": Path.home() / ".config" / "pip" / "pip.conf",
    "npm_config_userconfig": Path.home() / ".npmrc",
}
"""Where this machine keeps the addresses of registries, which a newcomer's home need not name."""


def check_out(folder: Path) -> None:
    """The files of this repository as they are now, and nothing that was made from them."""
    for name in run("git", "ls-files", "-z", cwd=ROOT).split("\0"):
        if name and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


@contextmanager
def served(command: str, port: int, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    argv = shlex.split(command.replace("--port 8000", f"--port {port}"))
    url = f"http://localhost:{port}"
    with subprocess.Popen(argv, cwd=folder, env=environment) as process:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while True:
                assert process.poll() is None, "the server ended"
                assert time.monotonic() < deadline, "the server does not answer"
                try:
                    httpx.get(f"{url}/chat/healthz")
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield url
        finally:
            process.terminate()


def signed_in(page: Page, url: str, name: str, password: str) -> Page:
    page.goto(url)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Message")).to_be_visible()
    return page


@pytest.mark.timeout(900)
def test_who_follows_the_quickstart_has_two_browsers_that_talk(tmp_path: Path, browsers: Any) -> None:
    folder, home, checkout = tmp_path / "empty", tmp_path / "home", tmp_path / "checkout"
    folder.mkdir()
    home.mkdir()
    check_out(checkout)
    environment = {name: value for name, value in os.environ.items() if name.startswith(OF_THE_MACHINE)}
    environment |= {"HOME": str(home), "CHECKOUT": str(checkout)}
    for name, path in REGISTRIES.items():
        if path.exists():
            environment.setdefault(name, str(path))
    script, command = ["set -eu"], ""
    for kind, name, code in BLOCK.findall(PAGE.read_text()):
        if kind == "run":
            script.append(code)
        elif kind == "serve":
            command = code
        else:
            operator = ">>" if kind == "append" else ">"
            script.append(f"cat {operator} {name} <<'END_OF_FILE'\n{code}END_OF_FILE")
    run(
        "env",
        "-i",
        *(f"{name}={value}" for name, value in environment.items()),
        "sh",
        "-c",
        "\n".join(script),
        cwd=folder,
    )
    password = re.search(r"DJANGO_SUPERUSER_PASSWORD=(\S+)", "\n".join(script))
    assert password

    with served(command, free_port(), folder, environment) as url:
        ada = signed_in(browsers().new_page(), url, "ada", password[1])
        ben = signed_in(browsers().new_page(), url, "ben", password[1])
        ada.get_by_label("Message").fill("Hello, Ben")
        ada.get_by_label("Message").press("Enter")
        expect(ben.get_by_role("listitem")).to_have_text("ada: Hello, Ben")
        ben.get_by_label("Message").fill("Hello, Ada")
        ben.get_by_label("Message").press("Enter")
        expect(ada.get_by_role("listitem")).to_have_text(["ada: Hello, Ben", "ben: Hello, Ada"])
