"""What the server should reach, and whether it did, from the kept results. Pure.

Each goal is a ratio or a time within one run on one machine; a figure of another machine says nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.bench.stats import ratio

Results = Mapping[str, Any]
"""What was kept, by row."""


@dataclass(frozen=True)
class Verdict:
    """A goal in words, what was measured, and whether that is enough; None where it was not measured."""

    work: str
    goal: str
    measured: str
    met: bool | None


def find(results: Results, row: str, server: str, **about: Any) -> dict[str, Any] | None:
    """The case of a row that is about this; None where it was not measured."""
    for case in (results.get(row) or {"cases": []})["cases"]:
        if case["server"] == server and all(case.get(name) == value for name, value in about.items()):
            return dict(case)
    return None


def verdicts(results: Results) -> list[Verdict]:
    """Every goal."""
    return [verdict for group in (_fanout, _even, _sends, _http, _rest, _original) for verdict in group(results)]


def _value(case: Mapping[str, Any] | None, name: str) -> float | None:
    return None if case is None else case.get(name)


def _at_most(
    work: str, goal: str, value: float | None, limit: float, shown: Callable[[float], str] = "{:.3g}".format
) -> Verdict:
    return Verdict(
        work, goal, "not measured" if value is None else shown(value), None if value is None else value <= limit
    )


def _at_least(
    work: str, goal: str, value: float | None, limit: float, shown: Callable[[float], str] = "{:.3g}".format
) -> Verdict:
    return Verdict(
        work, goal, "not measured" if value is None else shown(value), None if value is None else value >= limit
    )


def _times(value: float) -> str:
    return f"{value:.3g} ×"


def _ms(value: float) -> str:
    return f"{value:.3g} ms"


def _fanout(results: Results) -> list[Verdict]:
    def of(server: str, window: int, name: str) -> float | None:
        return _value(find(results, "fanout", server, members=1000, window=window), name)

    work = "fan-out, 1,000 members"
    alone = ratio(of("backchannel", 1, "cpu_s_per_100k"), of("node-ws", 1, "cpu_s_per_100k"))
    found = [_at_most(f"{work}, one at a time", "CPU for a delivery ≤ 0.8 × Node ws", alone, 0.8, _times)]
    for peer, title, least in (
        ("node-ws", "Node ws", 8),
        ("nats-server", "nats-server", 1.5),
        ("channels-redis", "Channels on Redis", 150),
    ):
        faster = ratio(of("backchannel", 8, "per_s"), of(peer, 8, "per_s"))
        found.append(_at_least(f"{work}, eight under way", f"deliveries/s ≥ {least} × {title}", faster, least, _times))
    return found


def _even(results: Results) -> list[Verdict]:
    def p99(server: str, rate: int) -> float | None:
        case = find(results, "even", server, rate=rate)
        return _value(case, "p99_ms") if case and case["whole"] else None

    ours, nats = p99("backchannel", 800), p99("nats-server", 800)
    work = "800 messages/s to 1,000"
    found = [
        _at_most(work, "p99 < 25 ms", ours, 25, _ms),
        _at_most(work, "p99 below nats-server's", ratio(ours, nats), 1, lambda value: f"{value:.3g} of it"),
    ]
    slow, ws = find(results, "even", "backchannel", rate=20), find(results, "even", "node-ws", rate=20)
    work = "20 messages/s to 1,000"
    for name in ("p50_ms", "p99_ms"):
        share = ratio(_value(slow, name), _value(ws, name))
        found.append(_at_most(work, f"{name[:3]} ≤ Node ws's", share, 1, lambda value: f"{value:.3g} of it"))
    found.append(_at_most(work, "p99 < 20 ms", _value(slow, "p99_ms"), 20, _ms))
    return found


def _sends(results: Results) -> list[Verdict]:
    found = []
    for database, title in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        work = f"durable send to ack, {title}"
        ours = find(results, "sends", "backchannel", database=database, at_once=256, rate=None)
        theirs = find(results, "sends", "django-view", database=database, at_once=256, rate=None)
        faster = ratio(_value(ours, "per_s"), _value(theirs, "per_s"))
        found.append(_at_least(f"{work}, 256 senders", "≥ 20 × Django's view and ORM", faster, 20, _times))
        found.append(_at_least(f"{work}, 256 senders", "≥ 15,000/s", _value(ours, "per_s"), 15_000, "{:,.0f}/s".format))
        half = next(
            (
                case
                for case in (results.get("sends") or {"cases": []})["cases"]
                if case["server"] == "backchannel" and case["database"] == database and case.get("rate")
            ),
            None,
        )
        found.append(_at_most(f"{work}, at half that rate", "p99 < 30 ms", _value(half, "p99_ms"), 30, _ms))
    return found


def _http(results: Results) -> list[Verdict]:
    found = []
    for request, least in (("poll", 50), ("send", 5)):
        ours = _value(find(results, "http", "backchannel", request=request), "per_s")
        theirs = [
            rate
            for kind in ("view", "ninja", "drf")
            if (rate := _value(find(results, "http", f"django-{kind}", request=request), "per_s"))
        ]
        faster = ratio(ours, max(theirs, default=0))
        found.append(
            _at_least(
                f"{request} over HTTP",
                f"requests/s ≥ {least} × the fastest of DRF, Ninja, Django",
                faster,
                least,
                _times,
            )
        )
    socket = find(results, "polls", "backchannel", by="websocket")
    polls = find(results, "polls", "backchannel", by="long polls")
    cost = ratio(_value(polls, "cpu_s_per_100k"), _value(socket, "cpu_s_per_100k"))
    late = _value(polls, "p99_ms") if polls and polls["whole"] else None
    return [
        *found,
        _at_most("1,000 on long polls, 5 messages/s", "CPU ≤ 6 × WebSocket's", cost, 6, _times),
        _at_most("1,000 on long polls, 5 messages/s", "p99 < 250 ms", late, 250, _ms),
    ]


def _rest(results: Results) -> list[Verdict]:
    memory = _value(find(results, "memory", "backchannel"), "kib_per_connection")
    start = _value(find(results, "start", "backchannel"), "seconds")
    back = _value(find(results, "storm", "backchannel", way="SIGTERM"), "cpu_ms_each")
    reads = []
    for database, title in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        for read, work, limit in (
            ("history page of 50", "a page of 50 in a room of 1,000,000", 10),
            ("events page of 200", "200 events in a room of 1,000,000", 15),
            ("list of 502 rooms", "the list of 502 rooms", 50),
        ):
            about = {"read": read} if read.startswith("list") else {"read": read, "messages": 1_000_000}
            case = find(results, "reads", f"backchannel on {database}", **about)
            reads.append(_at_most(f"{work}, {title}", f"p99 < {limit} ms", _value(case, "p99_ms"), limit, _ms))
    return [
        *reads,
        *_search(results),
        *_browser(results),
        *_files(results),
        _at_most("coming back, 50 rooms each", "≤ 2 ms of CPU", back, 2, _ms),
        _at_most("an idle connection in five rooms", "≤ 7 KiB", memory, 7, "{:.3g} KiB".format),
        _at_most("start on an existing folder", "< 1.5 s", start, 1.5, "{:.2f} s".format),
    ]


def _search(results: Results) -> list[Verdict]:
    """The slowest of all searches of 1,000,000 messages."""
    verdicts = []
    for database, title in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        cases = (results.get("search") or {"cases": []})["cases"]
        times = [
            case["p99_ms"]
            for case in cases
            if case["server"] == f"backchannel on {database}" and case["messages"] == 1_000_000 and "partial" in case
        ]
        about = f"any search of 1,000,000 messages, {title}"
        verdicts.append(_at_most(about, "p99 < 100 ms", max(times, default=None), 100, _ms))
    return verdicts


def _files(results: Results) -> list[Verdict]:
    ours = find(results, "files", "backchannel", what="one file", mib=100)
    nginx = find(results, "files", "nginx", what="one file", mib=100)
    about = {"mib": 100, "pace": "40 Mbit/s"}
    alone = find(results, "files", "backchannel", what="chat alone", **about)
    beside = find(results, "files", "backchannel", what="chat beside files", **about)
    slower = ratio(_value(beside, "p99_ms"), _value(alone, "p99_ms"))
    before, most = _value(beside, "rss_mib_before"), _value(beside, "rss_mib_most")
    grown = most - before if most is not None and before is not None else None
    work = "20 people send 100 MiB each, 40 Mbit/s"
    return [
        _at_least(
            "a file of 100 MiB",
            "≥ 0.5 × nginx' own PUT",
            ratio(_value(ours, "mib_per_s"), _value(nginx, "mib_per_s")),
            0.5,
            _times,
        ),
        _at_most(work, "p99 of the chat ≤ 1.3 × without", slower, 1.3, _times),
        _at_most(work, "memory grown by ≤ 32 MiB", grown, 32, "{:.3g} MiB".format),
    ]


def _browser(results: Results) -> list[Verdict]:
    work = "10,000 messages in a browser, 100 more a second"
    frames = find(results, "browser", "backchannel", what="frames")
    drawn = find(results, "browser", "backchannel", what="drawn")
    memory = find(results, "browser", "backchannel", what="memory")
    # A heap that kept what came would have grown by a kilobyte or more for every message.
    whole = memory if memory and memory["whole"] and memory["messages"] >= 100_000 else None
    return [
        _at_least(work, "60 frames a second", _value(frames, "fps"), 59, "{:.3g} a second".format),
        _at_most(work, "tasks over 50 ms in < 1 % of frames", _value(frames, "long_task_share"), 0.01, "{:.1%}".format),
        _at_most(work, "no row drawn for nothing", _value(drawn, "rows_drawn_for_nothing"), 0, "{:.0f}".format),
        _at_most(
            "100,000 more messages in a browser",
            "heap grown by ≤ 5 MiB",
            _value(whole, "grown_mib"),
            5,
            "{:.3g} MiB".format,
        ),
    ]


def _original(results: Results) -> list[Verdict]:
    polling = _value(find(results, "original", "polling every 30 s", what="latency"), "p50_ms")
    here = _value(find(results, "original", "backchannel", what="latency"), "p50_ms")
    found = [_at_least("against 30 s polling", "median latency ≥ 1,000 × lower", ratio(polling, here), 1000, _times)]
    for what, goal, least, hours in (
        ("requests a minute", "≥ 99 % fewer requests", 0.99, ((0, "idle"),)),
        ("bytes an hour", "≥ 95 % fewer bytes", 0.95, ((0, "idle"), (360, "a message every 10 s"))),
    ):
        for messages, title in hours:
            saved = _value(find(results, "original", "both", what=what, messages_per_hour=messages), "saved")
            found.append(
                _at_least(f"against 30 s polling, {title}", goal, saved, least, lambda value: f"{value:.1%} fewer")
            )
    return found
