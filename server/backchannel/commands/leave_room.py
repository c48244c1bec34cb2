"""Leave a group or channel."""

from typing import Self

from msgspec import structs

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_room import OnRoom
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.results import RoomResult
from backchannel.protocol.shapes import Room
from backchannel.store.memberships import MEMBER, REMOVED, end_membership
from backchannel.store.transaction import MEMBERSHIP, LockedRoom, Outcome, Transaction


@executes(declared.LeaveRoom)
class LeaveRoom(OnRoom, frozen=True, kw_only=True):
    """Leaving twice is leaving once: nothing happens, and the second answer says nothing of what the room became since."""

    @classmethod
    def build(cls, command: declared.LeaveRoom, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, room_id=command.room_id)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room = transaction.room(self.room_id)
        membership = transaction.membership(room.id, self.actor.id)
        if membership is None or membership.state == REMOVED:
            transaction.check_member(room.id, self.actor.id)
        if membership is not None and membership.state == MEMBER:
            rules.check_not_direct(room.kind, "it cannot be left")
            end_membership(transaction, outcome, room, self.actor, self.actor)
            outcome.result = RoomResult(_from_outside(room))
        else:
            outcome.result = RoomResult(_as_left_earlier(transaction, room, self.actor.id))


def _as_left_earlier(transaction: Transaction, room: LockedRoom, person_id: int) -> Room:
    """The room for a person who left it earlier: of a channel what everybody can find, of a group only that it exists."""
    [(left_seq,)] = transaction.query(
        f"SELECT left_seq FROM {MEMBERSHIP} WHERE room_id = %s AND person_id = %s", [room.id, person_id]
    )
    shown = structs.replace(_from_outside(room), seq=left_seq, read_seq=left_seq)
    return shown if room.kind == "channel" else structs.replace(shown, name=None, topic="", member_count=0)


def _from_outside(room: LockedRoom) -> Room:
    """The room as somebody sees it who is not in it: no counts, no messages."""
    return Room(
        id=room.id, kind=room.kind, name=room.name, topic=room.topic, seq=room.head, read_seq=room.head,  # type: ignore[arg-type]
        unread_count=0, mention_count=0, member_count=room.member_count, members=[], role="member", last_message=None,
    )  # fmt: skip
