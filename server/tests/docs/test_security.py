"""What docs/security.md names as evidence is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text()


def test_every_whole_path_that_the_page_names_exists() -> None:
    named = set(re.findall(r"\b((?:server|web|client|e2e|tools|deploy|docs)/[\w./-]+\.(?:py|tsx?|md|conf|cfg))", PAGE))
    assert len(named) > 40
    roots = (ROOT, ROOT / "server" / "backchannel", ROOT / "server" / "tests")
    assert sorted(path for path in named if not any((root / path).exists() for root in roots)) == []


def test_every_test_that_the_page_names_exists() -> None:
    sources = "\n".join(
        path.read_text()
        for folder in ("server/tests", "e2e", "tools/tests")
        for path in (ROOT / folder).rglob("test_*.py")
    )
    named = set(re.findall(r"::(test_\w+)", PAGE))
    assert len(named) > 40
    assert sorted(name for name in named if f"def {name}" not in sources) == []
