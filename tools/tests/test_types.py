"""Every Python file is read by mypy, or stands in a folder that is listed with the reason why not."""

import subprocess
import tomllib

import steps
from machine import ROOT

# docs/decisions/254-which-folders-mypy-reads.md
NOT_READ = {
    "server/tests/": "fixtures without annotations; pytest runs every line of it",
    "lab/autobahn/": "as server/tests",
    "lab/bench/": "measures, and proves nothing; its tests run with the server's",
    "lab/process_faults/": "as server/tests",
    "lab/simulation/": "as server/tests",
}
READ = ("server/backchannel/", "tools/", "hatch_build.py", "e2e/", "lab/__init__.py", *steps.LAB_READ_BY_MYPY)


def test_every_python_file_is_read_by_mypy_or_listed() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = listed.stdout.split()
    assert [file for file in files if not file.startswith((*READ, *NOT_READ))] == []
    assert [prefix for prefix in NOT_READ if not any(file.startswith(prefix) for file in files)] == []


def test_mypy_is_strict_and_reads_what_it_is_said_to() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert config["strict"]
    assert config["packages"] == ["backchannel"]
    commands = [step.argv for step in steps.CHECKS if step.argv[0] == "mypy"]
    assert [command[-3 - len(steps.LAB_READ_BY_MYPY) :] for command in commands] == [
        ("mypy",),
        ("tools", "hatch_build.py", "e2e", *steps.LAB_READ_BY_MYPY),
    ]
