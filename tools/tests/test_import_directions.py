"""Product, tests and tools do not import the lab (docs/decisions/283-the-lab.md)."""

from __future__ import annotations

import subprocess

from import_circles import imports_of
from machine import ROOT


def test_nothing_outside_the_lab_imports_it() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = {path: (ROOT / path).read_text() for path in listed.stdout.split() if (ROOT / path).exists()}
    graph = imports_of(files)
    assert any(path.startswith("lab/") for path in graph)
    outside = {path: imported for path, imported in graph.items() if not path.startswith("lab/")}
    assert {path for path, imported in outside.items() if any(each.startswith("lab/") for each in imported)} == set()


def test_the_lab_imports_the_support_of_the_tests() -> None:
    graph = imports_of({"lab/a.py": "from tests.reference import Frame", "server/tests/reference/__init__.py": ""})
    assert graph["lab/a.py"] == {"server/tests/reference/__init__.py"}
