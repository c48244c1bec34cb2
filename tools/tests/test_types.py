"""mypy reads every Python file, except those in folders listed here with the reason."""

import subprocess
import tomllib

import steps
from machine import ROOT

# docs/decisions/254-which-folders-mypy-reads.md
NOT_READ = {
    "examples/": "sites of their own, without annotations, as most sites are; their settings would be in the way of each other",
    "lab/bench/peers/python/": "run in an environment of their own, whose packages are not installed here",
}
READ = ("server/backchannel/", "server/tests/", "tools/", "hatch_build.py", "e2e/", "lab/")


def test_mypy_reads_every_python_file_or_its_folder_is_listed() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = listed.stdout.split()
    assert [file for file in files if not file.startswith((*READ, *NOT_READ))] == []
    assert [prefix for prefix in NOT_READ if not any(file.startswith(prefix) for file in files)] == []


def test_mypy_is_strict_and_run_over_these_folders() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert config["strict"]
    assert config["packages"] == ["backchannel", "tests"]
    commands = [step.argv for step in steps.CHECKS if step.argv[0] == "mypy"]
    assert [command[-4:] for command in commands] == [("mypy",), ("tools", "hatch_build.py", "e2e", "lab")]
