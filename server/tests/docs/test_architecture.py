"""The pages that walk through the tree name places that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NAMED = re.compile(r"`((?:server|client|react|web|protocol|docs|e2e|deploy|tools)/[\w./-]*)`|\]\(([\w./-]+)\)")


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/reliability.md"])
def test_every_path_a_page_names_exists(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    named = {first or second for first, second in NAMED.findall(text)}
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]
