"""Runs the tests that depend on Django and Python most, in another pair of both than the checkout's own.

    python3 tools/lanes.py 6.1 3.13 [pytest's arguments]

The environment is made once, in `.cache/lanes/`, from `server/requirements-dev.lock`, in which `server/requirements-django-6.1.lock`
replaces Django. Where this machine has no such Python, it says so and ends with 0: the lane cannot be had here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import machine
import prepare
from machine import ROOT, Missing, say

FOLDERS = ("embedding", "accounts", "commands", "site")
"""Below server/tests: what speaks to Django's users, sessions, forms, admin pages and commands."""
LANES = (("5.2", "3.12"), ("6.0", "3.12"), ("6.1", "3.13"), ("6.1", "3.14"))
"""Django and Python. The checkout's own pair is the main lane, with all tests."""
OWN_DJANGO = "5.2"
"""Of the checkout, which all locks hold."""


def requirements(dev_lock: str, django_lock: str) -> str:
    """The first lock, with the packages of the second in its versions."""
    own = _blocks(django_lock)
    kept = [block for name, block in _blocks(dev_lock).items() if name not in own]
    return "".join([*kept, *own.values()])


def _blocks(lock: str) -> dict[str, str]:
    """Package → its lines."""
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)
    return {re.split(r"[\[=]", block, maxsplit=1)[0]: block for block in blocks if "==" in block}


def prepare_lane(django: str, python: str) -> Path | None:
    """The Python of the lane's environment, which is made if it is not there; None if this machine has no such Python. Raises `Missing`."""
    interpreter = machine.find_python(python)
    if interpreter is None:
        return None
    home = ROOT / ".cache" / "lanes" / f"django-{django}-python-{python}"
    wanted = (ROOT / "server/requirements-dev.lock").read_text()
    own = ROOT / "server" / f"requirements-django-{django}.lock"
    if own.exists():  # not for the version that all locks hold
        wanted = requirements(wanted, own.read_text())
    stamp, lock = home / "installed.txt", home / "requirements.txt"
    if not (stamp.exists() and stamp.read_text() == wanted):
        say(f"    making {home.relative_to(ROOT)}")
        prepare.run([interpreter, "-m", "venv", "--clear", str(home)], f"python{python} can make no environment")
        lock.write_text(wanted)
        pip = [str(home / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile"]
        prepare.run([*pip, "--require-hashes", "-r", str(lock)], "pip could not install the lane: see above")
        stamp.write_text(wanted)
    return home / "bin" / "python"


def main(argv: list[str]) -> int:
    """The exit status of pytest."""
    django, version, *words = argv
    try:
        python = prepare_lane(django, version)
    except Missing as missing:
        say(f"error: {missing}")
        return 1
    if python is None:
        say(f"not run: this machine has no Python {version}")
        return 0
    folders = [f"server/tests/{name}" for name in FOLDERS]
    path = os.pathsep.join((str(python.parent), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "server")}
    command = [str(python), "-m", "pytest", *folders, *(words or ("-q", "-n", "2", "--dist", "loadfile"))]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
