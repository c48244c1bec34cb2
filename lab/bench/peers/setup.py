"""Brings the peers' own packages: a virtual environment in .cache/bench, node_modules beside the Node peers."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

from lab.bench.servers import CACHE, ROOT, Missing
from machine import environment, node_is_new_enough

BENCH = ROOT / "lab" / "bench"
NODE = BENCH / "peers" / "node"


def python() -> str:
    """The Python that has the peers' packages, made at the first call."""
    home, lock = CACHE / "venv", BENCH / "requirements.lock"
    program = home / "bin" / "python"
    if not _is_done("venv", lock):
        print("    pip install -r lab/bench/requirements.lock", flush=True)
        venv.create(home, with_pip=True, clear=True)
        pip = [str(program), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        _run([*pip, "-r", str(lock)], "pip could not install the peers' packages")
        _done("venv", lock)
    return str(program)


def node_modules() -> None:
    """See to the Node peers' packages."""
    if not node_is_new_enough(environment()):
        raise Missing("the Node peers need Node in PATH")
    lock = NODE / "package-lock.json"
    if not (NODE / "node_modules").is_dir() or not _is_done("node", lock):
        print("    npm ci in lab/bench/peers/node", flush=True)
        _run(["npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit"], "npm could not install the peers", cwd=NODE)
        _done("node", lock)


def _stamp(part: str) -> Path:
    return CACHE / f"{part}.stamp"


def _state(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()


def _is_done(part: str, lock: Path) -> bool:
    return _stamp(part).exists() and _stamp(part).read_text() == _state(lock)


def _done(part: str, lock: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    _stamp(part).write_text(_state(lock))


def _run(argv: list[str], failed: str, cwd: Path = ROOT) -> None:
    ran = subprocess.run(argv, cwd=cwd, env=dict(os.environ), capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Missing(f"{failed}: {(ran.stderr or ran.stdout).strip().splitlines()[-1]}")
