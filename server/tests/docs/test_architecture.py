"""The pages that walk through the tree name places that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NAMED = re.compile(r"`((?:server|client|react|web|protocol|docs|e2e|deploy|tools)/[\w./-]*)`|\]\(([\w./-]+)\)")


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/reliability.md"])
def test_every_path_a_page_names_exists(document: str) -> None:
    page = ROOT / document
    named = [(ROOT, path) if path else (page.parent, link) for path, link in NAMED.findall(page.read_text("utf-8"))]
    assert not sorted({name for folder, name in named if not (folder / name).exists()})
