"""Writes the generated parts of docs/performance.md, and its pictures, from the kept results.

The page is written by hand but for what stands between `<!-- made: name -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
from typing import Any

from lab.bench import plots, scaling, tables
from lab.bench.results import read
from lab.bench.rows import ROWS
from lab.bench.servers import ROOT

PAGE = ROOT / "docs" / "performance.md"
IMAGES = ROOT / "docs" / "images"
PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

PARTS = {
    part.__name__: part
    for part in (
        tables.goals, tables.machine, tables.fanout, tables.even, tables.sends, tables.http, tables.polls,
        tables.memory, tables.start, tables.original, tables.growth, scaling.workers, tables.storm, tables.reads, tables.search,
        tables.browser, tables.files,
        tables.missing,
    )
}  # fmt: skip


def fill(page: str, results: dict[str, Any]) -> str:
    """The page with its generated parts replaced."""

    def made(match: re.Match[str]) -> str:
        return f"{match[1]}\n{PARTS[match[2]](results)}\n\n{match[3]}"

    return PART.sub(made, page)


def write() -> None:
    """Write the page and the pictures."""
    results = {row: read(row) for row in ROWS}
    PAGE.write_text(fill(PAGE.read_text(), results))
    IMAGES.mkdir(exist_ok=True)
    for name, picture in plots.pictures(results).items():
        (IMAGES / f"bench-{name}.svg").write_text(picture)
    print(f"\n{PAGE}")
