"""What docs/security.md names as evidence is there."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text()
_SOURCES = ("client", "deploy", "docs", "e2e", "lab", "react", "server", "tools", "web")
_MADE = {".venv", "node_modules", "dist", "build", "__pycache__"}
_FILE = r"[\w./*-]*\w\.(?:py|tsx?|mjs|md|conf|css|cfg|json|yaml|toml|service)\b"
_NAMED = re.compile(rf"({_FILE}|Caddyfile|Dockerfile)?(?:::([^|`,;(]+))?")


def files() -> list[str]:
    inside = [path for folder in _SOURCES for path in (ROOT / folder).rglob("*") if not _MADE & set(path.parts)]
    return [path.relative_to(ROOT).as_posix() for path in (*ROOT.iterdir(), *inside) if path.is_file()]


FILES = files()


def found(path: str) -> list[str]:
    """The page shortens paths at their beginning."""
    return [each for each in FILES if each == path or fnmatch(each, f"*/{path}")]


def named() -> list[tuple[str, str]]:
    """Path and test, or nothing. A test without a path is of the file before it in the same row."""
    pairs = []
    for row in PAGE.splitlines():
        path = ""
        for match in _NAMED.finditer(row) if row.startswith("|") else ():
            path = match[1] or path
            if match[0]:
                pairs.append((path, (match[2] or "").removesuffix(" and the following").strip()))
    return pairs


def test_the_page_names_its_evidence() -> None:
    assert sum(bool(test) for _, test in named()) > 90


@pytest.mark.parametrize("path", sorted({path for path, _ in named()}))
def test_every_file_that_the_page_names_exists(path: str) -> None:
    assert found(path)


@pytest.mark.parametrize(("path", "test"), sorted({pair for pair in named() if pair[1]}))
def test_every_test_that_the_page_names_is_in_its_file(path: str, test: str) -> None:
    source = "\n".join((ROOT / each).read_text() for each in found(path))
    if path.endswith(".py"):
        name = re.escape(test).replace(r"\*", r"\w+")
        assert re.search(rf"^\s*(?:async )?def {name}\(", source, re.MULTILINE)
    else:
        assert test in source
