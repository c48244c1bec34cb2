"""The whole table of who is notified, why, and why not."""

from dataclasses import replace
from itertools import product

import pytest

from backchannel.notifications.decision import (
    CONCERNS,
    IN_USE_S,
    TOO_OLD_S,
    WAIT_S,
    Decision,
    Facts,
    Why,
    decide,
    reason_for,
)
from backchannel.protocol.shapes import NotificationLevel, PresenceState

LEVELS: tuple[NotificationLevel | None, ...] = (None, "all", "mentions", "none")
PRESENCES: tuple[PresenceState, ...] = ("online", "away", "offline")

# (level chosen, direct room) × what the message is to the person → the reason, or the refusal.
#                           nothing            mention        reply          thread         keyword        room           here, there    here, gone       in its thread alone
TABLE = {
    (None, False):       ("level_mentions", "mention",     "reply",       "thread",      "keyword",     "room",        "here",        "not_here",      "thread_not_followed"),
    (None, True):        ("direct",         "mention",     "reply",       "thread",      "keyword",     "room",        "here",        "here",          "thread_not_followed"),
    ("all", False):      ("all",            "mention",     "reply",       "thread",      "keyword",     "room",        "here",        "here",          "thread_not_followed"),
    ("all", True):       ("direct",         "mention",     "reply",       "thread",      "keyword",     "room",        "here",        "here",          "thread_not_followed"),
    ("mentions", False): ("level_mentions", "mention",     "reply",       "thread",      "keyword",     "room",        "here",        "not_here",      "thread_not_followed"),
    ("mentions", True):  ("level_mentions", "mention",     "reply",       "thread",      "keyword",     "room",        "here",        "not_here",      "thread_not_followed"),
    ("none", False):     ("level_none",) * 9,
    ("none", True):      ("level_none",) * 9,
}  # fmt: skip
COLUMNS = (
    Facts(),
    *(Facts(concerns=frozenset({concern})) for concern in CONCERNS[:5]),
    Facts(concerns=frozenset({Why.HERE}), presence="away"),
    Facts(concerns=frozenset({Why.HERE})),
    Facts(is_in_thread_only=True),
)


def test_the_table_has_every_level_and_every_concern() -> None:
    assert set(TABLE) == set(product(LEVELS, (False, True)))
    assert all(len(row) == len(COLUMNS) for row in TABLE.values())


@pytest.mark.parametrize(("level", "is_direct"), TABLE)
def test_the_reason_is_that_of_the_table(level: NotificationLevel | None, is_direct: bool) -> None:
    for column, wanted in zip(COLUMNS, TABLE[level, is_direct], strict=True):
        assert reason_for(replace(column, level=level, is_direct=is_direct)) == wanted


# What keeps a notification from being sent, in the order of precedence, with a decision that names it.
GATES = (
    (Facts(is_own=True), Decision("no", Why.OWN)),
    (Facts(is_member=False), Decision("no", Why.NOT_A_MEMBER)),
    (Facts(is_deleted=True), Decision("no", Why.DELETED)),
    (Facts(is_muted=True), Decision("no", Why.MUTED)),
    (Facts(level="none"), Decision("no", Why.LEVEL_NONE)),
    (Facts(is_read=True), Decision("no", Why.READ)),
    (Facts(age_s=TOO_OLD_S), Decision("no", Why.TOO_OLD)),
    (Facts(is_undisturbed=True), Decision("no", Why.DO_NOT_DISTURB)),
    (Facts(is_quiet=True), Decision("no", Why.QUIET_HOURS)),
    (Facts(presence="online", age_s=IN_USE_S), Decision("no", Why.IN_USE)),
    (Facts(presence="online"), Decision("wait", Why.IN_USE)),
    (Facts(age_s=0.0), Decision("wait", Why.MENTION)),
)


def changed_by(facts: Facts) -> dict[str, object]:
    return {name: getattr(facts, name) for name in Facts.__slots__ if getattr(facts, name) != getattr(Facts(), name)}


def test_the_first_of_all_reasons_against_it_is_named() -> None:
    """Every combination of them; where two set the same fact, the earlier one does."""
    mentioned = Facts(concerns=frozenset({Why.MENTION}))
    for chosen in product((False, True), repeat=len(GATES)):
        facts, taken = mentioned, dict[str, object]()
        for (gate, _), is_chosen in zip(GATES, chosen, strict=True):
            if is_chosen:
                taken = {**changed_by(gate), **taken}
        facts = replace(facts, **taken)  # type: ignore[arg-type]
        holding = [
            decision
            for gate, decision in GATES
            if all(getattr(facts, name) == value for name, value in changed_by(gate).items())
        ]
        assert decide(facts) == (holding[0] if holding else Decision("notify", Why.MENTION)), facts


def test_no_fact_is_left_out_and_every_word_is_reached() -> None:
    """All facts against each other: 27,648 decisions, each of one of the known kinds."""
    reached = set[Why]()
    flags = ("is_own", "is_deleted", "is_muted", "is_read", "is_undisturbed", "is_quiet")
    ages = (0.0, WAIT_S, IN_USE_S, TOO_OLD_S)
    concerns = [frozenset[Why](), *(frozenset({each}) for each in CONCERNS)]
    for values in product((False, True), repeat=len(flags)):
        if sum(values) > 1:
            continue
        set_flags = dict(zip(flags, values, strict=True))
        for level, direct, concern, beside, presence, age in product(
            LEVELS, (False, True), concerns, (False, True), PRESENCES, ages
        ):
            facts = Facts(
                is_direct=direct, level=level, concerns=concern, is_in_thread_only=beside,  # type: ignore[arg-type]
                presence=presence, age_s=age, **set_flags,
            )  # fmt: skip
            decision = decide(facts)
            reached.add(decision.why)
            if decision.act == "notify":
                assert not any(values)
                assert presence != "online"
                assert level != "none"
                assert WAIT_S <= age < TOO_OLD_S
            if decision.act == "wait":
                assert not any(values)
                assert age < IN_USE_S
    assert reached | {Why.NOT_A_MEMBER} == set(Why)


def test_a_person_who_goes_away_before_reading_is_notified_then() -> None:
    facts = Facts(is_direct=True, presence="online", age_s=60.0)
    assert decide(facts) == Decision("wait", Why.IN_USE)
    assert decide(replace(facts, presence="away")) == Decision("notify", Why.DIRECT)


def test_a_message_that_concerns_twice_is_explained_by_what_is_most_particular() -> None:
    assert reason_for(Facts(concerns=frozenset(CONCERNS))) is Why.MENTION
    assert reason_for(Facts(concerns=frozenset({Why.ROOM, Why.KEYWORD}))) is Why.KEYWORD
