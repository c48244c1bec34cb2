"""The generated parts of docs/performance.md, one function each: kept results in, Markdown out. Pure.

Longer than 300 lines: one function for each generated part, in the order of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from lab.bench.goals import Results, find, verdicts
from lab.bench.peers import FANOUT, PEERS

TITLES = {
    "backchannel": "**Backchannel**",
    **{peer.name: peer.title for peer in FANOUT},
    "plain-list": "plain React list",
    "django-view": "Django, asynchronous view",
    "django-ninja": "Django Ninja",
    "django-drf": "Django REST framework",
}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def goals(results: Results) -> str:
    """Each goal, what was measured, and whether it is met."""
    words = {True: "met", False: "**not met**", None: "not measured"}
    found = verdicts(results)
    met = sum(verdict.met is True for verdict in found)
    rows = [(each.work, each.goal, each.measured, words[each.met]) for each in found]
    return f"{met} of {len(found)} are met.\n\n" + table(("work", "goal", "measured", ""), rows)


def machine(results: Results) -> str:
    """What was measured where, and when."""
    kept = [result for result in results.values() if result]
    if not kept:
        return "Nothing was measured yet."
    about = kept[0]["machine"]
    versions: dict[str, dict[str, None]] = {}
    for result in kept:
        for name, version in result["versions"].items():
            versions.setdefault(name, {})[version] = None
    versions.pop("commit", None)
    where = f"{about['processor']}, {about['cores']} cores, {about['memory']}, Linux {about['kernel']}"
    where += ", a virtual machine" if about["virtual"] == "yes" else ""
    rows = [
        (row, _commits(result), result["at"], "quick" if result["quick"] else "full")
        for row, result in results.items()
        if result
    ]
    listed = ", ".join(f"{name} {' and '.join(found)}" for name, found in versions.items())
    if about.get("nice", "0") != "0":
        where += f", with precedence over other programs that ran on it (nice {about['nice']})"
    others = [case["others_cores"] for result in kept for case in result["cases"] if "others_cores" in case]
    if others:
        where += f". While a case was measured, other programs kept {median(others):.2f} cores busy at the median"
    return f"{where}.\n\n{table(('row', 'commit', 'measured at', 'how'), rows)}\n\nVersions: {listed}."


def _commits(result: dict[str, Any]) -> str:
    return ", ".join(sorted({case.get("commit", "") for case in result["cases"]} - {""}))


def fanout(results: Results) -> str:
    """Deliveries a second and CPU, by size and window."""
    parts = []
    for window, title in ((1, "One message at a time"), (8, "Eight messages under way")):
        rows = []
        for name in ("backchannel", *(peer.name for peer in FANOUT)):
            cells = [
                _fanout_cell(find(results, "fanout", name, members=size, window=window)) for size in (100, 1000, 5000)
            ]
            rows.append((TITLES[name], *cells))
        parts.append(
            f"{title}: deliveries/s (server's CPU seconds for 100,000)\n\n"
            + table(("", "100 members", "1,000", "5,000"), rows)
        )
    return "\n\n".join(parts)


def _fanout_cell(case: dict[str, Any] | None) -> str:
    if case is None:
        return "–"
    cost = "" if case["cpu_s_per_100k"] is None else f" ({case['cpu_s_per_100k']:.2f})"
    return f"{si(case['per_s'])}{cost}" + ("" if case["whole"] else " ¹")


def even(results: Results) -> str:
    """p50 / p99 by rate."""
    rates = (20, 100, 200, 400, 800)
    rows = []
    for name in ("backchannel", *(peer.name for peer in FANOUT)):
        cases = [find(results, "even", name, rate=rate) for rate in rates]
        rows.append((TITLES[name], *(_even_cell(case) for case in cases)))
    return "p50 / p99 in ms, 1,000 members\n\n" + table(("messages/s", *map(str, rates)), rows)


def _even_cell(case: dict[str, Any] | None) -> str:
    if case is None:
        return "–"
    return f"{ms(case['p50_ms'])} / {ms(case['p99_ms'])}" + ("" if case["whole"] else " ¹")


def sends(results: Results) -> str:
    """Acks a second and p99, by senders."""
    rows = []
    for database, title in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        for name in ("backchannel", "django-view"):
            cases = [find(results, "sends", name, database=database, at_once=at, rate=None) for at in (1, 32, 256)]
            rows.append((f"{TITLES[name]}, {title}", *(_send_cell(case) for case in cases)))
    half = [
        f"{case['database']}: {case['rate']:,}/s with p50 {ms(case['p50_ms'])} ms and p99 {ms(case['p99_ms'])} ms"
        for case in (results.get("sends") or {"cases": []})["cases"]
        if case["server"] == "backchannel" and case.get("rate")
    ]
    listed = f"\n\nOurs at half its rate: {'; '.join(half)}." if half else ""
    return "Acks/s (p99 in ms)\n\n" + table(("", "1 at once", "32", "256"), rows) + listed


def _send_cell(case: dict[str, Any] | None) -> str:
    return "–" if case is None else f"{case['per_s']:,} ({ms(case['p99_ms'])})" + ("" if case["whole"] else " ¹")


def http(results: Results) -> str:
    """Requests a second, sends and polls."""
    rows = []
    for name in ("backchannel", "django-view", "django-ninja", "django-drf"):
        cells = []
        for request in ("send", "poll"):
            case = find(results, "http", name, request=request)
            cost = "" if case is None or case["cpu_s_per_100k"] is None else f" ({case['cpu_s_per_100k'] * 10:,.0f} µs)"
            cells.append("–" if case is None else f"{case['per_s']:,}{cost}" + ("" if case["whole"] else " ¹"))
        rows.append((TITLES[name], *cells))
    return "Requests/s (CPU for each)\n\n" + table(("", "send", "poll that has something"), rows)


def polls(results: Results) -> str:
    """Long polls against the WebSocket."""
    rows = []
    for by in ("websocket", "long polls"):
        case = find(results, "polls", "backchannel", by=by)
        if case:
            cost = "–" if case["cpu_s_per_100k"] is None else f"{case['cpu_s_per_100k']:.2f}"
            rows.append((by, cost, ms(case["p50_ms"]), ms(case["p99_ms"]) + ("" if case["whole"] else " ¹")))
    return table(("1,000 members by", "CPU s for 100,000 deliveries", "p50 ms", "p99 ms"), rows)


def memory(results: Results) -> str:
    """KiB for an idle connection."""
    rows = []
    for name in ("backchannel", *(peer.name for peer in PEERS)):
        case = find(results, "memory", name)
        if case:
            cells = (f"{case['kib_per_connection']:.1f}", f"{case['base_mib']:.0f}", f"{case['connections']:,}")
            rows.append((TITLES[name], *cells))
    return table(("", "KiB a connection", "base process, MiB", "connections"), rows)


def start(results: Results) -> str:
    """Seconds to the first answer."""
    case = find(results, "start", "backchannel")
    if not case:
        return "Not measured."
    low, high = case["range"]
    return f"{case['seconds']:.2f} s (from {low:.2f} to {high:.2f}) on a folder with {case['people']:,} people."


def original(results: Results) -> str:
    """The headline of the replaced system."""
    rows = []
    polling = find(results, "original", "polling every 30 s", what="latency")
    here = find(results, "original", "backchannel", what="latency")
    if polling and here and polling["p50_ms"]:
        times = polling["p50_ms"] / here["p50_ms"]
        rows.append(
            (
                "a message shows after, median",
                f"{polling['p50_ms'] / 1000:.1f} s",
                f"{ms(here['p50_ms'])} ms",
                f"{times:,.0f} × sooner",
            )
        )
        rows.append(("… p99", f"{polling['p99_ms'] / 1000:.1f} s", f"{ms(here['p99_ms'])} ms", ""))
    for what, unit in (
        ("requests a minute", "HTTP requests a user and minute"),
        ("bytes an hour", "bytes a user and hour"),
    ):
        for case in (results.get("original") or {"cases": []})["cases"]:
            if case.get("what") == what:
                busy = f"{case['messages_per_hour']:,} messages an hour" if case["messages_per_hour"] else "idle"
                shown = "{:,.0f}".format if what == "bytes an hour" else "{:.3g}".format
                rows.append(
                    (f"{unit}, {busy}", shown(case["polling"]), shown(case["here"]), f"{case['saved']:.1%} fewer")
                )
    return table(("", "polling every 30 s", "here", ""), rows) if rows else "Not measured."


def growth(results: Results) -> str:
    """The four curves as numbers."""
    kept = (results.get("growth") or {"cases": []})["cases"]
    parts = []
    for grows, title in (
        ("members", "members of the room"),
        ("rooms", "rooms of a person"),
        ("history", "messages in the room"),
        ("senders", "senders at once"),
    ):
        cases = [case for case in kept if case.get("grows") == grows]
        if not cases:
            continue
        head: tuple[str, ...]
        rows: list[tuple[str, ...]]
        if grows == "rooms":
            head = (title, "CPU ms for a connect", "KiB a connection", "connects/s")
            rows = [
                (
                    f"{c['at']:,}",
                    f"{c['cpu_ms_per_connect']:.2f}",
                    f"{c['kib_per_connection']:.1f}",
                    str(c["connects_per_s"]),
                )
                for c in cases
            ]
        elif grows == "history":
            head = (title, "send, p50 ms", "page of 50 in the middle", "200 events")
            sizes = sorted({case["at"] for case in cases})
            rows = [
                (
                    f"{size:,}",
                    *(
                        next((ms(c["p50_ms"]) for c in cases if c["at"] == size and c["what"] == what), "–")
                        for what in ("send", "page", "events")
                    ),
                )
                for size in sizes
            ]
        else:
            head = (title, "a second", "CPU s for 100,000", "p50 ms", "p99 ms")
            rows = [
                (f"{c['at']:,}", si(c["per_s"]), f"{c['cpu_s_per_100k'] or 0:.2f}", ms(c["p50_ms"]), ms(c["p99_ms"]))
                for c in cases
            ]
        parts.append(table(head, rows))
    return "\n\n".join(parts) if parts else "Not measured."


def storm(results: Results) -> str:
    """A node restarts under everybody."""
    return anything(results, "storm")


def reads(results: Results) -> str:
    """Pages, lists and events."""
    return anything(results, "reads")


def search(results: Results) -> str:
    """Searches by what is asked and in how many rooms, one table for each database and size."""
    cases = (results.get("search") or {"cases": []})["cases"]
    found = {(c["server"], c["messages"], c["search"], c["rooms"]): c for c in cases}
    parts = []
    for server, messages in dict.fromkeys((c["server"], c["messages"]) for c in cases if "partial" in c):
        rooms = list(dict.fromkeys(c["rooms"] for c in cases if "partial" in c))
        rows = []
        for asked in dict.fromkeys(c["search"] for c in cases if "partial" in c):
            own = found.get((f"{server}, its own rank", messages, asked, "all"))
            cells = [_search_cell(found.get((server, messages, asked, each))) for each in rooms]
            rows.append((asked, *cells, ms(own["p50_ms"]) if own else ""))
        indexing = found.get((server, messages, "indexing", "500 rooms"))
        title = f"{server}, {messages:,} messages" + (f", indexed in {indexing['index_s']} s" if indexing else "")
        parts.append(table((title, *(f"{each}: p50, p99 ms" for each in rooms), "its own ranking, ms"), rows))
    return "\n\n".join(parts) if parts else "Not measured."


def _search_cell(case: dict[str, Any] | None) -> str:
    if case is None:
        return "–"
    partial = f" ({case['partial']} of {case['runs']} partial)" if case["partial"] else ""
    return f"{ms(case['p50_ms'])}, {ms(case['p99_ms'])}{partial}"


def browser(results: Results) -> str:
    """A long room in a browser: frames, what is drawn, and memory."""
    cases = (results.get("browser") or {"cases": []})["cases"]
    frames, drawn, memory = ([c for c in cases if c["what"] == what] for what in ("frames", "drawn", "memory"))
    parts = []
    head: tuple[str, ...]
    if frames:
        head = (
            "",
            "frames/s",
            "frame, p50 ms",
            "p99 ms",
            "max ms",
            "tasks > 50 ms, of frames",
            "page's CPU, ms for a message",
        )
        parts.append(
            table(
                head,
                [
                    (
                        TITLES[c["server"]],
                        f"{c['fps']:.1f}",
                        *(ms(c[f"frame_ms_{which}"]) for which in ("p50", "p99", "max")),
                        f"{c['long_task_share']:.1%}",
                        f"{c['main_thread_ms_per_message']:.2f}",
                    )
                    for c in frames
                ],
            )
        )
    if drawn:
        head = ("", "messages", "commits", "new rows drawn", "old rows, as they changed", "old rows, for nothing")
        names = ("messages", "commits", "rows_new", "rows_drawn_changed", "rows_drawn_for_nothing")
        parts.append(table(head, [(TITLES[c["server"]], *(f"{c[name]:,}" for name in names)) for c in drawn]))
    for c in memory:
        heap, nodes = (", ".join(f"{value:,}" for value in c[name]) for name in ("heap_mib", "nodes"))
        parts.append(
            f"{TITLES[c['server']]}, {c['messages']:,} messages at {c['rate']:,} a second: heap after collection, at the"
            f" start and after each quarter, {heap} MiB; nodes of the document {nodes}."
        )
    return "\n\n".join(parts) if parts else "Not measured."


def files(results: Results) -> str:
    """One file beside nginx' PUT; the chat alone and beside 20 files."""
    cases = (results.get("files") or {"cases": []})["cases"]
    single = [c for c in cases if c["what"] == "one file"]
    chat = [c for c in cases if c["what"] != "one file"]
    parts = []
    if single:
        head = (f"one file of {single[0]['mib']} MiB", "MiB/s", "range", "server's CPU, s")
        rows = [
            (
                TITLES.get(c["server"], f"{c['server']}, dav"),
                f"{c['mib_per_s']:,.0f}",
                "–".join(f"{each:,.0f}" for each in c["mib_per_s_range"]),
                f"{c['server_cpu_s']:.2f}",
            )
            for c in single
        ]
        parts.append(table(head, rows))
    if chat:
        about = ("20 messages/s to 1,000 members", "files", "p50 ms", "p99 ms", "range", "memory before, most, MiB")
        lines = [
            (
                c["what"],
                f"{c['senders']} × {c['mib']} MiB, {c['pace']}, in {c['seconds']:.0f} s" if "senders" in c else "–",
                ms(c["p50_ms"]),
                ms(c["p99_ms"]),
                "–".join(ms(each) for each in c["p99_ms_range"]),
                f"{c['rss_mib_before']:.0f}, {c['rss_mib_most']:.0f}" if "senders" in c else "",
            )
            for c in chat
        ]
        parts.append(table(about, lines))
    return "\n\n".join(parts) if parts else "Not measured."


def anything(results: Results, row: str) -> str:
    """Every case of a row whose measurements only its own folder knows: one line for each, with its figures by name."""
    lines = []
    for case in (results.get(row) or {"cases": []})["cases"]:
        figures = [f"{name} {value}" for name, value in case.items() if name not in ("server", "commit", "at", "each")]
        lines.append(f"- {TITLES.get(case['server'], case['server'])}: {', '.join(figures)}")
    return "\n".join(lines) if lines else "Not measured."


def missing(results: Results) -> str:
    """What this run could not have."""
    lines = [f"- {row}: {what}" for row, result in results.items() if result for what in result["missing"]]
    return "\n".join(lines) if lines else "Everything in this run could be had."


def si(value: float) -> str:
    """1,234 → 1.23k."""
    from lab.bench.svg import number

    return number(value)


def ms(value: float) -> str:
    """Milliseconds: two digits that count below 10, none after the point above."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
