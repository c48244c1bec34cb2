"""Plans the reads for a resuming client: a function of its cursors and of the current heads of its rooms.

    cursor = head                   nothing is missing                        listen from the head
    cursor < head                   read from the cursor                      `cursors`
    cursor > head, or too far below the client starts over in this room       `resets`
    room without a cursor           named with its head where any of them moved   `heads`

Theory. Reading costs the database what was missed, so it is bounded twice: for each room (`Limits.catch_up_events`), and for all
rooms together (CATCH_UP_EVENTS_IN_ALL). A room beyond a bound is reset to its head; its history is then read when it is opened.
Cursors of another epoch count for nothing: the client is a newcomer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backchannel.protocol.frames import Resume
from backchannel.transports.session.inputs import PositionRead

CATCH_UP_EVENTS_IN_ALL: Final = 5000

NO_SEQS: Final[Mapping[int, int]] = MappingProxyType({})
"""One empty mapping for thousands of sessions. All maps of room → seq here are replaced, never changed."""


@dataclass(frozen=True, slots=True)
class ResumePlan:
    is_newcomer: bool
    """Without a cursor in this epoch: the client knows nothing."""
    with_list: bool
    """The client's version of the room list is another one."""
    named: Mapping[int, int]
    """The client's cursors in this epoch."""
    cursors: Mapping[int, int]
    """Rooms whose events above the seq are to be read."""
    resets: Mapping[int, int]
    """Rooms in which the client starts over, with their heads."""
    heads: Mapping[int, int]
    """The rooms without a cursor, with their heads; empty where none of them moved."""


NEWCOMER: Final = ResumePlan(True, with_list=True, named=NO_SEQS, cursors=NO_SEQS, resets=NO_SEQS, heads=NO_SEQS)


def plan_resume(resume: Resume | None, position: PositionRead, events_per_room: int) -> ResumePlan:
    if resume is None or resume.epoch != position.epoch:
        return NEWCOMER
    cursors: dict[int, int] = {}
    resets: dict[int, int] = {}
    for room_id, cursor in resume.rooms.items():
        head = position.heads.get(room_id)
        if head is None:  # no longer on the user's list, which is then sent too
            continue
        if cursor > head or head - cursor > events_per_room:
            resets[room_id] = head
        else:
            cursors[room_id] = cursor
    for room_id in _beyond_total(cursors, position.heads):
        resets[room_id] = position.heads[room_id]
        del cursors[room_id]
    with_list = resume.user_version != position.user_version
    heads = NO_SEQS if with_list else _moved_without_cursor(position.heads, resume)
    return ResumePlan(False, with_list, resume.rooms, cursors, resets, heads)


def _beyond_total(cursors: Mapping[int, int], heads: Mapping[int, int]) -> list[int]:
    """The rooms to reset so that no more than CATCH_UP_EVENTS_IN_ALL are read: those that moved most."""
    total = sum(heads[room] - cursor for room, cursor in cursors.items())
    resets: list[int] = []
    if total > CATCH_UP_EVENTS_IN_ALL:
        for room_id in sorted(cursors, key=lambda room: cursors[room] - heads[room]):
            if total <= CATCH_UP_EVENTS_IN_ALL:
                break
            total -= heads[room_id] - cursors[room_id]
            resets.append(room_id)
    return resets


def _moved_without_cursor(heads: Mapping[int, int], resume: Resume) -> Mapping[int, int]:
    """`resume.others` is the sum of the client's cursors that it did not name. No cursor is above its head, so the sums are equal
    only where all of them are."""
    if resume.others is None:
        return NO_SEQS
    unnamed = {room: head for room, head in heads.items() if room not in resume.rooms}
    return unnamed if sum(unnamed.values()) != resume.others else NO_SEQS
