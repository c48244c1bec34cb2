"""Refuses files over 300 lines that do not say why (CONTRIBUTING.md, "What a change brings").

    python3 tools/lengths.py      exits 1 and names each such file

The reason is a sentence with the words "300 lines" in the file's head. Tests are exempt, since a list of cases may be long; so are
generated files.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LINES = 300
HEAD = 40
"""Lines of a file in which the reason must be."""

_SUFFIXES = frozenset({".c", ".h", ".js", ".mjs", ".py", ".ts", ".tsx"})
_EXEMPT = re.compile(r"(^|/)tests?/|(^|/)test_\w+\.py$|^e2e/|\.gen\.ts$")
_REASON = re.compile(rf"\b{LINES} lines\b")


def says_why(text: str) -> bool:
    """Whether a file with this text is short enough, or has a reason in its head."""
    lines = text.splitlines()
    return len(lines) <= LINES or _REASON.search("\n".join(lines[:HEAD])) is not None


def tracked() -> Iterator[str]:
    """The program files that git tracks or would add, by their path in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return (name for name in names if Path(name).suffix in _SUFFIXES and not _EXEMPT.search(name))


def main() -> int:
    silent = [name for name in tracked() if (ROOT / name).is_file() and not says_why((ROOT / name).read_text())]
    for name in silent:
        print(f'{name} has over {LINES} lines: split it, or say why in its head ("Longer than {LINES} lines: …")')
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
