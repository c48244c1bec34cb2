"""`python -m lab.simulation --seeds 0:10000`: run seeds on all cores; the history of a failing one is kept, and it can be replayed."""

import argparse
import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CHUNK = 50
SHOWN = 6
SHOWN_CHARACTERS = 600


def prepare() -> None:
    """Set up Django, before the server's code is imported."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests.memory_database import schema

    schema()  # once, for all processes


def run_seeds(seeds: range) -> tuple[int, list[tuple[int, list[str], str]]]:
    """The number of seeds, and (seed, anomalies, history) of those that failed."""
    from lab.simulation.run import run
    from lab.simulation.seams import installed

    failed = []
    gc.disable()  # a world is freed as a whole
    gc.collect()
    gc.freeze()
    with installed():
        for seed in seeds:
            outcome = run(seed)
            if outcome.anomalies:
                failed.append((seed, [str(anomaly) for anomaly in outcome.anomalies], outcome.history))
            if seed % 5 == 0:
                gc.collect()
    return len(seeds), failed


def _chunks(first: int, last: int) -> Iterator[range]:
    for start in range(first, last, CHUNK):
        yield range(start, min(start + CHUNK, last))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0:1000", metavar="FROM:TO", help="the seeds to run (TO is not among them)")
    parser.add_argument("--seed", type=int, help="run this one alone, and write its history")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path(".cache/simulation"), help="where histories of failures go")
    parser.add_argument("--stop", type=int, default=10, help="stop after so many failures")
    asked = parser.parse_args(arguments)
    prepare()
    if asked.seed is not None:
        return _replay(asked.seed, asked.out)
    first, last = map(int, asked.seeds.split(":"))
    began, done, failures = time.monotonic(), 0, 0
    with multiprocessing.Pool(asked.jobs) as pool:
        for count, failed in pool.imap_unordered(run_seeds, _chunks(first, last)):
            done += count
            for seed, anomalies, history in failed:
                failures += 1
                _tell(seed, anomalies, history, asked.out)
            seconds = time.monotonic() - began
            if sys.stdout.isatty() or done % 1000 < count or done == last - first:
                line = f"{done} of {last - first} seeds, {failures} failed, {done / seconds * 60:.0f} a minute"
                print(line, end="\r" if sys.stdout.isatty() else "\n", flush=True)
            if failures >= asked.stop:
                pool.terminate()
                break
    print()
    return 1 if failures else 0


def _replay(seed: int, out: Path) -> int:
    from lab.simulation.run import run
    from lab.simulation.seams import installed

    with installed():
        outcome = run(seed, keep_history=True)
    _tell(seed, [str(anomaly) for anomaly in outcome.anomalies], outcome.history, out)
    print(f"{outcome.steps} steps, at rest {outcome.seconds:.1f} s after healing")
    return 1 if outcome.anomalies else 0


def _tell(seed: int, anomalies: list[str], history: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"seed-{seed}.jsonl"
    path.write_text(history)
    print(f"\nseed {seed}: {len(anomalies)} anomalies; its history is in {path}")
    for anomaly in list(dict.fromkeys(anomalies))[:SHOWN]:
        print("    " + anomaly[-SHOWN_CHARACTERS:].replace("\n", "\n        "))
    print(f"    again: python -m lab.simulation --seed {seed}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
