"""Compiles the benchmark's own C programs, once for each change of their sources."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from lab.bench.servers import CACHE, Missing


def compiled(name: str, folder: Path) -> Path:
    """The program made of the C files in `folder`."""
    program = CACHE / name
    sources = sorted(folder.glob("*.[ch]"))
    if program.exists() and program.stat().st_mtime > max(source.stat().st_mtime for source in sources):
        return program
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise Missing("the benchmark's C programs need a compiler: apt-get install gcc libc6-dev")
    CACHE.mkdir(parents=True, exist_ok=True)
    argv = [compiler, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(program)]
    ran = subprocess.run(
        [*argv, *(str(source) for source in sources if source.suffix == ".c")],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise Missing(f"{folder.name} could not be compiled:\n{ran.stderr}")
    return program
