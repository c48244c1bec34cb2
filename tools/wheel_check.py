"""Builds the sdist and the wheel and checks that their installation has the app, with or without Node.

    python tools/wheel_check.py

The web app must be built already (`make web`); that the hook builds it itself is tested in tools/tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from machine import ROOT, say

DIST = "backchannel/web/dist/"
# The page loads the theme, the app, its stylesheet; anything below this is a broken build.
FEWEST_ASSETS = 6


def build(kind: str, source: Path, target: Path, env: dict[str, str]) -> Path:
    """Build one distribution without build isolation and return its file."""
    target.mkdir()
    argv = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    subprocess.run(argv, cwd=source, env=env, check=True, stdout=subprocess.DEVNULL)
    (built,) = target.iterdir()
    return built


def assets_lacking(names: set[str], manifest: str) -> list[str]:
    """Files that the app's manifest names, and the service worker, where the distribution does not hold them."""
    wanted = {"manifest.json", "sw.js"}
    for chunk in json.loads(manifest).values():
        wanted |= {chunk["file"], *chunk.get("css", ()), *chunk.get("assets", ())}
    return sorted(name for name in wanted if DIST + name not in names)


def problems(wheel: Path) -> list[str]:
    """What is wrong with the wheel, one line each."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        if DIST + "manifest.json" not in names:
            return [f"{wheel.name} holds no {DIST}manifest.json"]
        manifest = archive.read(DIST + "manifest.json").decode()
    found = [f"{wheel.name} lacks {DIST}{name}" for name in assets_lacking(names, manifest)]
    held = sum(name.startswith(DIST + "assets/") for name in names)
    if held < FEWEST_ASSETS:
        found.append(f"{wheel.name} holds {held} assets of the app, fewer than {FEWEST_ASSETS}")
    found += [f"{wheel.name} lacks {name}" for name in ("backchannel/py.typed",) if name not in names]
    if not any(name.endswith("licenses/LICENSE") for name in names):
        found.append(f"{wheel.name} lacks the licence")
    found += [f"{wheel.name} holds {name}" for name in sorted(names) if "/tests/" in name or "node_modules" in name]
    return found


def runs(wheel: Path, folder: Path) -> list[str]:
    """Install the wheel alone and run `backchannel --version` outside the checkout."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(folder), str(wheel)], check=True)
    env = {**os.environ, "PYTHONPATH": str(folder), "BACKCHANNEL_DATA": str(folder / "data")}
    ran = subprocess.run(
        [sys.executable, "-m", "backchannel", "--version"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    version = wheel.name.split("-")[1]
    if ran.returncode or version not in ran.stdout:
        return [
            f"installed from the wheel, `python -m backchannel --version` said: {(ran.stdout + ran.stderr).strip()}"
        ]
    return []


def main() -> int:
    """Return 1 if a distribution has a problem, else 0."""
    nodeless = {**os.environ, "PATH": "/nonexistent"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build("wheel", ROOT, folder / "wheel", dict(os.environ))
        sdist = build("sdist", ROOT, folder / "sdist", dict(os.environ))
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        second = build("wheel", folder / sdist.name.removesuffix(".tar.gz"), folder / "again", nodeless)
        found = problems(wheel) or runs(wheel, folder / "installed")
        found += [f"built from the sdist: {line}" for line in problems(second)]
        for line in found:
            say(f"error: {line}")
        if not found:
            say(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, the app is in it; so it is from the sdist")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
