"""What the evidence says of one message's way to one person, in one sentence. Pure."""

from typing import Final

from backchannel.evidence.causes import Cause
from backchannel.fleet.connection import Connection
from backchannel.fleet.facts import Facts
from backchannel.fleet.steps import OVER
from backchannel.protocol.times import to_wire

CONFIRMED_WITHIN_US: Final = 60_000_000
"""Two heartbeats: what arrived is said with the next one."""
_SECOND_US: Final = 1_000_000

_BECAUSE: Final = {
    Cause.BLOCKED_BEFORE: "WebSockets are blocked before they reach the server",
    Cause.UPGRADE_STRIPPED: "a proxy removes the Upgrade header",
    Cause.SWALLOWED_UP: "what the client sends over the WebSocket does not arrive",
    Cause.SWALLOWED_DOWN: "what the server sends over the WebSocket does not arrive",
    Cause.IDLE_CUT: "a proxy cuts connections after the same time",
    Cause.RESTART: "the server restarted",
    Cause.SLOW: "the client did not read fast enough",
    Cause.ASLEEP: "the device was asleep",
    Cause.OFFLINE: "the device had no network",
    Cause.REFUSED_AUTH: "the sign-in was not accepted",
    Cause.REFUSED_ORIGIN: "the page's origin was not accepted",
    Cause.REFUSED_BUSY: "the server was overloaded",
    Cause.UNKNOWN: "the cause is unknown",
}


def verdict(facts: Facts) -> str:
    for rule in (_of_membership, _of_arrival, _of_nothing_kept, _of_connection, _of_absence):
        if found := rule(facts):
            return found
    return f"It was committed at {_at(facts, facts.committed_us)}, and nothing is known of any connection of {facts.name}: it waits for them."


def _of_membership(facts: Facts) -> str | None:
    at = _at(facts, facts.committed_us)
    if facts.is_sender:
        return f"{facts.name} sent it; it was committed at {at}."
    if facts.state == "none":
        return f"{facts.name} is not in this room, so it is not for them; it was committed at {at}."
    if facts.left_seq is not None and facts.state != "member" and facts.left_seq < facts.seq:
        return f"{facts.name} had left this room before it was committed at {at}, so it is not for them."
    if facts.joined_seq > facts.seq:
        return (
            f"{facts.name} joined this room after it was committed at {at}: it reaches them when they open its history."
        )
    return None


def _of_arrival(facts: Facts) -> str | None:
    by = facts.bringer
    if by is None:
        if not facts.is_read:
            return None
        return f"{_absence(facts, facts.next)}{facts.name} has read it; which connection brought it is not kept."
    what = f"{_device(facts, by)} had it by {_at(facts, facts.confirmed_us(by))} at the latest, {OVER[by.transport]}"
    if absent := _absence(facts, by):
        return f"{absent}{what}{_why_http(facts, by)}."
    return f"{what}; it was committed at {_at(facts, facts.committed_us)}{_why_http(facts, by)}."


def _absence(facts: Facts, by: Connection | None) -> str:
    """Why it did not arrive with the commit but by this later connection, to begin a sentence; "" where nothing says so."""
    if by is not None and by.covers(facts.committed_us):
        return ""
    lost = facts.at_commit
    if lost is not None:
        # A device that sleeps is noticed by the heartbeat it does not answer: until then its connection is open.
        if lost.until_us is None or not lost.cause:
            return ""
        return f"The connection of {facts.name} that was open then ended at {_at(facts, lost.until_us)}{_why_ended(lost)}, and had not confirmed it; "
    if by is None:
        return ""
    gone = facts.before
    if gone is None or gone.until_us is None:
        return f"{facts.name} was not connected before {_at(facts, by.since_us)}; "
    return f"{facts.name} was not connected from {_at(facts, gone.until_us)}{_why_ended(gone)} to {_at(facts, by.since_us)}; "


def _of_nothing_kept(facts: Facts) -> str | None:
    if facts.analytics == "on":
        return None
    return (
        f"It was committed at {_at(facts, facts.committed_us)}; whether it has reached {facts.name} is not known, as nothing is kept of "
        f"people's connections (analytics is {facts.analytics})."
    )


def _of_connection(facts: Facts) -> str | None:
    """Somebody is connected now, and has not confirmed it."""
    now = next((each for each in reversed(facts.connections) if each.live and each.until_us is None), None)
    if now is None:
        return None
    waited = facts.now_us - max(now.since_us, facts.committed_us)
    what = f"{_absence(facts, now)}{_device(facts, now)} is connected {OVER[now.transport]} since {_at(facts, now.since_us)}"
    if waited < CONFIRMED_WITHIN_US:
        return f"{what} and should confirm it within a minute{_why_http(facts, now)}."
    return f"{what} and has not confirmed it, for {_long(waited)}{_why_http(facts, now)}."


def _of_absence(facts: Facts) -> str | None:
    ended = [each for each in facts.connections if each.live and each.until_us is not None]
    last = max(ended, key=lambda each: each.until_us or 0, default=None)
    if last is None or last.until_us is None:
        return None
    failed = [each for each in facts.connections if each.cause and each.since_us > last.until_us]
    since = f"{facts.name} has not been connected since {_at(facts, last.until_us)}{_why_ended(last)}"
    attempts = "an attempt" if len(failed) == 1 else f"{len(failed)} attempts"
    tried = f"; {attempts} since then failed, because {_because(failed[-1])}" if failed else ""
    return f"{since}{tried}: it waits for them."


def _why_ended(ended: Connection) -> str:
    return f" ({_because(ended)})" if ended.cause else ""


def _why_http(facts: Facts, by: Connection) -> str:
    """By the last attempt at a WebSocket that failed on this device before the polling ended."""
    if by.transport != "http":
        return ""
    until = facts.now_us if by.until_us is None else by.until_us
    failed = [
        each
        for each in facts.connections
        if each.transport == "websocket"
        and each.cause
        and each.since_us <= until
        and (each.device == by.device or each.device is None)
    ]
    if not failed:
        return ""
    network = f" in {failed[-1].network}" if failed[-1].network else ""
    return f"; it was on HTTP because {_because(failed[-1])}{network}"


def _because(ended: Connection) -> str:
    return _BECAUSE.get(Cause(ended.cause), ended.cause) if ended.cause in set(Cause) else ended.cause


def _device(facts: Facts, by: Connection) -> str:
    return f"{facts.name} ({by.agent})" if by.agent else facts.name


def _at(facts: Facts, moment_us: int | None) -> str:
    """The time in UTC, to the second; with its day if that is another one."""
    text = to_wire((moment_us or 0) // _SECOND_US * _SECOND_US)
    day, _, clock = text.removesuffix("Z").partition("T")
    return f"{clock} UTC" if day == to_wire(facts.now_us).partition("T")[0] else f"{clock} UTC on {day}"


def _long(us: int) -> str:
    seconds = us // _SECOND_US
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} minutes" if seconds < 7200 else f"{seconds // 3600} hours"
