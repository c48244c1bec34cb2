"""`python -m lab.proxies [name …]` in e2e/: visit every proxy there is on this machine, and print the table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from e2e.node.talkers import bundle
from e2e.support.server import Server

from lab.proxies.kinds import CUT_S, HEARTBEAT_S, SPECIES, Species
from lab.proxies.process import Keeper
from lab.proxies.scenario import Town, Visit

HEAD = (
    "| proxy | version | settings | served by | first event, s | after the silence, s | messages | by HTTP | lost | doubled | "
    "reordered |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def line(species: Species, visit: Visit) -> str:
    """Of the table."""
    cells = (
        species.name, species.version(), species.what, visit.transport, f"{visit.first_event_s:.1f}",
        f"{visit.after_silence_s:.2f}", visit.messages, visit.by_http, visit.lost, visit.doubled, visit.reordered,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.proxies", description=__doc__)
    parser.add_argument("names", nargs="*", help="these proxies alone (default: all)")
    asked = parser.parse_args(arguments)
    chosen = [species for species in SPECIES if not asked.names or species.name in asked.names]
    there = [species for species in chosen if species.find()]
    failed = not there
    for species in chosen:
        if species not in there:
            print(f"{species.name} is not on this machine: {species.program}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="backchannel-zoo-") as folder:
        program = bundle(Path(folder))
        server = Server(Path(folder) / "data", HEARTBEAT_S=str(HEARTBEAT_S))
        server.start()
        try:
            town = Town(server, program)
            print(
                f"Idle connections are cut after {CUT_S} s where settings cut; the heartbeat is {HEARTBEAT_S} s.\n\n{HEAD}"
            )
            for species in there:
                failed |= not _visit(town, species)
        finally:
            server.stop()
    return 1 if failed else 0


def _visit(town: Town, species: Species) -> bool:
    try:
        with Keeper(species, town.server.port) as keeper:
            visit = town.visit(keeper)
    except AssertionError as problem:
        print(f"{species.name}: {problem}", file=sys.stderr, flush=True)
        return False
    print(line(species, visit), flush=True)
    for anomaly in visit.other:
        print(f"{species.name}: {anomaly}", file=sys.stderr)
    expected = "websocket" if species.upgrades else "rest"
    if visit.transport != expected:
        print(f"{species.name}: served by {visit.transport}, where {expected} is what it lets through", file=sys.stderr)
    return visit.is_sound and visit.transport == expected


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
