"""Change a room's name or topic."""

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

    @classmethod
    def build(cls, command: declared.UpdateRoom, caller: Caller, _: Context) -> Self:
        rules.check_text(name=command.name)
        topic = rules.check_topic(command.topic)
        return cls(actor=caller.user, room_id=command.room_id, name=command.name, topic=topic)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, _ = transaction.check_member(self.room_id, self.actor.id)
        change_room(transaction, outcome, room, self.name, self.topic)
        self.answer_with_room(transaction, outcome)


def change_room(
    transaction: Transaction, outcome: Outcome, room: LockedRoom, name: str | None, topic: str | None
) -> None:
    """Write and log what is new of it. Raises CommandError before anything is written."""
    rules.check_not_direct(room.kind, "it has no name or topic to change")
    name = rules.check_room_name(room.kind, name) if name is not None else room.name
    topic = room.topic if topic is None else topic
    if (name, topic) == (room.name, room.topic):
        return
    room.name, room.topic = name, topic
    facts = RoomFacts(room.id, room.kind, name, topic, room.member_count)  # type: ignore[arg-type]
    transaction.append(
        outcome, room,
        lambda seq, at: RoomUpdated(room_id=room.id, seq=seq, at=at, room=facts),
        body={"room": facts},
    )  # fmt: skip
    transaction.execute(
        f"UPDATE {ROOM} SET name = %s, topic = %s, folded = %s WHERE id = %s",
        [name, topic, folded_name(name), room.id],
    )
