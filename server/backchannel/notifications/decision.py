"""Whether a person is notified of a message, and why or why not. The same answer serves the notifier and the person who asks.

Two questions, in this order:

1. Is the message for them? By the level of the room, and what the message is to them:

    level                    | mention, reply to them | thread they follow, keyword | @room | @here    | anything else
    all                      | yes                    | yes                         | yes   | yes      | yes, unless only its thread shows it
    mentions                 | yes                    | yes                         | yes   | if there | no
    none                     | no                     | no                          | no    | no       | no
    not chosen, direct room  | as `all`
    not chosen, other rooms  | as `mentions`

2. Is this the moment? It is not where it is theirs, deleted, or they left, muted the room or read it; nor while they are not to be
   disturbed. Somebody who is at a device sees it there: they are given `IN_USE_S` to read it, and a push comes only if they go away
   before that.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from backchannel.protocol.shapes import NotificationLevel, PresenceState

WAIT_S: Final = 8.0
"""What is read within this time after the message is not notified of: the person has it in view on another device."""
IN_USE_S: Final = 600.0
"""For so long somebody who is at a device is expected to read it there. After that they have seen that there is something new."""
TOO_OLD_S: Final = 3600.0
"""Nothing is notified of later than this, whatever kept it from being sent."""


class Why(StrEnum):
    """In the order in which they are looked for."""

    # Not, because of what the message is.
    OWN = "own"
    NOT_A_MEMBER = "not_a_member"
    DELETED = "deleted"
    # Not, because of what the person wants.
    MUTED = "muted"
    LEVEL_NONE = "level_none"
    NOT_HERE = "not_here"
    """@here, and they were away from all devices."""
    THREAD_NOT_FOLLOWED = "thread_not_followed"
    LEVEL_MENTIONS = "level_mentions"
    """Nothing in it is for them in particular."""
    # Not, because of the moment.
    READ = "read"
    TOO_OLD = "too_old"
    DO_NOT_DISTURB = "do_not_disturb"
    QUIET_HOURS = "quiet_hours"
    IN_USE = "in_use"
    # Yes, because it is:
    MENTION = "mention"
    REPLY = "reply"
    THREAD = "thread"
    KEYWORD = "keyword"
    ROOM = "room"
    HERE = "here"
    DIRECT = "direct"
    ALL = "all"


Concern = Literal[Why.MENTION, Why.REPLY, Why.THREAD, Why.KEYWORD, Why.ROOM, Why.HERE]
"""What makes a message one for this person in particular."""
CONCERNS: Final[tuple[Concern, ...]] = (Why.MENTION, Why.REPLY, Why.THREAD, Why.KEYWORD, Why.ROOM, Why.HERE)
"""The first that applies is named as the reason."""

Act = Literal["notify", "wait", "no"]


@dataclass(frozen=True, slots=True)
class Decision:
    act: Act
    why: Why
    """With `wait`: why not yet."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at one moment of one message and one person."""

    is_direct: bool = False
    level: NotificationLevel | None = None
    """None: not chosen."""
    concerns: frozenset[Concern] = frozenset()
    is_in_thread_only: bool = False
    """A reply that the room does not show."""
    is_own: bool = False
    is_member: bool = True
    is_deleted: bool = False
    is_muted: bool = False
    is_read: bool = False
    is_undisturbed: bool = False
    """They asked for it until a time that is not over."""
    is_quiet: bool = False
    """It is one of their quiet hours."""
    presence: PresenceState = "offline"
    age_s: float = WAIT_S
    """Since the message."""


def decide(facts: Facts) -> Decision:
    refusal = _because_of_message(facts)
    if refusal is not None:
        return Decision("no", refusal)
    reason = reason_for(facts)
    if not is_reason(reason):
        return Decision("no", reason)
    return _at_this_moment(facts, reason)


def reason_for(facts: Facts) -> Why:
    """Why the message is for this person, or why it is not, whatever the moment."""
    if facts.is_muted:
        return Why.MUTED
    level = facts.level or ("all" if facts.is_direct else "mentions")
    if level == "none":
        return Why.LEVEL_NONE
    is_there = facts.presence != "offline"
    for concern in CONCERNS:
        if concern in facts.concerns and (concern is not Why.HERE or is_there or level == "all"):
            return concern
    if facts.is_in_thread_only:
        return Why.THREAD_NOT_FOLLOWED
    if level == "all":
        return Why.DIRECT if facts.is_direct else Why.ALL
    return Why.NOT_HERE if Why.HERE in facts.concerns else Why.LEVEL_MENTIONS


def is_reason(why: Why) -> bool:
    """Whether it speaks for a notification."""
    return why in _REASONS


_REASONS: Final = frozenset({*CONCERNS, Why.DIRECT, Why.ALL})


def _because_of_message(facts: Facts) -> Why | None:
    if facts.is_own:
        return Why.OWN
    if not facts.is_member:
        return Why.NOT_A_MEMBER
    return Why.DELETED if facts.is_deleted else None


def _at_this_moment(facts: Facts, reason: Why) -> Decision:
    if facts.is_read:
        return Decision("no", Why.READ)
    if facts.age_s >= TOO_OLD_S:
        return Decision("no", Why.TOO_OLD)
    if facts.is_undisturbed:
        return Decision("no", Why.DO_NOT_DISTURB)
    if facts.is_quiet:
        return Decision("no", Why.QUIET_HOURS)
    if facts.presence == "online":
        return Decision("wait" if facts.age_s < IN_USE_S else "no", Why.IN_USE)
    return Decision("wait" if facts.age_s < WAIT_S else "notify", reason)
