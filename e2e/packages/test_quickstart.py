"""Pages followed literally, in an empty folder with an empty home: docs/embed/quickstart.md and the READMEs of examples/."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
OF_THE_MACHINE = (
    "PATH",
    "PIP_",
    "NPM_",
    "npm_config_",
    "SSL_",
    "NODE_EXTRA_CA_CERTS",
    "HTTPS_PROXY",
    "NO_PROXY",
    "LANG",
)
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
def served(command: str, folder: Path, environment: dict[str, str], port: int | None = None) -> Iterator[str]:
    """Run a page's last command until the block ends, on a free port; the address at which it answers."""
    port = port or free_port()
    argv = shlex.split(command.replace("--port 8000", f"--port {port}"))
    url = f"http://localhost:{port}"
    # A group of its own: npm does not pass a signal on to what it runs.
    with subprocess.Popen(argv, cwd=folder, env=environment, start_new_session=True) as process:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while True:
                assert process.poll() is None, "the server ended"
                assert time.monotonic() < deadline, "the server does not answer"
                try:
                    httpx.get(url)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def signed_in(page: Page, url: str, name: str, password: str) -> Page:
    page.goto(url)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Message")).to_be_visible()
    return page


@dataclass(frozen=True)
class Newcomer:
    """Somebody with a fresh checkout and an empty home."""

    checkout: Path
    environment: dict[str, str]

    def follow(self, commands: str, folder: Path) -> None:
        """Run them in a shell, up to the first that fails; AssertionError with what it printed."""
        words = [f"{name}={value}" for name, value in self.environment.items()]
        run("env", "-i", *words, "sh", "-c", f"set -eu\n{commands}", cwd=folder)

    def follow_each(self, commands: list[str], folder: Path) -> None:
        """Run lines, each of which may be a chain: `set -e` does not see what fails before an `&&` of a line."""
        self.follow(" &&\n".join(commands), folder)


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    home, checkout = tmp_path / "home", tmp_path / "checkout"
    home.mkdir()
    check_out(checkout)
    environment = {name: value for name, value in os.environ.items() if name.startswith(OF_THE_MACHINE)}
    environment |= {"HOME": str(home), "CHECKOUT": str(checkout)}
    for name, path in REGISTRIES.items():
        if path.exists():
            environment.setdefault(name, str(path))
    # `npm --prefix` would look for the machine's settings below that folder.
    environment.setdefault("npm_config_globalconfig", run("npm", "config", "get", "globalconfig", cwd=ROOT).strip())
    return Newcomer(checkout, environment)


@pytest.mark.timeout(900)
def test_who_follows_the_quickstart_has_two_browsers_that_talk(
    tmp_path: Path, newcomer: Newcomer, browsers: Any
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    commands, serve = "", ""
    for kind, name, code in BLOCK.findall(PAGE.read_text()):
        if kind == "run":
            commands += code
        elif kind == "serve":
            serve = code
        else:
            operator = ">>" if kind == "append" else ">"
            commands += f"cat {operator} {name} <<'END_OF_FILE'\n{code}END_OF_FILE\n"
    newcomer.follow(commands, folder)
    password = re.search(r"DJANGO_SUPERUSER_PASSWORD=(\S+)", commands)
    assert password

    with served(serve, folder, newcomer.environment) as url:
        ada = signed_in(browsers().new_page(), url, "ada", password[1])
        ben = signed_in(browsers().new_page(), url, "ben", password[1])
        ada.get_by_label("Message").fill("Hello, Ben")
        ada.get_by_label("Message").press("Enter")
        expect(ben.get_by_role("listitem")).to_have_text("ada: Hello, Ben")
        ben.get_by_label("Message").fill("Hello, Ada")
        ben.get_by_label("Message").press("Enter")
        expect(ada.get_by_role("listitem")).to_have_text(["ada: Hello, Ben", "ben: Hello, Ada"])


def five_commands(folder: Path) -> list[str]:
    """Those of an example's README."""
    (block,) = re.findall(r"^```\n(.*?)^```$", (folder / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    commands: list[str] = block.splitlines()
    assert len(commands) == 5
    return commands


@pytest.mark.timeout(900)
def test_the_five_commands_of_the_shop_serve_it(newcomer: Newcomer, browsers: Any) -> None:
    folder = newcomer.checkout / "examples" / "shop"
    *commands, serve = five_commands(folder)
    newcomer.follow_each(commands, folder)
    with served(f"{serve} --port 8000", folder, newcomer.environment) as url:
        page = browsers().new_page()
        page.goto(url)
        page.get_by_label("E-mail").fill("ada@acme.example")
        page.get_by_label("Password").fill("demo")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Item").fill("Two lamps")
        page.get_by_role("button", name="Order", exact=True).click()
        expect(page.get_by_role("list", name="Messages")).to_contain_text("Thank you for your order.")


@pytest.mark.timeout(900)
def test_the_five_commands_of_the_front_end_on_another_origin_serve_both(newcomer: Newcomer, browsers: Any) -> None:
    folder = newcomer.checkout / "examples" / "jwt-spa"
    *commands, serve, show = five_commands(folder)
    newcomer.follow_each(commands, folder)
    port = free_port()
    environment = {**newcomer.environment, "SPA_PAGES": f"http://localhost:{port}"}
    with served(f"{serve} --port 8000", folder, environment) as site:
        environment["VITE_API"] = site
        with served(f"{show} -- --port {port} --strictPort", folder, environment, port) as pages:
            page = browsers().new_page()
            page.goto(pages)
            page.get_by_label("Name").fill("ada")
            page.get_by_label("Password").fill("demo")
            page.get_by_role("button", name="Sign in").click()
            page.get_by_label("Message", exact=True).fill("Hello")
            page.get_by_label("Message", exact=True).press("Enter")
            expect(page.get_by_role("listitem")).to_have_text("Ada: Hello")
