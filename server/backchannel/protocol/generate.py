"""Writes the files derived from the declarations, or lists those that are stale.

    python -m backchannel.protocol.generate            writes the files
    python -m backchannel.protocol.generate --check    writes nothing; exits 1 naming the stale files

The only part of the protocol that uses the disk. It runs in a checkout, never in the server.
"""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from backchannel.protocol import asyncapi, json_schema, openapi, typescript

ROOT: Final = Path(__file__).resolve().parents[3]


def _json(document: Callable[[], dict[str, Any]]) -> Callable[[], str]:
    return lambda: json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


FILES: Final[dict[str, Callable[[], str]]] = {
    "protocol/schema.json": _json(json_schema.document),
    "protocol/openapi.json": _json(openapi.document),
    "protocol/asyncapi.json": _json(asyncapi.document),
    "client/src/protocol.gen.ts": typescript.text,
    "web/src/features/fleet/answers.gen.ts": typescript.fleet_text,
}


def stale_files(root: Path) -> list[str]:
    """The generated files that are missing or out of date, by their path in the repository."""
    return [name for name, text in FILES.items() if not _same(root / name, text())]


def write(names: Iterable[str], root: Path) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name](), encoding="utf-8")


def main(arguments: list[str], root: Path = ROOT) -> int:
    if arguments not in ([], ["--check"]):
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    stale = stale_files(root)
    if not arguments:
        write(stale, root)
        print("\n".join(f"written: {name}" for name in stale) or "all fresh")
        return 0
    for name in stale:
        print(f"stale: {name} (run `make generate`)", file=sys.stderr)
    return 1 if stale else 0


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
