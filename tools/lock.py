"""Writes the lock files, or checks those that are there.

    python tools/lock.py [--upgrade]     lock what pyproject.toml asks for, and complete package-lock.json
    python tools/lock.py --check         no network: no lock names a host, every pin has a hash, nothing is left out

The locks pin every version with its hashes and name no registry, so that they serve behind any mirror. They hold
for every Python and system at once. uv writes them; it lives in a virtual environment of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import venv

import lock_npm
from machine import ROOT, say

UV = "uv==0.13.9"
HOST = re.compile(r"https?://[^\s\"']+")
STANDALONE = ("standalone", "postgres", "redis")
"""The extras of the standalone server."""
# The server runs on Django's LTS; the range in pyproject.toml lets a site bring Django 6.
_LTS = ["-c", "server/requirements-django-5.2.in"]
_PROJECT = ["pyproject.toml", *(word for extra in STANDALONE for word in ("--extra", extra)), *_LTS]
LOCKS = {
    "server/requirements.lock": _PROJECT,
    "server/requirements-dev.lock": [*_PROJECT, "--extra", "s3", "--group", "dev", "-c", "server/requirements.lock"],
    # For the lanes (tools/lanes.py). Django 6 needs Python 3.12.
    **{
        f"server/requirements-django-{version}.lock": [
            f"server/requirements-django-{version}.in",
            "--python-version",
            "3.12",
        ]
        for version in ("6.0", "6.1")
    },
    "tools/requirements-node.lock": ["tools/requirements-node.in"],
    "lab/bench/requirements.lock": ["lab/bench/requirements.in", "-c", "server/requirements.lock"],
}


def lock(upgrade: bool) -> None:
    """Write every lock."""
    home = ROOT / ".cache" / "uv-venv"
    if not (home / "bin" / "uv").exists():
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "pip", "install", "-q", UV], check=True)
    for path, sources in LOCKS.items():
        say(f"    {path}")
        options = ["--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet"]
        more = ["--upgrade"] if upgrade else []
        subprocess.run(
            [home / "bin" / "uv", "pip", "compile", *sources, *options, *more, "-o", path],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    lock_npm.complete()


def problems() -> list[str]:
    """What is wrong with the locks, one line each."""
    lacking = lock_npm.absent(json.loads(lock_npm.LOCK.read_text()))
    found = [f"package-lock.json lacks {name}: run `make lock UPGRADE=0`" for name in lacking]
    for name in ("package-lock.json", "lab/bench/peers/node/package-lock.json"):
        lock = json.loads((ROOT / name).read_text())
        found += [
            f"{name} has no hash for {package}: run `make lock UPGRADE=0`"
            for package in lock_npm.unhashed(lock).values()
        ]
    for name in (
        *LOCKS,
        "package-lock.json",
        "lab/bench/peers/node/package-lock.json",
        "e2e/packages/site/package-lock.json",
        ".npmrc",
    ):
        text = (ROOT / name).read_text()
        for line in text.splitlines():
            host = HOST.search(line)
            # package-lock.json repeats where each author takes donations; that is no address to download from.
            if host and not line.strip().startswith(('"url":', '"https://')):
                found.append(f"{name} names a host: {host.group()}")
        pins = re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        if name in LOCKS:
            blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
            found += [f"{name} has no hash for {b.split()[0]}" for b in blocks if "==" in b and "--hash=" not in b]
            found += [f"{name} lacks {wanted}" for wanted in _wanted(name) if wanted not in pins]
    return found


def _wanted(name: str) -> list[str]:
    if not name.startswith("server") or "django" in name:
        return []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *(project["dependency-groups"]["dev"] if "dev" in name else ())]
    for extra in STANDALONE:
        wanted = project["project"]["optional-dependencies"][extra]
        asked += [text for text in wanted if not text.startswith(project["project"]["name"])]
    return [re.split(r"[^A-Za-z0-9._-]", text)[0].lower() for text in asked]


def main(argv: list[str]) -> int:
    """The command line that the module's docstring shows."""
    if argv != ["--check"]:
        lock(upgrade="--upgrade" in argv)
    found = problems()
    for line in found:
        say(f"error: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
