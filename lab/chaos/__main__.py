"""Command line of the random faults: `make faults` calls it.

python -m lab.chaos --seed 7 --database sqlite --injections 50      one seed, again
python -m lab.chaos --seeds 1:11 --results results.jsonl            ten, on both databases
python -m lab.chaos --short                                         what `make prove` runs
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from lab.chaos.device_process import bundle
from lab.chaos.outcome import Outcome, Settings
from lab.chaos.results import as_record, command, tables
from lab.chaos.run import run

# Database, seed and faults of the runs in `make prove`. It adds one with a fresh seed.
SHORT = (("postgres", 1, 14), ("sqlite", 1, 24))
SECONDS_EACH = 1.75


def main(argv: list[str]) -> int:
    """1 if there was an anomaly."""
    options = _parser().parse_args(argv)
    # SIGTERM ends the processes that this program started as well.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    injections = options.injections or max(1, round(options.seconds / SECONDS_EACH))
    if options.short:
        fresh = random.SystemRandom().randrange(1, 10**6)
        runs = [Settings(seed, database, n) for database, seed, n in (*SHORT, ("postgres", fresh, 14))]
    else:
        databases = ("postgres", "sqlite") if options.database == "both" else (options.database,)
        runs = [
            Settings(seed, database, injections, options.nodes, options.pages, options.pause_ms)
            for seed in _seeds(options)
            for database in databases
        ]
    kept = options.folder or Path(tempfile.mkdtemp(prefix="backchannel-chaos-"))
    kept.mkdir(parents=True, exist_ok=True)
    program = bundle(kept)
    results = options.results or kept / "results.jsonl"
    wrong = 0
    records = []
    with results.open("a", encoding="utf-8") as lines:
        for settings in runs:
            folder = kept / f"{settings.database}-{settings.seed}-{time.time_ns()}"
            print(f"seed {settings.seed} on {settings.database}, {settings.injections} injections", flush=True)
            outcome = run(settings, program, folder)
            wrong += bool(outcome.anomalies)
            records.append(as_record(outcome))
            lines.write(json.dumps(records[-1]) + "\n")
            lines.flush()
            _print(outcome, folder, keep=options.keep)
    print(f"\n{tables(records)}\n{results}")
    return 1 if wrong else 0


def _print(outcome: Outcome, folder: Path, *, keep: bool) -> None:
    print(
        f"    {outcome.injected.total()} faults, {outcome.stored} messages, {outcome.acked} acked, {outcome.deliveries} deliveries, "
        f"quiet after {outcome.quiet_s:.0f} s, {outcome.seconds:.0f} s in all, {len(outcome.anomalies)} anomalies",
        flush=True,
    )
    for anomaly in outcome.anomalies[:20]:
        print(f"    {anomaly}")
    if outcome.anomalies:
        print(f"    history and logs: {folder}\n    again: {command(outcome)}", flush=True)
    elif not keep:
        shutil.rmtree(folder)


def _seeds(options: argparse.Namespace) -> range:
    if options.seed is not None:
        return range(options.seed, options.seed + 1)
    first, _, after = options.seeds.partition(":")
    return range(int(first), int(after))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab.chaos", description="Random faults against real processes, from seeds."
    )
    parser.add_argument("--short", action="store_true", help="what `make prove` runs: both databases, and a fresh seed")
    parser.add_argument("--seed", type=int, help="one seed")
    parser.add_argument("--seeds", default="1:2", help="from:to, the last not included")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--injections", type=int, help="faults for each seed")
    parser.add_argument("--seconds", type=float, default=60, help="instead of --injections: how long things break")
    parser.add_argument("--nodes", type=int, default=2, help="on PostgreSQL")
    parser.add_argument("--pages", type=int, choices=(0, 1, 2), default=2, help="people in Chromium")
    parser.add_argument("--pause-ms", type=int, default=260, help="between two acts of a device, on average")
    parser.add_argument("--folder", type=Path, help="where histories and logs of failed seeds are kept")
    parser.add_argument("--results", type=Path, help="a file that one line for each seed is added to")
    parser.add_argument("--keep", action="store_true", help="keep the histories of seeds that passed, too")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
