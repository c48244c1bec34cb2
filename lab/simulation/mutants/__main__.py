"""`python -m lab.simulation.mutants`: run all mutants, or those named; `--check` only verifies that each can be applied."""

import argparse
import multiprocessing
import os
import sys

from lab.simulation.__main__ import prepare

SEEDS = 1000


def hunt(name: str) -> tuple[str, int | None, list[str]]:
    """Seeds until one fails: (name, how many it took or None, the anomalies)."""
    from lab.simulation.mutants import FIRST, MUTANTS, adjust
    from lab.simulation.run import run
    from lab.simulation.seams import installed

    found = next(each for each in MUTANTS if each.name == name)
    with installed(), found.breaks():
        for count in range(SEEDS):
            anomalies = run(FIRST + count, adjust=lambda plan: adjust(plan, found)).anomalies
            if anomalies:
                break
        else:
            return name, None, []
    with installed():
        sound = run(FIRST + count, adjust=lambda plan: adjust(plan, found)).anomalies
    if sound:
        return name, None, [f"seed {FIRST + count} fails without the breakage, too: {sound[0]}"]
    return name, count + 1, sorted({anomaly.kind for anomaly in anomalies})


def gone() -> list[str]:
    """Mutants that cannot be applied, because what they patch is not there any more."""
    from lab.simulation.mutants import MUTANTS
    from lab.simulation.seams import installed

    found = []
    for each in MUTANTS:
        try:
            with installed(), each.breaks():
                pass
        except (AttributeError, ImportError) as problem:
            found.append(f"{each.name}: {problem}")
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.simulation.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="these alone (default: all)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--check", action="store_true", help="only see whether each can still be applied")
    asked = parser.parse_args(arguments)
    prepare()
    from lab.simulation.mutants import MUTANTS

    if asked.check:
        lost = gone()
        print("\n".join([*lost, f"{len(MUTANTS) - len(lost)} of {len(MUTANTS)} mutants can be applied"]))
        return 1 if lost else 0

    names = asked.names or [each.name for each in MUTANTS]
    survived = []
    with multiprocessing.Pool(asked.jobs) as pool:
        for name, seeds, kinds in pool.imap_unordered(hunt, names):
            if seeds is None:
                survived.append(name)
            print(
                f"{'SURVIVED' if seeds is None else f'caught by seed {seeds}':20} {name}  {', '.join(kinds)}",
                flush=True,
            )
    print(f"{len(names) - len(survived)} of {len(names)} mutants caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
