"""Runs the steps that prove a checkout, under headings, and sums them up.

    python3 tools/steps.py test|check|test-server|test-client|e2e|simulate|faults|zoo|mutants|wheel-check|generate-check

Every step runs even if an earlier one failed, so that one run tells all; a step whose set-up failed does not.
The exit code is 0 only if every step passed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field

import machine
import prepare
from machine import ROOT, Missing, say


@dataclass(frozen=True)
class Step:
    """One program to run: `needs` are parts that `prepare.py` sets up, `env` is added to the environment."""

    title: str
    argv: tuple[str, ...]
    needs: tuple[str, ...] = ("venv-dev",)
    env: dict[str, str] = field(default_factory=dict)


def _python(title: str, *words: str, **options: object) -> Step:
    return Step(title, ("python", *words), **options)


def _node(title: str, *words: str) -> Step:
    return Step(title, words, needs=("node",))


# The settings keep a secret key in the data folder; a check leaves nothing in a person's own.
SCRATCH = {"BACKCHANNEL_DATA": str(ROOT / ".cache" / "data")}

SERVER_CHECKS = (
    _python("lock files name no registry and match", "tools/lock.py", "--check"),
    Step("ruff check", ("ruff", "check", ".")),
    Step("ruff format", ("ruff", "format", "--check", ".")),
    Step("mypy", ("mypy",), env=SCRATCH),
    Step("import-linter", ("lint-imports", "--no-logo", "--cache-dir", ".cache/import-linter")),
    _python("generated files are fresh", "-m", "backchannel.protocol.generate", "--check"),
)
CLIENT_CHECKS = (
    *(
        _node(f"tsc {name}", "tsc", "-p", name)
        for name in ("client", "react", "web", "e2e/node", "e2e/nemesis", "bench/browser")
    ),
    _node("oxlint", "oxlint", "--type-aware", "--deny-warnings"),
    _node("biome format", "biome", "format", "--log-level=error", "--diagnostic-level=error"),
    _node("knip", "knip", "--no-progress"),
    Step("size of the client library", ("node", "tools/size-client.mjs"), needs=("node",)),
    Step("size of the app's first load", ("node", "web/size.mjs"), needs=("node", "web")),
)
# The tests start with a database URL or without; Redis is there both times.
SQLITE = _python(
    "pytest on SQLite",
    "tools/services.py",
    "run",
    "--only",
    "redis",
    "--",
    "pytest",
    needs=("venv-dev", "services", "compiler"),
)
# These use no database, or the SQLite file of a server of their own: a second run would only repeat the first.
SAME_ON_BOTH = ("cli/test_cli.py", "cli/test_serve.py", "deploy", "docs", "protocol", "runner")
POSTGRES = _python(
    "pytest on PostgreSQL",
    *("tools/services.py", "run", "--", "pytest", "server/tests"),
    *(f"--ignore=server/tests/{name}" for name in SAME_ON_BOTH),
    needs=("venv-dev", "services"),
    env={"BACKCHANNEL_TEST_DATABASE": "postgres"},
)
VITEST = Step("vitest", ("vitest", "run"), needs=("node", "chromium"))
E2E = _python(
    "end to end in Chromium", "-m", "pytest", "e2e", needs=("venv-dev", "web", "chromium", "proxies", "services")
)
SIMULATED = {"PYTHONPATH": os.pathsep.join((str(ROOT / "server"), str(ROOT / "tools")))}
SIMULATION = (
    _python(
        "worlds from seeds", "-m", "tests.simulation", "--seeds", os.environ.get("SEEDS", "0:10000"), env=SIMULATED
    ),
    _python("breakages are noticed", "-m", "tests.simulation.mutants", env=SIMULATED),
)
NEMESIS = _python(
    "random faults against real processes",
    *("-m", "nemesis", *(os.environ.get("NEMESIS", "").split() or ["--short"])),
    needs=("venv-dev", "node", "web", "services", "chromium"),
    env={"PYTHONPATH": os.pathsep.join((str(ROOT / "e2e"), str(ROOT / "tools")))},
)
WHEEL = _python("the wheel holds the app", "tools/wheel_check.py", needs=("venv-dev", "web"))
MUTANTS = _python(
    "breakages where no world reaches are noticed", "tools/mutants.py", needs=("venv-dev", "node", "services")
)
ZOO = _python("proxy zoo", "-m", "zoo", needs=("venv-dev", "node", "proxies"), env={"PYTHONPATH": str(ROOT / "e2e")})

GROUPS: dict[str, tuple[Step, ...]] = {
    "check": (*SERVER_CHECKS, *CLIENT_CHECKS),
    "generate-check": SERVER_CHECKS[-1:],
    "test-sqlite": (SQLITE,),
    "test-postgres": (POSTGRES,),
    "test-server": (SQLITE, POSTGRES),
    "test-client": (VITEST,),
    "e2e": (E2E,),
    "simulate": SIMULATION,
    "faults": (NEMESIS,),
    "zoo": (ZOO,),
    "mutants": (MUTANTS,),
    "wheel-check": (WHEEL,),
    "test": (*SERVER_CHECKS, *CLIENT_CHECKS, SQLITE, POSTGRES, *SIMULATION, MUTANTS, VITEST, E2E, NEMESIS, WHEEL),
}


@dataclass
class Outcome:
    """How one step went."""

    title: str
    seconds: float
    verdict: str


class Runner:
    """Runs steps one after the other; each part that steps need is set up once, as a step of its own."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self._parts: dict[str, bool] = {}

    def run(self, steps: tuple[Step, ...]) -> bool:
        """Run all, print the summary and tell whether everything passed."""
        for step in steps:
            ready = [self._prepared(part) for part in step.needs]
            if all(ready):
                self._timed(step.title, lambda step=step: self._run(step))
            else:
                self.outcomes.append(Outcome(step.title, 0, "NOT RUN"))
        self._summary()
        return all(outcome.verdict == "ok" for outcome in self.outcomes)

    def _prepared(self, part: str) -> bool:
        if part not in self._parts:
            self._parts[part] = self._timed(f"set up {part}", prepare.PARTS[part])
        return self._parts[part]

    def _run(self, step: Step) -> None:
        env = {**machine.environment(), **step.env}
        if "chromium" in step.needs:
            env["CHROMIUM"] = machine.find_chromium() or ""
        code = subprocess.run(step.argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False).returncode
        if code:
            raise Missing(f"`{' '.join(step.argv)}` ended with {code}")

    def _timed(self, title: str, action: object) -> bool:
        say(f"\n=== {title}")
        began = time.monotonic()
        verdict = "ok"
        try:
            action()
        except Missing as missing:
            verdict = "FAILED"
            say(f"error: {missing}")
        self.outcomes.append(Outcome(title, time.monotonic() - began, verdict))
        return verdict == "ok"

    def _summary(self) -> None:
        say("\n=== Summary")
        for outcome in self.outcomes:
            say(f"{outcome.seconds:7.1f} s  {outcome.verdict:7}  {outcome.title}")
        say(f"{sum(outcome.seconds for outcome in self.outcomes):7.1f} s  in all")
        bad = [outcome.title for outcome in self.outcomes if outcome.verdict != "ok"]
        say(f"failed: {', '.join(bad)}" if bad else "every step passed")


def main(argv: list[str]) -> int:
    """Run the groups named."""
    try:
        machine.check_python()
    except Missing as missing:
        say(f"error: {missing}")
        return 1
    os.chdir(ROOT)
    unknown = [name for name in argv if name not in GROUPS]
    if unknown or not argv:
        say(f"error: name some of: {', '.join(GROUPS)}")
        return 2
    return 0 if Runner().run(tuple(step for name in argv for step in GROUPS[name])) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
