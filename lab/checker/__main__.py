"""`python -m lab.checker FILE…`: check each history; exit 1 where anything is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lab.checker.checks import check


def main(paths: list[str]) -> int:
    """Check each file; 1 where anything is wrong."""
    wrong = 0
    for path in paths:
        with Path(path).open(encoding="utf-8") as lines:
            found = check(json.loads(line) for line in lines)
        for anomaly in found:
            print(f"{path}: {anomaly}")
        wrong += bool(found)
        if not found:
            print(f"{path}: as promised")
    return 1 if wrong or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
