"""Runs one seed: traffic and faults, then the end of all faults, then quiet, then the checks."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
from redis import RedisError
from websockets.exceptions import WebSocketException

from lab.chaos import final_state, people
from lab.chaos.catalogue import CATALOGUE, KINDS
from lab.chaos.cluster import Cluster, cluster_of
from lab.chaos.history import History
from lab.chaos.outcome import Outcome, Settings, count, vanished
from lab.chaos.pages import Pages
from lab.chaos.people import Participants
from lab.chaos.plan import Injection, moments, plan
from lab.checker.checks import check
from machine import Missing

QUIET_WITHIN_S = 150.0
# Heartbeats detect silent links within 20 s; after that the devices get a wake event, as when a lid is opened.
WAKE_AFTER_S = 25.0

# Raised by a fault that is impossible at its moment: nothing was injected.
IMPOSSIBLE = (OSError, LookupError, psycopg.Error, RedisError, httpx.HTTPError, WebSocketException, Missing)


def run(settings: Settings, program: Path, folder: Path) -> Outcome:
    """The history stays in `folder`/history.jsonl."""
    began = time.monotonic()
    folder.mkdir(parents=True)
    history = History(folder / "history.jsonl")
    outcome = Outcome(settings)
    networks = (*people.DEVICE_GROUPS, *people.PAGES[: settings.pages])
    nodes = settings.nodes if settings.database == "postgres" else 1
    with cluster_of(settings.database, nodes, networks, folder, random.Random(settings.seed)) as cluster:
        participants = people.create(cluster, settings.pages)
        cluster.devices = people.devices(cluster, participants, program, settings.seed, settings.pause_ms, history)
        pages = _pages(cluster, participants, history)
        try:
            _start(cluster, pages)
            _break(cluster, settings, outcome, history)
            outcome.quiet_s = _wait_complete(cluster, pages, history)
            _record_end(cluster, participants, pages, history)
        except AssertionError as broken:
            history.add("fault", detail=str(broken))
        finally:
            for group in cluster.devices.values():
                group.stop()
            pages.stop()
            history.close()
    outcome.anomalies = check(history.records) + vanished(history.records)
    count(outcome, history.records)
    outcome.seconds = time.monotonic() - began
    return outcome


def _pages(cluster: Cluster, participants: Participants, history: History) -> Pages:
    users = [(account, cluster.networks[account.username]) for account in participants.page_users]
    return Pages(users, people.server_of(cluster), participants.page_room, history)


def _start(cluster: Cluster, pages: Pages) -> None:
    for group in cluster.devices.values():
        group.start()
    pages.start()
    pages.ready.wait()


def _break(cluster: Cluster, settings: Settings, outcome: Outcome, history: History) -> None:
    held: dict[Injection, Any] = {}
    began = time.monotonic()
    for moment in moments(plan(settings.seed, KINDS, cluster.targets, settings.injections)):
        time.sleep(max(0.0, began + moment.at_s - time.monotonic()))
        injection = moment.injection
        fault = CATALOGUE[injection.kind]
        if moment.does == "begin":
            try:
                held[injection] = fault.begin(cluster, injection)
            except IMPOSSIBLE as why:
                history.add("missed", kind=injection.kind, target=injection.target, why=f"{type(why).__name__}: {why}")
            else:
                outcome.injected[injection.kind] += 1
                history.add("injected", kind=injection.kind, target=injection.target, lasts_s=injection.lasts_s)
        elif injection in held:
            _end(cluster, injection, held.pop(injection), history)
        cluster.supervise({each.target for each in held if each.until_s > moment.at_s})
    for injection, state in held.items():
        if injection.lasts_s:
            _end(cluster, injection, state, history)


def _end(cluster: Cluster, injection: Injection, state: Any, history: History) -> None:
    try:
        CATALOGUE[injection.kind].end(cluster, injection, state)
        history.add("healed", kind=injection.kind, target=injection.target)
    except IMPOSSIBLE as why:
        history.add("unhealed", kind=injection.kind, target=injection.target, why=f"{type(why).__name__}: {why}")


def _wait_complete(cluster: Cluster, pages: Pages, history: History) -> float:
    """End all faults and all traffic, wait until every device is complete, and return the seconds that took."""
    for group in cluster.devices.values():
        group.resume()
        group.start()
        group.stop_talking()
    pages.stop_talking()
    cluster.heal()
    history.add("healed", kind="everything", target="everything")
    healed = time.monotonic()
    woken = False
    while True:
        waits_for = _waits_for(cluster)
        waited = time.monotonic() - healed
        if not waits_for or waited > QUIET_WITHIN_S:
            break
        if waited > WAKE_AFTER_S and not woken:
            woken = True
            for group in cluster.devices.values():
                group.wake()
        time.sleep(1)
    history.add("quiet", reached=not waits_for, waits_for=waits_for)
    for what, event in cluster.expected:
        if not event.wait(max(0.0, QUIET_WITHIN_S - (time.monotonic() - healed))):
            history.add("fault", detail=f"it never came true that {what}")
    return time.monotonic() - healed


def _waits_for(cluster: Cluster) -> str:
    devices = [device for group in cluster.devices.values() for device in group.status()]
    with cluster.query() as query:
        return final_state.waits_for(devices, final_state.logs(query, time.time()))


def _record_end(cluster: Cluster, participants: Participants, pages: Pages, history: History) -> None:
    with cluster.query() as query:
        stored = final_state.logs(query, time.time())
        edited = {
            str(row[0]).replace("-", "")
            for row in query("SELECT id FROM backchannel_message WHERE edited_us IS NOT NULL")
        }
    for log in stored:
        history.add("log", **log)
    for group in cluster.devices.values():
        group.view()
    [room] = [log for log in stored if log["room"] == participants.page_room["id"]]
    _record_typed(cluster, pages, room, history)
    lasting = [m for m in room["messages"] if not m["deleted"] and m["id"].replace("-", "") not in edited]
    pages.judge([message["content"] for message in lasting])


def _record_typed(cluster: Cluster, pages: Pages, room: final_state.Log, history: History) -> None:
    """Record what was typed in pages, and a fault for each text that is not stored exactly once."""
    by_content: dict[str, list[str]] = {}
    for message in room["messages"]:
        by_content.setdefault(message["content"], []).append(message["id"])
    for username, texts in pages.written.items():
        for text in texts:
            ids = by_content.get(text, [])
            for id_ in ids:
                user = cluster.user_ids[username]
                history.add("send", client=username, user=user, room=room["room"], id=id_, content=text)
            if len(ids) != 1:
                history.add("fault", detail=f"{text!r} was typed once and is stored {len(ids)} times")
