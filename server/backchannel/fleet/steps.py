"""The steps of one message's way to one person, each with its evidence. Pure.

    typed ─▶ tried ─▶ committed ─▶ published ─▶ written ─▶ seen ─▶ read

Only the commit has a row of its own. That a client has a message follows from its connection's evidence: with each heartbeat, and
with each poll, it says up to where it has each room. Of a step without a record there are bounds, or nothing; no step is guessed.
"""

from typing import Final, Literal

from backchannel.fleet.facts import Facts
from backchannel.protocol.fleet import Evidence, Step, StepName, Transport
from backchannel.protocol.times import to_wire

State = Literal["done", "open", "unknown"]

OVER: Final[dict[Transport, str]] = {"websocket": "over the WebSocket", "http": "over HTTP"}


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
        text = f"Its sender was connected {OVER[way]} alone when it was committed."
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
        return _step("seen", "done", "bounded", earliest, facts.confirmed_us(by), text, by.transport)
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
