"""A room of 10,000 messages open in a browser while 100 more arrive every second, in the app and in a plain list.

The system's Chromium, driven by Playwright, with the app as it is built, signed in to the real server; the load generator
speaks for nine other members. The browser has both cores, beside the server and the generator, which need little of them.

- frames: how far apart the page's animation frames are, and which tasks took over 50 ms; nothing else is watched meanwhile.
- drawn: which rows React draws, in runs of their own, as looking costs time.
- memory: the heap after a forced collection, before and after many messages that arrive faster than anybody reads.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from lab.bench.generator import Generator, generator, member_lines
from lab.bench.results import Bench
from lab.bench.servers import CACHE, ROOT, Missing, Server, backchannel
from lab.bench.stats import is_whole

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

HERE = Path(__file__).parent
HISTORY = 10_000
MEMBERS = 10
RATE = 100
SECONDS = 10
DRAWN_SECONDS = 5
MEMORY_MESSAGES, MEMORY_RATE = 100_000, 300
LONG_TASK_MS = 50
PATIENCE_S = 60
PLAIN = "plain-list"
WINDOW = {"width": 1200, "height": 900}
LAST_SHOWN = "() => [...document.querySelectorAll('article[data-message]')].at(-1)?.dataset.message"


def run(bench: Bench) -> None:
    """The app, then the plain list, each in a browser of its own and against a server of its own."""
    from machine import CHROMIUM_NAMES

    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        raise Missing("the browser's row needs Chromium: python3 tools/prepare.py chromium")
    bench.miss("stream-chat-react in the browser: its components need its vendor's service, or a copy of its protocol")
    for name, measure in (("backchannel", _app), (PLAIN, _plain)):
        if bench.wants(name):
            with _server() as (server, cookie), _page(chromium, server, cookie) as page:
                room = server.world["history"][str(HISTORY)]
                with generator(server, "backchannel", member_lines(server, room, MEMBERS)[1:]) as load:
                    load.connect(MEMBERS - 1)
                    measure(bench, server, page, load, room)


def _app(bench: Bench, server: Server, page: Page, load: Generator, room: int) -> None:
    token = server.world["tokens"][0]
    # Read, as it is for somebody who sits in the room; else it opens where reading stopped.
    server.call("PUT", f"/api/rooms/{room}/read", {"seq": HISTORY}, token)
    page.goto(f"{server.url}/rooms/{room}")
    _until_shown(page, server, room)
    _frames(bench, "backchannel", page, server, load, room)
    _drawn(bench, "backchannel", page, server, load, room)
    try:
        _memory(bench, page, server, load, room)
    except Missing as missing:
        bench.miss(f"memory of the browser: {missing}")


def _plain(bench: Bench, server: Server, page: Page, load: Generator, room: int) -> None:
    script = _built()
    document = '<!doctype html><meta charset="utf-8"><title>Plain</title><div id="root"></div><script src="/plain.js"></script>'
    page.route("**/plain", lambda route: route.fulfill(content_type="text/html", body=document))
    page.route("**/plain.js", lambda route: route.fulfill(content_type="text/javascript", body=script))
    page.goto(f"{server.url}/plain#{room}")
    _until_shown(page, server, room)
    _frames(bench, PLAIN, page, server, load, room)
    _drawn(bench, PLAIN, page, server, load, room)


def _frames(bench: Bench, name: str, page: Page, server: Server, load: Generator, room: int) -> None:
    runs = []
    session = page.context.new_cdp_session(page)
    # By the thread's own clock: other programs on the machine are not in it.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    seconds = SECONDS / 2 if bench.quick else SECONDS
    for _ in range(bench.runs):
        work = _metrics(session)["TaskDuration"]
        found, answer = _watched(page, load, seconds, drawing=False)
        worked = _metrics(session)["TaskDuration"] - work
        late = _until_shown(page, server, room)
        frames = found["frames"]
        runs.append(
            {
                "fps": round(len(frames) * 1000 / sum(frames), 1),
                "frame_ms_p50": round(median(frames), 1),
                "frame_ms_p99": round(quantiles(frames, n=100)[98], 1),
                "frame_ms_max": round(max(frames), 1),
                "frames": len(frames),
                "long_tasks": len(found["longTasks"]),
                "long_task_ms_max": round(max(found["longTasks"], default=0)),
                "main_thread_ms_per_message": round(worked * 1000 / answer["messages"], 2),
                "shown_after_s": late,
                "others_cores": round(max(0.0, answer["others_cpu_s"] - worked) / answer["seconds"], 2),
                "whole": is_whole(answer),
            }
        )
    names = ("fps", "frame_ms_p50", "frame_ms_p99", "frame_ms_max", "frames", "long_tasks", "long_task_ms_max")
    more = ("main_thread_ms_per_message", "shown_after_s", "others_cores")
    shown = {each: round(median(run[each] for run in runs), 2) for each in names + more}
    share = median(run["long_tasks"] / run["frames"] for run in runs)
    whole = all(run["whole"] for run in runs)
    about = {"what": "frames", "held": HISTORY, "rate": RATE}
    bench.add(
        name, {"runs": len(runs), **shown, "long_task_share": round(share, 4), "whole": whole}, **about, each=runs
    )


def _drawn(bench: Bench, name: str, page: Page, server: Server, load: Generator, room: int) -> None:
    found, answer = _watched(page, load, DRAWN_SECONDS, drawing=True)
    _until_shown(page, server, room)
    shown = {
        "messages": answer["messages"],
        "commits": found["commits"],
        "rows_new": found["added"],
        "rows_drawn_changed": found["drawnChanged"],
        "rows_drawn_for_nothing": found["drawnForNothing"],
        "whole": is_whole(answer),
    }
    bench.add(name, shown, what="drawn", held=HISTORY, rate=RATE)


def _memory(bench: Bench, page: Page, server: Server, load: Generator, room: int) -> None:
    messages = MEMORY_MESSAGES // 10 if bench.quick else MEMORY_MESSAGES
    heap = [_heap(page)]
    whole = True
    for _ in range(4):
        answer = load.command(
            "even", rate=MEMORY_RATE, seconds=messages / 4 / MEMORY_RATE, senders=MEMBERS - 1, patience=60
        )
        _until_shown(page, server, room)
        whole = whole and is_whole(answer)
        heap.append(_heap(page))
    shown = {
        "messages": messages,
        "heap_mib": [round(each["bytes"] / 2**20, 1) for each in heap],
        "nodes": [each["nodes"] for each in heap],
        "grown_mib": round((heap[-1]["bytes"] - heap[0]["bytes"]) / 2**20, 1),
        "whole": whole,
    }
    bench.add("backchannel", shown, what="memory", held=HISTORY, rate=MEMORY_RATE)


def _watched(page: Page, load: Generator, seconds: float, *, drawing: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    page.evaluate("(drawing) => watching.start(drawing)", drawing)
    answer = load.command("even", rate=RATE, seconds=seconds, senders=MEMBERS - 1, patience=30)
    return page.evaluate("() => watching.stop()"), answer


def _until_shown(page: Page, server: Server, room: int) -> float:
    """Wait until the room's last message is the last one on screen: seconds that took."""
    token = server.world["tokens"][0]
    last = server.call("GET", f"/api/rooms/{room}/messages?limit=1", token=token)["messages"][-1]["id"]
    began = time.monotonic()
    shown = None
    while time.monotonic() - began < PATIENCE_S:
        shown = page.evaluate(LAST_SHOWN)
        if shown == last:
            return round(time.monotonic() - began, 2)
        page.wait_for_timeout(20)
    raise Missing(f"the room's last message was not shown within {PATIENCE_S} s: {last}, but {shown}")


def _heap(page: Page) -> dict[str, int]:
    """Bytes of JavaScript's heap and nodes of the document, after everything that can go has gone."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
        page.wait_for_timeout(300)
    metrics = _metrics(session)
    session.detach()
    return {"bytes": int(metrics["JSHeapUsedSize"]), "nodes": int(metrics["Nodes"])}


def _metrics(session: CDPSession) -> dict[str, float]:
    return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}


def _built() -> str:
    """The plain list's script."""
    argv = [str(ROOT / "node_modules" / ".bin" / "vite"), "build", "--config", str(HERE / "vite.config.ts")]
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Missing(f"the plain list could not be built: {ran.stderr.strip().splitlines()[-1]}")
    return (CACHE / "plain" / "plain.js").read_text()


@contextmanager
def _server() -> Iterator[tuple[Server, dict[str, str]]]:
    """The server with the room, and the cookie of its first person."""
    data = tempfile.mkdtemp(prefix="bench-data-")
    try:
        with backchannel(
            ["--people", str(MEMBERS), "--history", str(HISTORY)], env={"BACKCHANNEL_DATA": data}
        ) as server:
            argv = [str(ROOT / ".venv" / "bin" / "python"), "-m", "lab.bench.browser.session"]
            env = {**os.environ, "BACKCHANNEL_DATA": data, "BACKCHANNEL_DATABASE_URL": ""}
            ran = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
            if ran.returncode:
                raise Missing(f"nobody could sign in: {ran.stderr.strip().splitlines()[-1]}")
            yield server, json.loads(ran.stdout)
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def _page(chromium: str, server: Server, cookie: dict[str, str]) -> Iterator[Page]:
    """A window of somebody who is signed in, watched from the start."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise Missing("the browser's row needs Playwright: python3 tools/prepare.py venv-dev") from None
    with sync_playwright() as playwright:
        quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        # The plain page comes from nowhere as far as the browser knows, and may speak to this machine all the same.
        local = ["--disable-features=LocalNetworkAccessChecks"]
        precise = ["--enable-precise-memory-info", "--js-flags=--expose-gc"]
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", *quiet, *precise, *local]
        )
        try:
            context = browser.new_context(viewport=WINDOW, locale="en-GB")  # type: ignore[arg-type]
            context.add_cookies([{**cookie, "url": server.url, "httpOnly": True}])  # type: ignore[typeddict-item]
            context.add_init_script(path=HERE / "watch.js")
            yield context.new_page()
        finally:
            browser.close()
