"""Write what is derived from the declarations, or tell what is stale.

    python -m backchannel.protocol.generate            writes the files
    python -m backchannel.protocol.generate --check    writes nothing; exits 1 naming the stale files

The only part of the protocol that touches the disk. It runs in a checkout, never in the server.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from backchannel.protocol import typescript

ROOT: Final = Path(__file__).resolve().parents[3]

FILES: Final[dict[str, Callable[[], str]]] = {
    "client/src/protocol.gen.ts": typescript.text,
}


def stale_files(root: Path = ROOT) -> list[str]:
    """The generated files that are missing or differ from what would be written, by their path in the repository."""
    return [name for name, text in FILES.items() if not _same(root / name, text())]


def write(names: Iterable[str], root: Path = ROOT) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name](), encoding="utf-8")


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    stale = stale_files()
    if not arguments:
        write(stale)
        print("\n".join(f"written: {name}" for name in stale) or "all fresh")
        return 0
    for name in stale:
        print(f"stale: {name} (run `make generate`)", file=sys.stderr)
    return 1 if stale else 0


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
