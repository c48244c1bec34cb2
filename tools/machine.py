"""Finds the programs that this machine has, and installs or names those that it lacks.

Uses the standard library alone, because it runs before anything is installed. Everything here either
returns what was found or raises `Missing`, whose text is one line: what could not be had and how to get it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON_FLOOR = (3, 11)
NODE_FLOOR = (20, 19)

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PROMETHEUS = ROOT / ".cache" / "prometheus"
"""Where Debian's package is unpacked: installed, it would bring a service, a user and 11 packages of scripts."""
EMOJI_FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")

# Parts that are prepared side by side may both need apt-get, which refuses to run twice at once.
_apt = threading.Lock()


class Missing(Exception):
    """Something that the machine lacks. `str(error)` is one line that says what, and how to get it."""


def say(line: str) -> None:
    """Print one line of progress."""
    print(line, flush=True)


def check_python() -> None:
    """Raise `Missing` if this Python is too old to run the server."""
    if sys.version_info < PYTHON_FLOOR:
        found = ".".join(map(str, sys.version_info[:3]))
        raise Missing(f"Python 3.11 or later is needed, this is {found}: name another with `make PYTHON=python3.12 …`")


def find_python(version: str) -> str | None:
    """A Python of this minor version ("3.13"), in PATH or among pyenv's; None if there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [f"python{version}", *map(str, sorted(pyenv.glob(f"{version}.*/bin/python{version}"), reverse=True))]
    for candidate in filter(shutil.which, candidates):
        # pyenv's stand-ins in PATH fail for versions that are not chosen.
        ran = subprocess.run([candidate, "-c", "import ensurepip"], capture_output=True, check=False)
        if not ran.returncode:
            return shutil.which(candidate)
    return None


def environment() -> dict[str, str]:
    """The environment for every step: the programs of the virtual environment and of node_modules come first."""
    env = dict(os.environ)
    env["PATH"] = os.pathsep.join([str(VENV / "bin"), str(ROOT / "node_modules" / ".bin"), env.get("PATH", os.defpath)])
    env["VIRTUAL_ENV"] = str(VENV)
    env.pop("PYTHONHOME", None)
    return env


def node_is_new_enough(env: dict[str, str]) -> bool:
    """Whether `node` and `npm` are in PATH and `node` is not older than `NODE_FLOOR`."""
    node, npm = (shutil.which(name, path=env["PATH"]) for name in ("node", "npm"))
    if not node or not npm:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return found is not None and tuple(map(int, found.groups())) >= NODE_FLOOR


def find_chromium() -> str | None:
    """The browser that the tests drive: $CHROMIUM, else the first known name in PATH."""
    named = os.environ.get("CHROMIUM")
    if named:
        found = shutil.which(named)
        if not found:
            raise Missing(f"CHROMIUM={named} is no program: name the path of a Chromium or Chrome, or unset it")
        return found
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest version first. Debian keeps it out of PATH."""
    named = os.environ.get("POSTGRES_BIN")
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    on_path = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    for folder in [Path(named)] if named else [*known, *on_path]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def find_redis() -> str | None:
    """A Redis or Valkey server."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


def find_faketime() -> Path | None:
    """The library that gives a process another clock. Debian keeps it where no linker looks."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)


def find_prometheus(program: str) -> str | None:
    """`prometheus` or `promtool`: in PATH, else from the package that `prepare.py` has unpacked."""
    return shutil.which(program) or shutil.which(program, path=str(PROMETHEUS / "usr" / "bin"))


def apt_unpack(package: str, folder: Path, why: str) -> None:
    """Unpack a Debian package into `folder`, without what it depends on and without a superuser."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Missing(f"{why}: install what Debian calls `{package}` with this system's package manager")
    say(f"    apt-get download {package}")
    with _apt, tempfile.TemporaryDirectory() as scratch:

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(words, cwd=scratch, capture_output=True, text=True, check=False)

        ran = run("apt-get", "download", "-q", package)
        if ran.returncode:
            # The package lists may be old, or were never fetched.
            run(*(_sudo() or []), "apt-get", "update", "-q")
            ran = run("apt-get", "download", "-q", package)
        archive = next(Path(scratch).glob("*.deb"), None)
        if archive is not None:
            # dpkg-deb makes the folder, but not the one it is in.
            folder.mkdir(parents=True, exist_ok=True)
            ran = run("dpkg-deb", "--extract", str(archive), str(folder))
            if not ran.returncode:
                return
    last = (ran.stderr.strip() or ran.stdout.strip() or "no package came").splitlines()[-1]
    raise Missing(f"{why}: `apt-get download {package}` said: {last}")


def apt_install(packages: list[str], why: str) -> None:
    """Install Debian packages without starting their services. `why` opens the message if that cannot be done."""
    how = f"apt-get install {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise Missing(f"{why}: install what Debian calls `{' '.join(packages)}` with this system's package manager")
    sudo = _sudo()
    if sudo is None:
        raise Missing(f"{why}: run `sudo {how}`, then try again")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say(f"    {how}")
    install = ["install", "-y", "-q", "--no-install-recommends", *packages]

    def apt_get(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*sudo, "apt-get", *words], env=env, capture_output=True, text=True, check=False)

    with _apt, _services_stay_down(sudo):
        ran = apt_get(*install)
        if ran.returncode:
            # The package lists may be old, or were never fetched.
            apt_get("update", "-q")
            ran = apt_get(*install)
        if not ran.returncode:
            return
    last = (ran.stderr.strip() or ran.stdout.strip() or "apt-get failed").splitlines()[-1]
    raise Missing(f"{why}: `{how}` said: {last}")


def _sudo() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


@contextmanager
def _services_stay_down(sudo: list[str]) -> Iterator[None]:
    # Debian starts a service when it installs it, unless /usr/sbin/policy-rc.d exits with 101. The tests
    # start their own; nobody asked for a database that listens on this machine from now on.
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    subprocess.run([*sudo, "tee", str(policy)], input=b"#!/bin/sh\nexit 101\n", stdout=subprocess.DEVNULL, check=True)
    subprocess.run([*sudo, "chmod", "755", str(policy)], check=True)
    try:
        yield
    finally:
        subprocess.run([*sudo, "rm", "-f", str(policy)], check=False)
