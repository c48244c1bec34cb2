import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


Run = Callable[..., Ran]
Start = Callable[..., "subprocess.Popen[str]"]


def clean_environment(extra: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKCHANNEL_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), **extra}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(folder: Path) -> Run:
    """Runs `backchannel` with these arguments on SQLite in `folder`, without a terminal; `said` is its standard input."""

    def go(*arguments: str, said: str = "", **environment: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "backchannel", *arguments],
            env=clean_environment({"BACKCHANNEL_DATA": str(folder), **environment}),
            input=said,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return go


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts `backchannel serve` with these arguments, and kills it afterwards."""
    running: list[subprocess.Popen[str]] = []

    def go(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "backchannel", "serve", "--port", "0", *arguments],
            env=clean_environment({"BACKCHANNEL_DATA": str(folder), **environment}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield go
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()
