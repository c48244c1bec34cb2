"""Which pictures docs/performance.md has, and what they show. Pure."""

from __future__ import annotations

from lab.bench.goals import Results, find
from lab.bench.peers import FANOUT, PEERS
from lab.bench.svg import bars, lines
from lab.bench.tables import TITLES

NAMES = ("backchannel", *(peer.name for peer in PEERS))


def pictures(results: Results) -> dict[str, str]:
    """SVG by name."""
    return {
        "fanout": _fanout(results),
        "even": _even(results),
        "sends": _sends(results),
        "memory": _memory(results),
        "growth-members": _growth(
            results, "members", "members of the room", "p50_ms", "ms from a send to the last byte, median"
        ),
        "growth-senders": _growth(results, "senders", "senders at once", "per_s", "durable sends a second"),
        "growth-history": _history(results),
    }


def _title(name: str) -> str:
    return TITLES[name].strip("*")


def _fanout(results: Results) -> str:
    rows: list[tuple[str, float | None, bool]] = []
    for name in ("backchannel", *(peer.name for peer in FANOUT)):
        case = find(results, "fanout", name, members=1000, window=8)
        if case:
            rows.append((_title(name), case["per_s"] if case["whole"] else None, name == "backchannel"))
    return bars("Fan-out to 1,000 members on one core, eight messages under way", "deliveries a second", rows)


def _even(results: Results) -> str:
    series = []
    for name in ("backchannel", "nats-server", "node-ws", "node-socket.io", "uvicorn-loop", "floor"):
        found = [find(results, "even", name, rate=rate) for rate in (20, 100, 200, 400, 800)]
        points = [(case["rate"], case["p99_ms"]) for case in found if case]
        series.append((_title(name).partition(" over ")[0].partition(":")[0], points))
    return lines(
        "Messages at an even rate to 1,000 members", "messages a second", "p99 in ms; both axes logarithmic", series
    )


def _sends(results: Results) -> str:
    rows: list[tuple[str, float | None, bool]] = []
    for database, title in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        for name in ("backchannel", "django-view"):
            case = find(results, "sends", name, database=database, at_once=256, rate=None)
            if case:
                short = "Backchannel" if name == "backchannel" else "Django view, ORM"
                rows.append((f"{short}, {title}", case["per_s"], name == "backchannel"))
    return bars("Durable sends, 256 people at once", "acks a second, each after a synced commit", rows)


def _memory(results: Results) -> str:
    cases = [(name, find(results, "memory", name)) for name in NAMES]
    rows = [(_title(name), case["kib_per_connection"], name == "backchannel") for name, case in cases if case]
    return bars("Memory of an idle connection", "KiB over the process as it started", rows)


def _growth(results: Results, grows: str, across: str, value: str, up: str) -> str:
    kept = (results.get("growth") or {"cases": []})["cases"]
    points = [(case["at"], case[value]) for case in kept if case.get("grows") == grows]
    return lines(f"Growth with the {across}", across, f"{up}; both axes logarithmic", [("Backchannel", points)])


def _history(results: Results) -> str:
    kept = [case for case in (results.get("growth") or {"cases": []})["cases"] if case.get("grows") == "history"]
    series = [
        (title, [(max(1, case["at"]), case["p50_ms"]) for case in kept if case["what"] == what])
        for what, title in (("send", "send"), ("page", "page of 50"), ("events", "200 events"))
    ]
    return lines("Growth with the messages in the room", "messages in the room", "median ms", series, zero=True)
