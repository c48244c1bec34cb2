"""Why did Cleo not get the message? One sentence for each state of the evidence, and no step that is guessed."""

from typing import Any

import pytest

from backchannel.evidence.causes import Cause
from backchannel.fleet.connection import Connection
from backchannel.fleet.facts import Facts
from backchannel.fleet.steps import steps
from backchannel.fleet.verdict import verdict
from backchannel.protocol.times import from_wire

ROOM, SEQ = 7, 1042
PHONE, LAPTOP = 1, 2


def at(clock: str) -> int:
    return from_wire(f"2026-11-30T{clock}Z")


def link(since: str, until: str | None = None, transport: Any = "websocket", seen: int = 0, **more: Any) -> Connection:
    fields = {"agent": "chrome 131, windows", "device": LAPTOP, **more}
    return Connection(
        transport=transport,
        since_us=at(since),
        until_us=None if until is None else at(until),
        seen={ROOM: seen} if seen else {},
        **fields,
    )


def facts(*connections: Connection, now: str = "15:00:00", **more: Any) -> Facts:
    fields: dict[str, Any] = {
        "now_us": at(now),
        "analytics": "on",
        "name": "Cleo",
        "is_sender": False,
        "state": "member",
        "room": ROOM,
        "seq": SEQ,
        "committed_us": at("14:02:05"),
        "nodes": 1,
        "connections": connections,
        **more,
    }
    return Facts(**fields)


STRIPPED: dict[str, Any] = {"live": False, "cause": "upgrade_stripped", "network": "203.0.113.0/24"}
CASES = {
    "sender": (facts(is_sender=True), "Cleo sent it; it was committed at 14:02:05 UTC."),
    "stranger": (
        facts(state="none"),
        "Cleo is not in this room, so it is not for them; it was committed at 14:02:05 UTC.",
    ),
    "left": (
        facts(state="left", left_seq=1000),
        "Cleo had left this room before it was committed at 14:02:05 UTC, so it is not for them.",
    ),
    "joined later": (
        facts(joined_seq=1100),
        "Cleo joined this room after it was committed at 14:02:05 UTC: it reaches them when they open its history.",
    ),
    "live": (
        facts(link("13:00:00", "14:30:00", seen=SEQ)),
        "Cleo (chrome 131, windows) had it by 14:30:00 UTC at the latest, over the WebSocket; it was committed at 14:02:05 UTC.",
    ),
    "asleep": (
        facts(
            link("13:00:00", "14:01:00", cause="asleep", agent="safari 18, ios", device=PHONE),
            link("14:31:00", "14:40:00", seen=SEQ + 3, agent="safari 18, ios", device=PHONE),
        ),
        (
            "Cleo was not connected from 14:01:00 UTC (the device was asleep) to 14:31:00 UTC; Cleo (safari 18, ios) had it by 14:40:00 UTC "
            "at the latest, over the WebSocket."
        ),
    ),
    "asleep, not noticed yet at the commit": (
        facts(
            link("13:00:00", "14:02:40", cause="asleep"),
            link("14:31:00", "14:40:00", seen=SEQ),
        ),
        (
            "The connection of Cleo that was open then ended at 14:02:40 UTC (the device was asleep), and had not confirmed it; Cleo (chrome "
            "131, windows) had it by 14:40:00 UTC at the latest, over the WebSocket."
        ),
    ),
    "awake again": (
        facts(link("13:00:00", "14:01:00", cause="asleep"), link("14:31:00"), now="14:31:10"),
        (
            "Cleo was not connected from 14:01:00 UTC (the device was asleep) to 14:31:00 UTC; Cleo (chrome 131, windows) is connected over "
            "the WebSocket since 14:31:00 UTC and should confirm it within a minute."
        ),
    ),
    "awake again, and read": (
        facts(link("13:00:00", "14:01:00", cause="asleep"), link("14:31:00"), now="14:31:10", read_seq=SEQ),
        (
            "Cleo was not connected from 14:01:00 UTC (the device was asleep) to 14:31:00 UTC; Cleo has read it; which connection brought it "
            "is not kept."
        ),
    ),
    "asleep, and read over a connection that is not known yet": (
        facts(link("13:00:00", "14:02:40", cause="asleep"), now="14:31:02", read_seq=SEQ),
        (
            "The connection of Cleo that was open then ended at 14:02:40 UTC (the device was asleep), and had not confirmed it; Cleo has "
            "read it; which connection brought it is not kept."
        ),
    ),
    "first connected later": (
        facts(link("14:31:00", "14:40:00", seen=SEQ)),
        (
            "Cleo was not connected before 14:31:00 UTC; Cleo (chrome 131, windows) had it by 14:40:00 UTC at the latest, over the WebSocket."
        ),
    ),
    "on HTTP": (
        facts(
            link("13:59:00", "13:59:00", **STRIPPED),
            link("14:00:00", "14:20:00", "http", seen=SEQ),
        ),
        (
            "Cleo (chrome 131, windows) had it by 14:20:00 UTC at the latest, over HTTP; it was committed at 14:02:05 UTC; it was on HTTP "
            "because a proxy removes the Upgrade header in 203.0.113.0/24."
        ),
    ),
    "read": (facts(read_seq=SEQ), "Cleo has read it; which connection brought it is not kept."),
    "anonymous": (
        facts(analytics="anonymous"),
        (
            "It was committed at 14:02:05 UTC; whether it has reached Cleo is not known, as nothing is kept of people's connections "
            "(analytics is anonymous)."
        ),
    ),
    "on its way": (
        facts(link("14:00:00"), now="14:02:20"),
        "Cleo (chrome 131, windows) is connected over the WebSocket since 14:00:00 UTC and should confirm it within a minute.",
    ),
    "not confirmed": (
        facts(link("14:00:00")),
        "Cleo (chrome 131, windows) is connected over the WebSocket since 14:00:00 UTC and has not confirmed it, for 57 minutes.",
    ),
    "away": (
        facts(link("13:00:00", "13:40:00", cause="offline")),
        "Cleo has not been connected since 13:40:00 UTC (the device had no network): it waits for them.",
    ),
    "away, and refused": (
        facts(link("13:00:00", "13:40:00"), link("14:10:00", "14:10:00", live=False, cause="refused_auth")),
        (
            "Cleo has not been connected since 13:40:00 UTC; an attempt since then failed, because the sign-in was not accepted: "
            "it waits for them."
        ),
    ),
    "never": (
        facts(),
        "It was committed at 14:02:05 UTC, and nothing is known of any connection of Cleo: it waits for them.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_one_sentence(name: str) -> None:
    given, expected = CASES[name]
    assert verdict(given) == expected


def test_a_message_of_another_day_has_its_day() -> None:
    given = facts(committed_us=from_wire("2026-11-29T23:59:59Z"), is_sender=True)
    assert verdict(given) == "Cleo sent it; it was committed at 23:59:59 UTC on 2026-11-29."


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_words(cause: Cause) -> None:
    text = verdict(facts(link("13:00:00", "13:40:00", cause=cause.value)))
    assert cause.value == "unknown" or f"({cause.value})" not in text


def shown_by(given: Facts) -> dict[str, tuple[str, str, str | None, str | None]]:
    return {each.step: (each.state, each.evidence, each.earliest, each.latest) for each in steps(given)}


def test_only_the_commit_is_exact_and_the_rest_has_bounds() -> None:
    sender = link("12:00:00", "18:00:00", device=9)
    shown = shown_by(facts(link("13:00:00", "14:30:00", seen=SEQ), of_sender=[sender], nodes=2, read_seq=SEQ))
    committed = "2026-11-30T14:02:05Z"
    assert shown == {
        "typed": ("done", "bounded", None, committed),
        "tried": ("done", "bounded", None, committed),
        "committed": ("done", "exact", committed, committed),
        "published": ("done", "bounded", committed, None),
        "written": ("done", "bounded", committed, None),
        "seen": ("done", "bounded", committed, "2026-11-30T14:30:00Z"),
        "read": ("done", "bounded", committed, "2026-11-30T15:00:00Z"),
    }


def test_what_nothing_is_kept_of_is_unknown() -> None:
    shown = shown_by(facts(analytics="off", nodes=None))
    for step in ("published", "written", "seen"):
        assert shown[step][:2] == ("unknown", "unknown")
    assert shown["committed"][1] == "exact"
    assert shown["read"][:2] == ("open", "exact")


def test_the_sender_of_a_direct_room_is_not_shown_by_their_transport() -> None:
    step = steps(facts(of_sender=[link("12:00:00")], sender_is_known=False))[1]
    assert (step.evidence, step.transport) == ("unknown", None)


def test_a_sender_on_both_transports_leaves_open_which_one_it_was() -> None:
    both = [link("12:00:00"), link("12:00:00", transport="http")]
    step = steps(facts(of_sender=both))[1]
    assert (step.evidence, step.transport) == ("unknown", None)
