"""One seed: people talk, things break, everything is healed, it becomes quiet, and what happened is judged."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
from redis import RedisError
from websockets.exceptions import WebSocketException

from lab.chaos import final_state as ending
from lab.chaos import people as casting
from lab.chaos.catalogue import CATALOGUE, KINDS
from lab.chaos.cluster import Arena, arena, rows
from lab.chaos.history import History
from lab.chaos.outcome import Outcome, Settings, count, vanished
from lab.chaos.pages import Pages
from lab.chaos.people import Cast
from lab.chaos.plan import Injection, moments, plan
from lab.checker.checks import check
from machine import Missing

QUIET_WITHIN_S = 150.0
# Links that fell silent are found out by heartbeats, 20 s at most; only then the devices are woken as if a lid was opened.
WAKE_AFTER_S = 25.0

# A fault that is impossible at its moment: nothing was injected.
IMPOSSIBLE = (OSError, LookupError, psycopg.Error, RedisError, httpx.HTTPError, WebSocketException, Missing)


def run(settings: Settings, program: Path, folder: Path) -> Outcome:
    """The history stays in `folder`/history.jsonl."""
    began = time.monotonic()
    folder.mkdir(parents=True)
    history = History(folder / "history.jsonl")
    outcome = Outcome(settings)
    networks = (*casting.TROUPES, *casting.PAGES[: settings.pages])
    nodes = settings.nodes if settings.database == "postgres" else 1
    with arena(settings.database, nodes, networks, folder, random.Random(settings.seed)) as stage:
        cast = casting.gather(stage, settings.pages)
        stage.troupes = casting.troupes(stage, cast, program, settings.seed, settings.pause_ms, history)
        pages = _pages(stage, cast, history)
        try:
            _start(stage, pages)
            _break(stage, settings, outcome, history)
            outcome.quiet_s = _come_to_rest(stage, pages, history)
            _tell_end(stage, cast, pages, history)
        except AssertionError as broken:
            history.add("fault", detail=str(broken))
        finally:
            for troupe in stage.troupes.values():
                troupe.stop()
            pages.stop()
            history.close()
    outcome.anomalies = check(history.records) + vanished(history.records)
    count(outcome, history.records)
    outcome.seconds = time.monotonic() - began
    return outcome


def _pages(stage: Arena, cast: Cast, history: History) -> Pages:
    people = [(account, stage.networks[account.username]) for account in cast.screens]
    return Pages(people, casting.server_of(stage), cast.screen_room, history)


def _start(stage: Arena, pages: Pages) -> None:
    for troupe in stage.troupes.values():
        troupe.start()
    pages.start()
    pages.ready.wait()


def _break(stage: Arena, settings: Settings, outcome: Outcome, history: History) -> None:
    held: dict[Injection, Any] = {}
    began = time.monotonic()
    for moment in moments(plan(settings.seed, KINDS, stage.targets, settings.injections)):
        time.sleep(max(0.0, began + moment.at_s - time.monotonic()))
        injection = moment.injection
        fault = CATALOGUE[injection.kind]
        if moment.does == "begin":
            try:
                held[injection] = fault.begin(stage, injection)
            except IMPOSSIBLE as why:
                history.add("missed", kind=injection.kind, target=injection.target, why=f"{type(why).__name__}: {why}")
            else:
                outcome.injected[injection.kind] += 1
                history.add("injected", kind=injection.kind, target=injection.target, lasts_s=injection.lasts_s)
        elif injection in held:
            _end(stage, injection, held.pop(injection), history)
        stage.supervise({each.target for each in held if each.until_s > moment.at_s})
    for injection, state in held.items():
        if injection.lasts_s:
            _end(stage, injection, state, history)


def _end(stage: Arena, injection: Injection, state: Any, history: History) -> None:
    try:
        CATALOGUE[injection.kind].end(stage, injection, state)
        history.add("healed", kind=injection.kind, target=injection.target)
    except IMPOSSIBLE as why:
        history.add("unhealed", kind=injection.kind, target=injection.target, why=f"{type(why).__name__}: {why}")


def _come_to_rest(stage: Arena, pages: Pages, history: History) -> float:
    """Heal everything, let everybody fall silent, and wait until all have everything; how long that took."""
    for troupe in stage.troupes.values():
        troupe.go_on()
        troupe.start()
        troupe.hush()
    pages.hush()
    stage.heal()
    history.add("healed", kind="everything", target="everything")
    healed = time.monotonic()
    woken = False
    while True:
        waits_for = _waits_for(stage)
        waited = time.monotonic() - healed
        if not waits_for or waited > QUIET_WITHIN_S:
            break
        if waited > WAKE_AFTER_S and not woken:
            woken = True
            for troupe in stage.troupes.values():
                troupe.wake()
        time.sleep(1)
    history.add("quiet", reached=not waits_for, waits_for=waits_for)
    for what, event in stage.expected:
        if not event.wait(max(0.0, QUIET_WITHIN_S - (time.monotonic() - healed))):
            history.add("fault", detail=f"it never came true that {what}")
    return time.monotonic() - healed


def _waits_for(stage: Arena) -> str:
    devices = [device for troupe in stage.troupes.values() for device in troupe.status()]
    with rows(stage) as query:
        return ending.waits_for(devices, ending.logs(query, time.time()))


def _tell_end(stage: Arena, cast: Cast, pages: Pages, history: History) -> None:
    with rows(stage) as query:
        stored = ending.logs(query, time.time())
        edited = {
            str(row[0]).replace("-", "")
            for row in query("SELECT id FROM backchannel_message WHERE edited_us IS NOT NULL")
        }
    for log in stored:
        history.add("log", **log)
    for troupe in stage.troupes.values():
        troupe.view()
    [room] = [log for log in stored if log["room"] == cast.screen_room["id"]]
    _tell_typed(stage, pages, room, history)
    lasting = [m for m in room["messages"] if not m["deleted"] and m["id"].replace("-", "") not in edited]
    pages.judge([message["content"] for message in lasting])


def _tell_typed(stage: Arena, pages: Pages, room: ending.Log, history: History) -> None:
    """What was typed in a page: stored once, or else it is told."""
    by_content: dict[str, list[str]] = {}
    for message in room["messages"]:
        by_content.setdefault(message["content"], []).append(message["id"])
    for username, texts in pages.written.items():
        for text in texts:
            ids = by_content.get(text, [])
            for id_ in ids:
                user = stage.user_ids[username]
                history.add("send", client=username, user=user, room=room["room"], id=id_, content=text)
            if len(ids) != 1:
                history.add("fault", detail=f"{text!r} was typed once and is stored {len(ids)} times")
