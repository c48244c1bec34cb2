"""`python -m lab.proxies.doctor [name …]`: `backchannel doctor URL` behind each proxy, compared with what it has to find there.

The table is in docs/howto/doctor.md. Settings that cut idle connections do so after `CUT_S`, so a short silence shows it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.support.api import Api
from e2e.support.server import ROOT, Account, Server
from lab.proxies.kinds import CUT_S, PROXY_KINDS, ProxyKind
from lab.proxies.process import ProxyProcess

HEARTBEAT_S = CUT_S + 4
"""Later than the cut, which the doctor has to see every time."""
SILENCE_S = 2 * CUT_S + 4
WITHIN_S = 180

_NO_UPGRADE, _CUTS_SILENCE, _CUTS_POLLS, _SMALL_BODIES = "D206", "D208", "D209", "D211"
_FORGED = {"D213", "D214"}
_INNER_PAGES = "D216"

EXPECTED: dict[str, frozenset[str]] = {
    name: frozenset(codes)
    for name, codes in {
        "nginx, shipped": set[str](),
        "haproxy, shipped": set[str](),
        "caddy, shipped": set[str](),
        "nginx": {_NO_UPGRADE, _SMALL_BODIES, *_FORGED, _INNER_PAGES},
        "nginx, worst": {_NO_UPGRADE, _CUTS_POLLS, _SMALL_BODIES, *_FORGED, _INNER_PAGES},
        "nginx, upgrade": {_CUTS_SILENCE, _CUTS_POLLS, _SMALL_BODIES, *_FORGED, _INNER_PAGES},
        "haproxy": {*_FORGED, _INNER_PAGES},
        "haproxy, worst": {_CUTS_SILENCE, _CUTS_POLLS, *_FORGED, _INNER_PAGES},
        "caddy": {_INNER_PAGES},
        "caddy, worst": {_NO_UPGRADE, _CUTS_POLLS, _INNER_PAGES},
        # Squid and Varnish append to X-Forwarded-For. The server trusts 127.0.0.1, from where everything comes here.
        "squid": {_NO_UPGRADE, *_FORGED, _INNER_PAGES},
        "squid, worst": {_NO_UPGRADE, _CUTS_POLLS, *_FORGED, _INNER_PAGES},
        "squid, upgrade": {_CUTS_SILENCE, _CUTS_POLLS, *_FORGED, _INNER_PAGES},
        "mitmproxy": {*_FORGED, _INNER_PAGES},
        "mitmproxy, worst": {_NO_UPGRADE, *_FORGED, _INNER_PAGES},
        "varnish": {_NO_UPGRADE, *_FORGED, _INNER_PAGES},
        "varnish, worst": {_NO_UPGRADE, _CUTS_POLLS, *_FORGED, _INNER_PAGES},
    }.items()
}
"""Proxy → codes of the problems that the doctor has to find, no more and no fewer."""


@dataclass(frozen=True)
class Examined:
    kind: ProxyKind
    findings: Sequence[dict[str, Any]]

    @property
    def problems(self) -> frozenset[str]:
        return frozenset(finding["code"] for finding in self.findings if finding["word"] == "problem")

    @property
    def is_as_expected(self) -> bool:
        return self.problems == EXPECTED[self.kind.name]


def examine(proxy: ProxyProcess, bots: Sequence[Account]) -> list[dict[str, Any]]:
    """Run the program against the proxy, and return its findings."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "server"))),
        "BACKCHANNEL_BOT_TOKENS": " ".join(bot.token for bot in bots),
    }
    if proxy.certificate:
        environment["SSL_CERT_FILE"] = str(proxy.certificate)
    ran = subprocess.run(
        [sys.executable, "-m", "backchannel", "doctor", proxy.url, "--json", "--quiet", "--silence", str(SILENCE_S)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert ran.returncode in {0, 1}, ran.stdout + ran.stderr
    found = json.loads(ran.stdout)
    assert ran.returncode == bool(found["problems"]), ran.stdout
    return list(found["findings"])


def of(kind: ProxyKind, server: Server, bots: Sequence[Account]) -> Examined:
    """Start the proxy in front of the server, and examine it."""
    with ProxyProcess(kind, server.port) as proxy:
        return Examined(kind, examine(proxy, bots))


def served(folder: Path) -> Server:
    """A server whose own settings give the doctor nothing to say: all that it finds is the proxy's."""
    return Server(folder / "data", HEARTBEAT_S=str(HEARTBEAT_S), ALLOWED_HOSTS="127.0.0.1 localhost twice", HTTPS="no")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.proxies.doctor", description=__doc__)
    parser.add_argument("names", nargs="*", help="these proxies alone (default: all)")
    parser.add_argument("--all", action="store_true", help="print every finding")
    options = parser.parse_args(arguments)
    chosen = [kind for kind in PROXY_KINDS if (not options.names or kind.name in options.names) and kind.find()]
    failed = not chosen
    with tempfile.TemporaryDirectory(prefix="backchannel-doctor-") as folder:
        server = served(Path(folder)).start()
        try:
            pairs = [_bots(server, n) for n in range(len(chosen))]
            # Most of the time is waiting, for a poll and in silence.
            with ThreadPoolExecutor(4) as threads:
                for examined in threads.map(lambda kind, bots: of(kind, server, bots), chosen, pairs):
                    failed |= not examined.is_as_expected
                    _print(examined, everything=options.all)
        finally:
            server.stop()
    return 1 if failed else 0


def _bots(server: Server, number: int) -> list[Account]:
    """Two bots whom nobody else's news reach: they are in no room but their own."""
    bots = server.people(f"bot{number}a", f"bot{number}b")
    for bot in bots:
        api = Api(server, bot)
        for room in api.call("GET", "/api/rooms")["rooms"]:
            api.call("DELETE", f"/api/rooms/{room['id']}/membership")
        api.close()
    return bots


def _print(examined: Examined, *, everything: bool) -> None:
    found, expected = sorted(examined.problems), sorted(EXPECTED[examined.kind.name])
    verdict = "as expected" if found == expected else f"EXPECTED {' '.join(expected) or 'nothing'}"
    print(f"{examined.kind.name:18} {' '.join(found) or 'nothing':30} {verdict}", flush=True)
    for finding in examined.findings:
        if everything or (finding["word"] == "problem" and found != expected):
            print(f"    {finding['word']:8} {finding['code']} {finding['text']}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
