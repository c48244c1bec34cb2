"""Change a room's name or topic, or whether it shows who has seen a message."""

from typing import Self

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_room import OnRoom, folded_name
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.events import RoomFacts, RoomUpdated
from backchannel.store.transaction import ROOM, LockedRoom, Outcome, Transaction


@executes(declared.UpdateRoom)
class UpdateRoom(OnRoom, frozen=True, kw_only=True):
    """What is None stays as it is."""

    name: str | None
    topic: str | None
    shows_seen: bool | None = None

    @classmethod
    def build(cls, command: declared.UpdateRoom, caller: Caller, _: Context) -> Self:
        rules.check_text(name=command.name)
        topic = rules.check_topic(command.topic)
        return cls(
            actor=caller.user,
            room_id=command.room_id,
            name=command.name,
            topic=topic,
            shows_seen=command.shows_seen,
        )

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, membership = transaction.check_member(self.room_id, self.actor.id)
        if self.shows_seen is not None and self.shows_seen != room.shows_seen:
            rules.check_not_direct(room.kind, "it shows nobody who has seen a message")
            rules.check_may_show_seen(membership.role)
        change_room(transaction, outcome, room, self.name, self.topic, self.shows_seen)
        self.answer_with_room(transaction, outcome)


def change_room(
    transaction: Transaction,
    outcome: Outcome,
    room: LockedRoom,
    name: str | None,
    topic: str | None,
    shows_seen: bool | None = None,
) -> None:
    """Write and log what is new of it. Raises CommandError before anything is written."""
    rules.check_not_direct(room.kind, "it has no name or topic to change")
    name = rules.check_room_name(room.kind, name) if name is not None else room.name
    topic = room.topic if topic is None else topic
    shows_seen = room.shows_seen if shows_seen is None else shows_seen
    if (name, topic, shows_seen) == (room.name, room.topic, room.shows_seen):
        return
    room.name, room.topic, room.shows_seen = name, topic, shows_seen
    facts = RoomFacts(room.id, room.kind, name, topic, room.member_count, bool(shows_seen))  # type: ignore[arg-type]
    transaction.append(
        outcome, room,
        lambda seq, at: RoomUpdated(room_id=room.id, seq=seq, at=at, room=facts),
        body={"room": facts},
    )  # fmt: skip
    transaction.execute(
        f"UPDATE {ROOM} SET name = %s, topic = %s, folded = %s, shows_seen = %s WHERE id = %s",
        [name, topic, folded_name(name), bool(shows_seen), room.id],
    )
