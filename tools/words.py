"""Refuses words that CONTRIBUTING.md ("Language") bans.

    python3 tools/words.py           checks the repository without EXEMPT; exits 1 and names each line with a banned word
    python3 tools/words.py PATH…     checks these paths, exempt or not

Names count as well as text: an underscore separates words.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

BANNED = {
    "told": "sent, reported, announced, logged",
    "telling": "sending, reporting",
    "heard": "received",
    "hears": "receives",
    "whoever": "name the person: the caller, the operator, a member",
    "anew": "again",
    "seldom": "rarely",
    "settle": "name the state: resolve, wait until idle, deliver",
    "settles": "resolves",
    "settled": "resolved",
    "settling": "resolving",
}
"""Word → what to write instead."""

EXEMPT = {
    "CONTRIBUTING.md": "lists the words",
    "tools/tests/test_words.py": "has examples of the words",
    "tools/words.py": "lists the words",
}
"""Path in the repository → why its words are not checked. Only shrinks."""

_SUFFIXES = frozenset({".css", ".js", ".md", ".mjs", ".py", ".ts", ".tsx"})
_WORD = re.compile(rf"(?<![A-Za-z])({'|'.join(BANNED)})(?![A-Za-z])", re.IGNORECASE)


def findings(text: str) -> Iterator[tuple[int, str]]:
    """The number of each line with a banned word, and the word."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in _WORD.finditer(line):
            yield number, found[1]


def tracked(paths: Iterable[str]) -> Iterator[str]:
    """The text files under these paths that git tracks or would add, by their path in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *paths]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return (name for name in names if Path(name).suffix in _SUFFIXES and (ROOT / name).is_file())


def is_exempt(name: str) -> bool:
    return any(name == path or name.startswith(f"{path}/") for path in EXEMPT)


def main(paths: list[str]) -> int:
    missing = [path for path in paths or EXEMPT if not (ROOT / path).exists()]
    for path in missing:
        print(f"{path} does not exist" if paths else f"{path} does not exist; correct EXEMPT in tools/words.py")
    count = 0
    for name in tracked(path for path in paths or ["."] if path not in missing):
        if not paths and is_exempt(name):
            continue
        for number, word in findings((ROOT / name).read_text()):
            count += 1
            print(f"{name}:{number}: {word!r} is banned: {BANNED[word.lower()]}")
    return 1 if count or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
