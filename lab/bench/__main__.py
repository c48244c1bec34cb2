"""Measures the rows named, all by default, and writes what was found.

    python -m lab.bench [--quick] [--servers a,b] [--page] [ROW…]

`--servers` measures these alone and keeps the others' earlier figures. `--page` measures nothing and writes
docs/performance.md and docs/capacity.md from what is kept.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module

from lab.bench.results import Bench
from lab.bench.rows import QUICK, ROWS
from lab.bench.servers import ROOT, Missing


def main(argv: list[str]) -> int:
    """The command line that the module's docstring shows."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure the server and its peers.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--servers", default="", help="these alone, by name, with commas between")
    parser.add_argument("--page", action="store_true", help="only write the pages again")
    parser.add_argument("rows", nargs="*", help=f"some of: {', '.join(ROWS)}")
    options = parser.parse_args(argv)
    if unknown := set(options.rows) - set(ROWS):
        print(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
        return 2
    only = frozenset(name for name in options.servers.split(",") if name)
    failed = (
        False if options.page else _measure(options.rows or list(QUICK if options.quick else ROWS), options.quick, only)
    )
    if options.page or not options.rows:
        from lab.bench import capacity, page

        page.write()
        capacity.write()
    return 1 if failed else 0


def _measure(rows: list[str], quick: bool, only: frozenset[str]) -> bool:
    failed = False
    for name in rows:
        began = time.monotonic()
        print(f"\n=== {name}", flush=True)
        bench = Bench(name, quick, only)
        try:
            module = import_module(ROWS[name])
        except ModuleNotFoundError:
            print(f"  not measured: {ROWS[name]} is not there")
            continue
        try:
            module.run(bench)
        except Missing as missing:
            bench.miss(str(missing))
            failed = True
        if bench.cases:
            print(f"  {bench.write().relative_to(ROOT)} after {time.monotonic() - began:.0f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
