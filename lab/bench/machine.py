"""What this machine is and which versions were measured: written into every result."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from lab.bench.servers import CACHE, ROOT, precedence


@lru_cache
def machine() -> dict[str, str]:
    """Processor, cores, memory, kernel."""
    cpu = re.search(r"model name\s*:\s*(.+)", _text("/proc/cpuinfo"))
    memory = re.search(r"MemTotal:\s*(\d+)", _text("/proc/meminfo"))
    return {
        "processor": cpu.group(1) if cpu else platform.processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{int(memory.group(1)) / 2**20:.0f} GiB" if memory else "unknown",
        "kernel": platform.release(),
        "nice": str(precedence()),
        "virtual": "yes" if "hypervisor" in _text("/proc/cpuinfo") else "no",
    }


@lru_cache
def versions() -> dict[str, str]:
    """Programs and packages, the server's and the peers'."""
    found = {
        "commit": _commit(),
        "python": platform.python_version(),
        "node": said(["node", "--version"]).lstrip("v"),
        "nats-server": said(["nats-server", "--version"]).rpartition(" ")[2].lstrip("v"),
        "redis": _number(said(["redis-server", "--version"])),
        "gcc": said(["gcc", "-dumpfullversion"]),
    }
    for name, python in (("", ROOT / ".venv"), ("peers: ", CACHE / "venv")):
        for line in said(
            [str(python / "bin" / "pip"), "--disable-pip-version-check", "list", "--format=freeze"]
        ).splitlines():
            package, _, version = line.partition("==")
            if package.lower() in PACKAGES:
                found[name + package.lower()] = version
    for package in ("ws", "socket.io"):
        declared = ROOT / "lab" / "bench" / "peers" / "node" / "node_modules" / package / "package.json"
        if version_of := re.search(r'"version": "([^"]+)"', _text(str(declared))):
            found[f"peers: {package}"] = version_of.group(1)
    return {name: value for name, value in found.items() if value}


PACKAGES = (
    "channels", "channels-redis", "django", "django-ninja", "djangorestframework", "gunicorn", "msgspec", "psycopg",
    "python-socketio", "starlette", "uvicorn", "uvloop", "websockets",
)  # fmt: skip


def _commit() -> str:
    """What was measured. Results and pages that changed meanwhile do not count as another server."""
    git = ["git", "-C", str(ROOT)]
    changed = said([*git, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!lab/bench/results", ":!docs"])
    return said([*git, "rev-parse", "--short", "HEAD"]) + ("-dirty" if changed else "")


def said(argv: list[str]) -> str:
    """What a program prints; nothing where it is not there."""
    program = shutil.which(argv[0]) or shutil.which(argv[0], path="/usr/sbin")
    if not program:
        return ""
    ran = subprocess.run([program, *argv[1:]], capture_output=True, text=True, check=False)
    return ran.stdout.strip()


def _number(text: str) -> str:
    found = re.search(r"\d+\.\d+(\.\d+)?", text)
    return found.group(0) if found else ""


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
