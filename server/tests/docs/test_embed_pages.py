"""Each block of code of the pages on embedding is code that a test runs: a marked part of an example, or a step of the quickstart."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = tuple(sorted(path.stem for path in (ROOT / "docs" / "embed").glob("*.md")))
BLOCK = re.compile(r"(?:<!-- (?P<source>[^>\n]*) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)```\n", re.DOTALL)
QUOTED = re.compile(r"(\S+) \[([\w-]+)\]")
STEP = re.compile(r"run|serve|(?:append|write) \S+")
"""What `e2e/packages/test_quickstart.py` does with a block."""


def page(name: str) -> str:
    return (ROOT / "docs" / "embed" / f"{name}.md").read_text()


def region(path: str, name: str) -> str:
    """The part of an example between its markers."""
    marked = re.findall(
        rf"^(?:#|//) --8<-- \[start:{name}\]\n(.*?)^(?:#|//) --8<-- \[end:{name}\]$",
        (ROOT / path).read_text(),
        re.DOTALL | re.MULTILINE,
    )
    assert len(marked) == 1, f"{path} has {len(marked)} parts {name}"
    return str(marked[0]).strip() + "\n"


@pytest.mark.parametrize("name", PAGES)
def test_a_block_of_code_is_what_an_example_runs(name: str) -> None:
    for block in BLOCK.finditer(page(name)):
        source = block["source"] or ""
        is_output = block["language"] == "text"
        if is_output or (name == "quickstart" and STEP.fullmatch(source)):
            continue
        quoted = QUOTED.fullmatch(source)
        assert quoted, f"no example is named before:\n{block['code']}"
        assert block["code"] == region(quoted[1], quoted[2]), f"{source} is another in {name}.md"


def test_a_part_that_an_example_marks_is_shown() -> None:
    marked = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / "examples").rglob("*")
        if path.suffix in {".py", ".ts", ".tsx"} and not {"node_modules", ".venv", "dist"} & set(path.parts)
        for name in re.findall(r"--8<-- \[start:([\w-]+)\]", path.read_text())
    }
    shown = {
        (quoted[1], quoted[2])
        for name in PAGES
        for block in BLOCK.finditer(page(name))
        if (quoted := QUOTED.fullmatch(block["source"] or ""))
    }
    assert marked == shown


@pytest.mark.parametrize(
    "path", [*sorted((ROOT / "docs" / "embed").glob("*.md")), ROOT / "docs" / "stability.md"], ids=lambda p: p.stem
)
def test_every_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if "://" in link:
            continue
        file, _, heading = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not heading or heading in headings(target.read_text()), link


def headings(page: str) -> set[str]:
    """As a code host names them in links."""
    return {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }


def test_every_python_name_that_is_public_exists() -> None:
    (row,) = [
        line for line in (ROOT / "docs" / "stability.md").read_text().splitlines() if line.startswith("| Python |")
    ]
    modules = (
        "backchannel.api",
        "backchannel.embed",
        "backchannel.people",
        "backchannel.policy",
        "backchannel.auth",
        "backchannel.testing",
    )
    named = re.findall(r"`([\w.]+)`", row)
    for name in named:
        module, _, attribute = name.rpartition(".")
        if name in modules:
            importlib.import_module(name)
        elif name.startswith("backchannel."):
            assert hasattr(importlib.import_module(module), attribute), name
        elif name != "__all__":
            assert hasattr(importlib.import_module("backchannel.testing"), name), name
    assert len(named) > 8
