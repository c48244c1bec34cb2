"""Checks that the generated files are what `make generate` would write now.

It generates in place and puts back what was there, so that a check changes nothing.
"""

from __future__ import annotations

import subprocess
import sys

from machine import ROOT, say

GENERATED = ("protocol/schema.json", "protocol/openapi.json", "protocol/asyncapi.json", "client/src/protocol.gen.ts")


def main() -> int:
    """Return 1 if a file is stale or missing."""
    before = {name: path.read_bytes() for name in GENERATED if (path := ROOT / name).exists()}
    try:
        code = subprocess.run([sys.executable, "-m", "backchannel.protocol.generate"], cwd=ROOT, check=False).returncode
        stale = [name for name in GENERATED if _now(name) != before.get(name) or name not in before]
    finally:
        for name in GENERATED:
            if name in before and _now(name) != before[name]:
                (ROOT / name).write_bytes(before[name])
    if code == 0 and stale:
        say(f"error: not what the declarations say: {', '.join(stale)}. Run `make generate` and commit the result.")
    return 1 if code or stale else 0


def _now(name: str) -> bytes | None:
    path = ROOT / name
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
