"""The facts of one moment about a person and a message, from a row and from who is present."""

from typing import Final

import msgspec

from backchannel.notifications.decision import Decision, Facts, Why, decide
from backchannel.notifications.quiet_hours import is_quiet
from backchannel.protocol.shapes import PresenceState
from backchannel.store.notification_settings import quiet_hours_from
from backchannel.store.notifications import Due

SECOND_US: Final = 1_000_000


def facts_of(due: Due, presence: PresenceState, at_us: int) -> Facts:
    return Facts(
        is_direct=due.kind == "direct",
        level=due.level,  # type: ignore[arg-type]
        concerns=frozenset(Why(each) for each in msgspec.json.decode(due.concerns, type=list[str])),  # type: ignore[misc]
        is_in_thread_only=due.is_beside,
        is_own=due.sender_id == due.person_id,
        is_member=due.is_member,
        is_deleted=due.is_deleted,
        is_muted=due.muted_until_us > at_us,
        is_read=due.is_read,
        is_undisturbed=due.dnd_until_us > at_us,
        is_quiet=is_quiet(quiet_hours_from(due.quiet_hours), at_us),
        presence=presence,
        age_s=(at_us - due.sent_us) / SECOND_US,
    )


def decision_for(due: Due, presence: PresenceState, at_us: int) -> Decision:
    return decide(facts_of(due, presence, at_us))
