"""`python -m lab.proxies [name …]`: run the scenario behind every proxy that this machine has, and print the table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from lab.chaos.device_process import bundle
from lab.proxies.kinds import CUT_S, HEARTBEAT_S, PROXY_KINDS, ProxyKind
from lab.proxies.process import ProxyProcess
from lab.proxies.scenario import Result, Scenario

HEAD = (
    "| proxy | version | settings | served by | first event, s | after the silence, s | messages | by HTTP | lost | doubled | "
    "reordered |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def line(kind: ProxyKind, result: Result) -> str:
    """A row of the table."""
    cells = (
        kind.name, kind.version(), kind.what, result.transport, f"{result.first_event_s:.1f}",
        f"{result.after_silence_s:.2f}", result.messages, result.by_http, result.lost, result.doubled, result.reordered,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.proxies", description=__doc__)
    parser.add_argument("names", nargs="*", help="these proxies alone (default: all)")
    options = parser.parse_args(arguments)
    chosen = [kind for kind in PROXY_KINDS if not options.names or kind.name in options.names]
    found = [kind for kind in chosen if kind.find()]
    failed = not found
    for kind in chosen:
        if kind not in found:
            print(f"{kind.name} is not on this machine: {kind.program}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="backchannel-proxies-") as folder:
        program = bundle(Path(folder))
        print(f"Settings that cut idle connections do so after {CUT_S} s; the heartbeat is {HEARTBEAT_S} s.\n\n{HEAD}")
        for n, kind in enumerate(found):
            into = Path(folder) / str(n)
            into.mkdir()
            failed |= not _passes(kind, program, into)
    return 1 if failed else 0


def _passes(kind: ProxyKind, program: Path, folder: Path) -> bool:
    try:
        with Scenario(program, folder) as scenario, ProxyProcess(kind, scenario.server.port) as proxy:
            result = scenario.run(proxy)
    except AssertionError as problem:
        print(f"{kind.name}: {problem}", file=sys.stderr, flush=True)
        return False
    print(line(kind, result), flush=True)
    for anomaly in result.other:
        print(f"{kind.name}: {anomaly}", file=sys.stderr)
    expected = "websocket" if kind.upgrades else "rest"
    if result.transport != expected:
        print(f"{kind.name}: served by {result.transport}, expected {expected}", file=sys.stderr)
    return result.is_sound and result.transport == expected


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
