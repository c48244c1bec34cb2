"""Runs the steps that prove a checkout and sums them up.

    python3 tools/steps.py test|prove|check|test-server|test-client|e2e|simulate|faults|proxies|mutants|wheel-check|…

There are two tiers. `test` is what a contributor runs: it holds every kind of proof, the slow kinds in a short form.
`prove` is everything else; no test is in both, and together they leave none out.

Steps start in the order given as soon as their parts are prepared and cores are free, so that two that need one core
each run side by side. Every step runs even if an earlier one failed, so that one run reports every failure; a step whose set-up
failed does not. What a step prints goes to `.cache/steps/`, and to the terminal too if it fails or runs alone.
The exit code is 0 only if every step passed.

Longer than 300 lines: half of it is the list of the steps.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import lanes
import machine
import prepare
from machine import ROOT, Missing, say

LOGS = ROOT / ".cache" / "steps"
CORES = 2
"""What the tiers are cut for. Wider machines gain little: most steps that could use more cores wait for one another."""
LINES_OF_A_FAILURE = 400
"""How much of a failed step's output is printed; its log has all of it."""


@dataclass(frozen=True)
class Step:
    """One program to run."""

    title: str
    argv: tuple[str, ...]
    # Parts that `prepare.py` sets up.
    needs: tuple[str, ...] = ("venv-dev",)
    # Added to the environment.
    env: dict[str, str] = field(default_factory=dict)
    # How many of the two cores it keeps busy. A step that needs both runs alone.
    cores: int = 1


def python(
    title: str, *words: str, needs: tuple[str, ...] = ("venv-dev",), env: dict[str, str] | None = None, cores: int = 1
) -> Step:
    """A step that runs Python in the virtual environment."""
    return Step(title, ("python", *words), needs, env or {}, cores)


def node(title: str, *words: str) -> Step:
    """A step that runs a program of node_modules."""
    return Step(title, words, needs=("node",))


# The settings write a secret key into the data folder; a check must not write into a developer's.
SCRATCH = {"BACKCHANNEL_DATA": str(ROOT / ".cache" / "data")}

GENERATED = python("generated files are fresh", "-m", "backchannel.protocol.generate", "--check")

SERVER_CHECKS = (
    python("lock files name no registry and match", "tools/lock.py", "--check"),
    python("no banned words", "tools/words.py"),
    python("long files say why", "tools/lengths.py"),
    Step("ruff check", ("ruff", "check", ".")),
    Step("ruff format", ("ruff", "format", "--check", ".")),
    Step("mypy", ("mypy",), env=SCRATCH),
    # A cache of its own, because it runs beside the other.
    Step(
        "mypy of tools, e2e and lab",
        ("mypy", "--cache-dir", ".cache/mypy-tools", "tools", "hatch_build.py", "e2e", "lab"),
        env=SCRATCH,
    ),
    Step("import-linter", ("lint-imports", "--no-logo", "--cache-dir", ".cache/import-linter")),
    python("no import circles", "tools/import_circles.py", needs=()),
    # Renaming what a mutant breaks must fail here, not only in `make prove`.
    python("mutants of the simulation can be applied", "-m", "lab.simulation.mutants", "--check"),
    python("mutants where no world reaches can be applied", "-m", "lab.mutants", "--check"),
    GENERATED,
)
CLIENT_CHECKS = (
    *(
        node(f"tsc {name}", "tsc", "-p", name)
        for name in (
            "client",
            "react",
            "web",
            "examples/shop/web",
            "examples/jwt-spa/web",
            "lab/chaos",
            "lab/bench/browser",
        )
    ),
    node("oxlint", "oxlint", "--type-aware", "--deny-warnings"),
    node("biome format", "biome", "format", "--log-level=error", "--diagnostic-level=error"),
    node("knip", "knip", "--no-progress"),
    Step("size of the client library", ("node", "tools/size-client.mjs"), needs=("node",)),
    Step("size of the app's first load", ("node", "web/size.mjs"), needs=("node", "web")),
)

# A test file is one worker's, because tests of a module share its server and its database.
PARALLEL = ("-n", str(CORES), "--dist", "loadfile")
QUICK, SLOW = ("-m", "not prove"), ("-m", "prove")
"""The two tiers of one pytest run. server/tests/conftest.py says what belongs to which."""
SLOW_NEEDS = ("compiler", "prometheus")
"""What only the slow tests on SQLite need."""

# These use no database, or the SQLite file of a server of their own: a run on PostgreSQL would only repeat the other.
SAME_ON_BOTH = (
    *("cli/test_cli.py", "cli/test_serve.py", "deploy", "docs", "protocol", "runner"),
    *(
        f"embedding/test_{name}.py"
        for name in ("addresses", "checks", "light_core", "manage", "servers", "user_models")
    ),
)


def on_sqlite(title: str, *words: str, needs: tuple[str, ...] = ()) -> Step:
    """The tests of the server, the tools and the benchmark, on SQLite. Redis is there as well."""
    return python(
        title,
        *("tools/services.py", "run", "--only", "redis", "--", "pytest", *PARALLEL, *words),
        needs=("venv-dev", "services", *needs),
        cores=CORES,
    )


def on_postgres(title: str, *words: str) -> Step:
    """The tests of the server on PostgreSQL and Redis, each worker with a database of its own."""
    return python(
        title,
        *("tools/services.py", "run", "--", "pytest", "server/tests", "lab/process_faults", *PARALLEL),
        *(f"--ignore=server/tests/{name}" for name in SAME_ON_BOTH),
        *words,
        needs=("venv-dev", "services"),
        env={"BACKCHANNEL_TEST_DATABASE": "postgres"},
        cores=CORES,
    )


def end_to_end(title: str, *words: str, needs: tuple[str, ...] = ()) -> Step:
    """The app in Chromium. One test after the other, each waiting for a browser, a server and a network that is slow on purpose."""
    return python(title, "-m", "pytest", "e2e", *words, needs=("venv-dev", "node", "web", "chromium", *needs))


def examples(title: str, *words: str) -> tuple[Step, ...]:
    """The example sites: each with its own tests, settings and process."""
    return tuple(
        python(
            f"examples/{name}{title}",
            *("-m", "pytest", "-c", f"examples/{name}/pytest.ini", f"examples/{name}/tests"),
            *words,
            needs=("venv-dev", "node", name, "chromium"),
        )
        for name in prepare.EXAMPLES
    )


def worlds(first: int, last: int) -> Step:
    """Simulated worlds from seeds, on all cores."""
    seeds = os.environ.get("SEEDS") or f"{first}:{last}"
    return python(f"simulated worlds {seeds}", "-m", "lab.simulation", "--seeds", seeds, cores=CORES)


SIMULATION_MUTANTS = python("mutants of the simulation", "-m", "lab.simulation.mutants", cores=CORES)
MUTANTS = python(
    "mutants where no world reaches", "-m", "lab.mutants", needs=("venv-dev", "node", "services"), cores=CORES
)
# Waits for its browser as much as it works: beside the smoke tests both take less time than one after the other.
VITEST = Step("vitest", ("vitest", "run"), needs=("node", "chromium"))
CHAOS = python(
    "random faults against real processes",
    *("-m", "lab.chaos", *(os.environ.get("CHAOS", "").split() or ["--short"])),
    needs=("venv-dev", "node", "web", "services", "chromium"),
    env={"PYTHONPATH": str(ROOT / "tools")},
    cores=CORES,
)
LANES = tuple(
    python(
        f"Django {django} on Python {version}",
        *("tools/services.py", "run", "--only", "redis", "--", "python", "tools/lanes.py", django, version),
        needs=("venv-dev", "services"),
        cores=CORES,
    )
    for django, version in lanes.LANES
)
WHEEL = python("the wheel holds the app", "tools/wheel_check.py", needs=("venv-dev", "node", "web"))
PROXIES = (
    python("real proxies", "-m", "lab.proxies", needs=("venv-dev", "node", "proxies"), cores=CORES),
    python(
        "the doctor behind real proxies",
        *("-m", "lab.proxies.doctor"),
        needs=("venv-dev", "node", "proxies"),
        env={"PYTHONPATH": str(ROOT / "tools")},
        cores=CORES,
    ),
)

CHECKS = (*SERVER_CHECKS, *CLIENT_CHECKS)
TEST = (
    *CHECKS,
    worlds(0, 1000),
    VITEST,
    on_sqlite("server on SQLite", *QUICK),
    on_postgres("store, fan-out and conformance on PostgreSQL", *QUICK),
    end_to_end("end to end, smoke", "-m", "smoke"),
    *examples(", smoke", "-m", "smoke"),
)
PROVE = (
    WHEEL,
    worlds(1000, 10_000),
    SIMULATION_MUTANTS,
    MUTANTS,
    *LANES,
    on_sqlite("server on SQLite, processes and faults", *SLOW, needs=SLOW_NEEDS),
    on_postgres("server on PostgreSQL, the rest", *SLOW),
    end_to_end("end to end, the rest", "-m", "not smoke", needs=("proxies", "prometheus", "services")),
    *examples(", the rest", "-m", "not smoke"),
    CHAOS,
)
ALL_ON_SQLITE, ALL_ON_POSTGRES = on_sqlite("server on SQLite", needs=SLOW_NEEDS), on_postgres("server on PostgreSQL")

GROUPS: dict[str, tuple[Step, ...]] = {
    "check": CHECKS,
    "generate-check": (GENERATED,),
    "test": TEST,
    "prove": PROVE,
    "test-sqlite": (ALL_ON_SQLITE,),
    "test-postgres": (ALL_ON_POSTGRES,),
    "test-server": (ALL_ON_SQLITE, ALL_ON_POSTGRES),
    "test-client": (VITEST,),
    "e2e": (end_to_end("end to end", needs=("proxies", "prometheus", "services")),),
    "examples": examples(""),
    "simulate": (worlds(0, 10_000), SIMULATION_MUTANTS),
    "faults": (CHAOS,),
    "proxies": PROXIES,
    "mutants": (MUTANTS,),
    "wheel-check": (WHEEL,),
    "lanes": LANES,
}


@dataclass
class Outcome:
    """How one job went: `seconds` on the clock, `cpu_s` on all cores together."""

    title: str
    verdict: str
    seconds: float = 0.0
    cpu_s: float = 0.0
    # The line of output that says most about it.
    note: str = ""


@dataclass
class Job:
    """A step, or the set-up of a part, that waits to be started or runs."""

    title: str
    # Runs it and records the result in the outcome; raises `Missing` if something is not available.
    action: Callable[[Outcome], None]
    after: tuple[str, ...]
    cores: int
    part: str = ""


class Runner:
    """Runs jobs as soon as what they need is there and cores are free; each part is set up once, as a job of its own."""

    def __init__(self, cores: int = CORES) -> None:
        self.outcomes: list[Outcome] = []
        self._free = cores
        self._changed = threading.Condition()
        self._prepared: dict[str, bool] = {}
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._streams = False
        self._began = time.monotonic()

    def run(self, steps: tuple[Step, ...]) -> bool:
        """Run all, print the summary and return whether everything passed."""
        # One step alone has the terminal to itself.
        self._streams = len(steps) == 1
        waiting = [*self._set_up(steps), *(self._job(step) for step in steps)]
        threads: list[threading.Thread] = []
        try:
            with self._changed:
                while waiting:
                    job = next((job for job in waiting if self._can_start(job)), None)
                    if job is None:
                        self._changed.wait()
                        continue
                    waiting.remove(job)
                    if not all(self._prepared[part] for part in job.after):
                        self._note(job, Outcome(job.title, "NOT RUN", note="its set-up failed"))
                        continue
                    self._free -= job.cores
                    threads.append(threading.Thread(target=self._perform, args=(job,), daemon=True))
                    threads[-1].start()
            for thread in threads:
                thread.join()
        finally:
            # After an interrupt nothing may be left behind.
            for process in list(self._processes):
                process.terminate()
        self._summary()
        return all(outcome.verdict == "ok" for outcome in self.outcomes)

    def _set_up(self, steps: tuple[Step, ...]) -> list[Job]:
        parts = list(dict.fromkeys(part for step in steps for part in step.needs))

        return [
            Job(
                f"set up {part}",
                lambda _, part=part: prepare.PARTS[part](),  # type: ignore[misc]
                tuple(other for other in prepare.comes_after(part) if other in parts),
                # What apt-get fetches costs time, but hardly a core.
                0 if part in prepare.BY_APT else 1,
                part,
            )
            for part in parts
        ]

    def _job(self, step: Step) -> Job:
        return Job(step.title, lambda outcome: self._execute(step, outcome), step.needs, min(step.cores, self._free))

    def _can_start(self, job: Job) -> bool:
        return job.cores <= self._free and all(part in self._prepared for part in job.after)

    def _perform(self, job: Job) -> None:
        began = time.monotonic()
        outcome = Outcome(job.title, "ok")
        if self._streams:
            say(f"\n=== {job.title}")
        elif job.cores > 1:
            # These take minutes.
            say(f"[{_clock(began - self._began)}] {'':25}started  {job.title}")
        try:
            job.action(outcome)
        except Missing as missing:
            outcome.verdict, outcome.note = "FAILED", str(missing)
        except Exception as problem:
            # No exception may count as success.
            outcome.verdict, outcome.note = "FAILED", f"{type(problem).__name__}: {problem}"
        outcome.seconds = time.monotonic() - began
        with self._changed:
            self._free += job.cores
            self._note(job, outcome)

    def _note(self, job: Job, outcome: Outcome) -> None:
        if job.part:
            self._prepared[job.part] = outcome.verdict == "ok"
        self.outcomes.append(outcome)
        say(f"[{_clock(time.monotonic() - self._began)}] {_line(outcome)}")
        self._changed.notify_all()

    def _execute(self, step: Step, outcome: Outcome) -> None:
        env = {**machine.environment(), **step.env}
        if "chromium" in step.needs:
            env["CHROMIUM"] = machine.find_chromium() or ""
        log = LOGS / (re.sub(r"[^a-z0-9]+", "-", step.title.lower()).strip("-") + ".log")
        LOGS.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            written = None if self._streams else output
            process = subprocess.Popen(
                step.argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=written, stderr=written
            )
            self._processes.add(process)
            # Unlike `wait`, it returns the CPU time of the process and of all its children.
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self._processes.discard(process)
        outcome.cpu_s = used.ru_utime + used.ru_stime
        lines = log.read_text(errors="replace").splitlines()
        if not process.returncode:
            outcome.note = _last_of(lines)
            return
        outcome.verdict = "FAILED"
        outcome.note = _first_failure(lines) or f"`{' '.join(step.argv)}` ended with {process.returncode}"
        if not self._streams:
            shown = lines[-LINES_OF_A_FAILURE:]
            cut = [f"… {len(lines) - len(shown)} lines before these are in the log"] if len(shown) < len(lines) else []
            say("\n".join((f"\n=== {step.title} failed: {log.relative_to(ROOT)}", *cut, *shown, "")))

    def _summary(self) -> None:
        say("\n=== Summary")
        for outcome in self.outcomes:
            say(_line(outcome))
        took, used = time.monotonic() - self._began, sum(outcome.cpu_s for outcome in self.outcomes)
        say(f"{took:7.1f} s  in all, {used:.0f} s of CPU in the steps")
        bad = [outcome for outcome in self.outcomes if outcome.verdict != "ok"]
        if bad:
            say(f"failed first: {bad[0].title}: {bad[0].note}")
        say(f"failed: {', '.join(outcome.title for outcome in bad)}" if bad else "every step passed")


def _line(outcome: Outcome) -> str:
    cpu = f"cpu {outcome.cpu_s:6.1f} s" if outcome.cpu_s else " " * 12
    # Not shortened: it says how to get what is missing.
    shown = outcome.note[:100] if outcome.verdict == "ok" else outcome.note
    note = f"  ({shown})" if shown else ""
    return f"{outcome.seconds:7.1f} s  {cpu}  {outcome.verdict:7}  {outcome.title}{note}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"


COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# The most specific first: a step may print "error" long before its real failure, and in lines that do not matter.
FAILURES = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(FAILED|ERROR) ", r"^(FAIL|×|✗) ", r"SURVIVED|^seed \d+: \d+ anomal", r"^\w*Error: ", r"\berror\b[: \[]",
    )
)  # fmt: skip


def _last_of(lines: list[str]) -> str:
    """The last line that is not empty: pytest's and mypy's say how much was looked at."""
    return next((COLOURS.sub("", line).strip(" =") for line in reversed(lines) if line.strip()), "")


def _first_failure(lines: list[str]) -> str:
    """The first line that names what failed; "" where none does."""
    plain = [COLOURS.sub("", line).strip() for line in lines]
    return next((line for pattern in FAILURES for line in plain if pattern.search(line)), "")


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
    # A signal to this program ends everything it started.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        return 0 if Runner().run(tuple(step for name in argv for step in GROUPS[name])) else 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
