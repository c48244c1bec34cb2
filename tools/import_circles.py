"""Finds modules of the repository that import each other, directly or through others.

    python3 tools/import_circles.py

Imports under `TYPE_CHECKING` and inside functions count: two files that need each other's types are one module. TypeScript has
`import/no-cycle` of oxlint for the same.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPORT_ROOTS = ("server/", "tools/", "")
"""Folders from which programs of the repository import."""

Graph = Mapping[str, frozenset[str]]
"""Each file with the files it imports."""


def imports_of(files: Mapping[str, str]) -> Graph:
    """`files`: path → source."""
    modules = {name: path for path in files for name in _module_names(path)}
    return {
        path: frozenset(modules[name] for name in _imported(path, source, modules)) - {path}
        for path, source in files.items()
    }


def find_circle(graph: Graph) -> Sequence[str]:
    """One circle, its first file repeated at the end; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle[::-1]
    return ()


def _module_names(path: str) -> Iterator[str]:
    for root in IMPORT_ROOTS:
        if path.startswith(root):
            name = path.removeprefix(root).removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            if name != "__init__":
                yield name


def _imported(path: str, source: str, modules: Mapping[str, str]) -> Iterator[str]:
    """The names of `modules` that `source` imports. `from a import b` is an import of a.b if that is a module, else of a."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            package = node.module or ""
            if node.level:
                folder = Path(path).parents[node.level - 1]
                package = ".".join(filter(None, (*folder.parts, node.module)))
            for alias in node.names:
                submodule = f"{package}.{alias.name}"
                if submodule in modules:
                    yield submodule
                elif package in modules:
                    yield package


def main() -> int:
    """Print a circle and return 1, or 0."""
    tracked = subprocess.run(["git", "ls-files", "-z", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True)
    files = {path: (ROOT / path).read_text() for path in tracked.stdout.split("\0") if path and (ROOT / path).exists()}
    circle = find_circle(imports_of(files))
    if circle:
        print("These files import each other:\n  " + "\n  imports ".join(circle))
        return 1
    print(f"{len(files)} files, no import circle")
    return 0


if __name__ == "__main__":
    sys.exit(main())
