"""From the command `backchannel serve` to the first answer, on a data folder that is there already."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from lab.bench.results import Bench
from lab.bench.servers import LIFTED, NOT_INHERITED, ROOT, free_port, make_world, running

PEOPLE = 1000


def run(bench: Bench) -> None:
    """Start, ask, stop, again."""
    data = Path(tempfile.mkdtemp(prefix="bench-data-"))
    try:
        settings = {**LIFTED, **NOT_INHERITED, "BACKCHANNEL_DATA": str(data)}
        make_world(["--people", str(PEOPLE), "--small", "5x50"], settings)
        _once(settings)
        times = [_once(settings) for _ in range(bench.runs)]
        found = {
            "runs": len(times),
            "seconds": round(median(times), 3),
            "range": [round(min(times), 3), round(max(times), 3)],
        }
        bench.add("backchannel", {**found, "whole": True}, people=PEOPLE)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _once(settings: dict[str, str]) -> float:
    port = free_port()
    began = time.perf_counter()
    argv = [str(ROOT / ".venv" / "bin" / "backchannel"), "serve", "--port", str(port)]
    # `running` looks for the port alone; here what counts is the first answer.
    with running(argv, port, env=settings):
        while time.perf_counter() - began < 60:
            with suppress(OSError):
                urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                return time.perf_counter() - began
            time.sleep(0.005)
    raise subprocess.TimeoutExpired(argv, 60)
