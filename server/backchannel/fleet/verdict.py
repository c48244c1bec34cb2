"""What the evidence says of one message's way to one person: its steps, and one sentence. Pure.

    typed ─▶ tried ─▶ committed ─▶ published ─▶ written ─▶ seen ─▶ read

Only the commit has a row of its own. That a client has a message follows from its connection's evidence: with each heartbeat, and
with each poll, it says up to where it has each room. Of a step without a record there are bounds, or nothing; no step is guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from backchannel.evidence.causes import Cause
from backchannel.fleet.connection import Connection
from backchannel.protocol.fleet import Analytics, Evidence, Step, StepName, Transport
from backchannel.protocol.times import to_wire

State = Literal["done", "open", "unknown"]

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
_OVER: Final[dict[Transport, str]] = {"websocket": "over the WebSocket", "http": "over HTTP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Times are µs since 1970. Connections: oldest first."""

    now_us: int
    analytics: Analytics
    name: str
    """Of the person who should have it."""
    is_sender: bool
    state: Literal["member", "left", "removed", "none"]
    """Of the person, in the room."""
    joined_seq: int = 0
    left_seq: int | None = None
    read_seq: int = 0
    room: int
    seq: int
    committed_us: int
    deleted: bool = False
    nodes: int | None = None
    """Processes that served when it was committed; None: not known any more."""
    connections: Sequence[Connection] = ()
    of_sender: Sequence[Connection] = ()
    sender_is_known: bool = True

    @property
    def at_commit(self) -> Connection | None:
        """The newest that was open then."""
        return next((each for each in reversed(self.connections) if each.covers(self.committed_us)), None)

    @property
    def before(self) -> Connection | None:
        """The last one that had ended by then."""
        ended = [each for each in self.connections if each.until_us is not None and each.until_us < self.committed_us]
        return max((each for each in ended if each.live), key=lambda each: each.until_us or 0, default=None)

    @property
    def next(self) -> Connection | None:
        """The first that began afterwards."""
        return next((each for each in self.connections if each.live and each.since_us > self.committed_us), None)

    @property
    def bringer(self) -> Connection | None:
        """The first whose client said that it has the message."""
        return next((each for each in self.connections if each.seen.get(self.room, 0) >= self.seq), None)

    @property
    def is_read(self) -> bool:
        return self.read_seq >= self.seq


# -- the sentence


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
        return f"{facts.name} has read it; which connection brought it is not kept." if facts.is_read else None
    until = _at(facts, _confirmed_us(facts, by))
    what = f"{_device(facts, by)} had it by {until} at the latest, {_OVER[by.transport]}"
    if by.covers(facts.committed_us) or facts.at_commit is not None:
        return f"{what}; it was committed at {_at(facts, facts.committed_us)}{_why_http(facts, by)}."
    gone = facts.before
    absent = (
        f"was not connected from {_at(facts, gone.until_us)}{_why_ended(gone)}"
        if gone is not None and gone.until_us is not None
        else "was not connected"
    )
    return f"{facts.name} {absent} to {_at(facts, by.since_us)}; {what}{_why_http(facts, by)}."


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
    what = f"{_device(facts, now)} is connected {_OVER[now.transport]} since {_at(facts, now.since_us)}"
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


def _confirmed_us(facts: Facts, by: Connection) -> int:
    return facts.now_us if by.until_us is None else by.until_us


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


# -- the steps


def steps(facts: Facts) -> list[Step]:
    return [
        _step(
            "typed",
            "done",
            "bounded",
            None,
            facts.committed_us,
            "Clients report how long sends take, not when each was typed.",
        ),
        _tried(facts),
        _committed(facts),
        _published(facts),
        _written(facts),
        _seen(facts),
        _read(facts),
    ]


def _tried(facts: Facts) -> Step:
    if not facts.sender_is_known:
        return _step("tried", "done", "unknown", None, None, "Who wrote in a direct room is not shown.")
    ways = {each.transport for each in facts.of_sender if each.covers(facts.committed_us)}
    if len(ways) == 1:
        (way,) = ways
        text = f"Its sender was connected {_OVER[way]} alone when it was committed."
        return _step("tried", "done", "bounded", None, facts.committed_us, text, way)
    text = "Its sender was connected over both transports." if ways else "No connection of its sender is kept."
    return _step("tried", "done", "unknown", None, facts.committed_us, text)


def _committed(facts: Facts) -> Step:
    text = f"As #{facts.seq} of the room" + ("; its text was deleted since." if facts.deleted else ".")
    return _step("committed", "done", "exact", facts.committed_us, facts.committed_us, text)


def _published(facts: Facts) -> Step:
    if not facts.nodes:
        return _step("published", "unknown", "unknown", None, None, "Which nodes served then is not kept.")
    text = (
        "To the other nodes, right after the commit; no publish is recorded."
        if facts.nodes > 1
        else "One node served: it delivers by itself."
    )
    return _step("published", "done", "bounded", facts.committed_us, None, text)


def _written(facts: Facts) -> Step:
    by = facts.at_commit or facts.next or facts.bringer
    if by is not None:
        earliest = max(facts.committed_us, by.since_us)
        when = "open when it was committed" if by.covers(facts.committed_us) else "the first one after the commit"
        return _step("written", "done", "bounded", earliest, None, f"To the connection that was {when}.", by.transport)
    if facts.analytics != "on":
        return _step("written", "unknown", "unknown", None, None, "Nothing is kept of people's connections.")
    return _step("written", "open", "bounded", None, None, "No connection since the commit is known.")


def _seen(facts: Facts) -> Step:
    by = facts.bringer
    if by is not None:
        earliest = max(facts.committed_us, by.since_us)
        text = f"The client said so ({by.agent or by.client or 'unknown client'})."
        return _step("seen", "done", "bounded", earliest, _confirmed_us(facts, by), text, by.transport)
    if facts.is_read:
        return _step("seen", "done", "bounded", facts.committed_us, facts.now_us, "It follows from its being read.")
    if facts.analytics != "on":
        return _step("seen", "unknown", "unknown", None, None, "Nothing is kept of people's connections.")
    text = "No connection has said so. Of each, the 32 rooms that moved last are kept."
    return _step("seen", "open", "unknown", None, None, text)


def _read(facts: Facts) -> Step:
    if facts.is_read:
        return _step("read", "done", "bounded", facts.committed_us, facts.now_us, f"Read up to #{facts.read_seq}.")
    return _step("read", "open", "exact", None, None, f"Read up to #{facts.read_seq}.")


def _step(
    step: StepName,
    state: State,
    evidence: Evidence,
    earliest_us: int | None,
    latest_us: int | None,
    text: str,
    transport: Transport | None = None,
) -> Step:
    return Step(
        step=step,
        state=state,
        evidence=evidence,
        earliest=None if earliest_us is None else to_wire(earliest_us),
        latest=None if latest_us is None else to_wire(latest_us),
        transport=transport,
        text=text,
    )
