"""What a row measured, kept as `lab/bench/results/<row>.json`, and what the rows are given to measure with."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.bench.machine import machine, versions
from lab.bench.servers import ROOT
from lab.bench.stats import summary

RESULTS = ROOT / "lab" / "bench" / "results"


@dataclass
class Bench:
    """One run of one row. `only`: names of servers, where not all are wanted. Rows add cases; `write` keeps them."""

    row: str
    quick: bool = False
    only: frozenset[str] = frozenset()
    folder: Path = RESULTS
    cases: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """How often each case is measured."""
        return 3 if self.quick else 5

    def wants(self, server: str) -> bool:
        """Whether this server is to be measured."""
        return not self.only or server in self.only

    def case(self, server: str, runs: Sequence[dict[str, Any]], **about: Any) -> dict[str, Any]:
        """Add a case that the load generator measured; its summary."""
        return self.add(server, summary(runs), **about, each=list(runs))

    def add(self, server: str, found: dict[str, Any], *, each: list[Any] | None = None, **about: Any) -> dict[str, Any]:
        """Add a case: what was measured, and what it is about."""
        case = {"server": server, **about, **found}
        self.cases.append({**case, **({"each": each} if each else {})})
        shown = "  ".join(f"{name} {value}" for name, value in case.items() if name not in ("server", "runs"))
        print(f"  {server:24} {shown}", flush=True)
        # At once: what was measured stays measured, whatever happens to the rest of the run.
        self.write()
        return found

    def miss(self, what: str) -> None:
        """Note, in one line, what could not be measured and why."""
        self.missing.append(what)
        print(f"  not measured: {what}", flush=True)

    def write(self) -> Path:
        """Keep the cases. Those of servers that were not measured this time stay from before."""
        path = self.folder / f"{self.row}.json"
        before = json.loads(path.read_text()) if path.exists() and self.only else {"cases": []}
        kept = [case for case in before["cases"] if case["server"] not in self.only]
        commit, now = versions().get("commit", ""), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        found = {
            "row": self.row,
            "quick": self.quick,
            "commit": commit,
            "at": now,
            "machine": machine(),
            "versions": versions(),
            "missing": self.missing,
            "cases": kept + [{**case, "commit": commit} for case in self.cases],
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(_lines(found))
        return path


def _lines(found: dict[str, Any]) -> str:
    """JSON with a line for each member and each case, so that a change can be read."""
    cases = ",\n  ".join(json.dumps(case, ensure_ascii=False) for case in found["cases"])
    members = [f'"{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in found.items() if name != "cases"]
    return "{\n " + ",\n ".join([*members, f'"cases": [\n  {cases}\n ]']) + "\n}\n"


def read(row: str, folder: Path = RESULTS) -> dict[str, Any] | None:
    """What was kept of a row."""
    path = folder / f"{row}.json"
    if not path.exists():
        return None
    kept: dict[str, Any] = json.loads(path.read_text())
    return kept
