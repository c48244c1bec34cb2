"""Refuses words that CONTRIBUTING.md ("Language") bans, in the folders that are free of them.

    python3 tools/words.py           checks the folders of CLEAN; exits 1 and names each line with a banned word
    python3 tools/words.py PATH…     checks these instead: what has to be reworded before a folder can be added to CLEAN

Names count as well as text: an underscore separates words. CLEAN only grows.
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

CLEAN = (
    "ARCHITECTURE.md",
    "README.md",
    "client",
    "lab/autobahn",
    "lab/process_faults",
    "protocol",
    "react",
    "server/backchannel/accounts",
    "server/backchannel/apps.py",
    "server/backchannel/chat",
    "server/backchannel/cli",
    "server/backchannel/commands",
    "server/backchannel/config.py",
    "server/backchannel/failpoints.py",
    "server/backchannel/fanout",
    "server/backchannel/followers",
    "server/backchannel/internal_error.py",
    "server/backchannel/ops",
    "server/backchannel/protocol",
    "server/backchannel/queries",
    "server/backchannel/rules.py",
    "server/backchannel/site",
    "server/backchannel/store",
    "server/backchannel/text_rules",
    "server/backchannel/web",
    "server/tests",
    "web",
)
"""Folders and files, by their path in the repository."""

_SUFFIXES = frozenset({".css", ".js", ".md", ".mjs", ".py", ".ts", ".tsx"})
_WORD = re.compile(rf"(?<![A-Za-z])({'|'.join(BANNED)})(?![A-Za-z])", re.IGNORECASE)


def findings(text: str) -> Iterator[tuple[int, str]]:
    """The number of each line with a banned word, and the word."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in _WORD.finditer(line):
            yield number, found[1]


def tracked(paths: Iterable[str]) -> list[Path]:
    """The text files under these paths that git tracks or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *paths]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in names if Path(name).suffix in _SUFFIXES and (ROOT / name).is_file()]


def main(paths: list[str]) -> int:
    missing = [path for path in paths or CLEAN if not (ROOT / path).exists()]
    for path in missing:
        print(f"{path} does not exist; correct CLEAN in tools/words.py")
    count = 0
    for file in tracked(path for path in paths or CLEAN if path not in missing):
        for number, word in findings(file.read_text()):
            count += 1
            print(f"{file.relative_to(ROOT)}:{number}: {word!r} is banned: {BANNED[word.lower()]}")
    return 1 if count or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
