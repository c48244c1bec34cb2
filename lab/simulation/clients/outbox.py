"""Messages that are not acknowledged yet. First in, first out in each room; one in flight; always under the same id."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Item:
    """A message to send. `tries` counts attempts; `in_flight` while one waits for its answer."""

    id: str
    room: int
    content: str
    reply_to: str | None = None
    tries: int = 0
    in_flight: bool = False
    not_before: float = 0.0
    epoch: str | None = None
    """The epoch in which it was acknowledged."""

    @property
    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"id": self.id, "room_id": self.room, "content": self.content}
        if self.reply_to is not None:
            fields["reply_to"] = self.reply_to
        return fields


@dataclass
class Outbox:
    """`sent`: messages acknowledged lately, with the epoch, to be sent again if the epoch changes."""

    rooms: dict[int, list[Item]] = field(default_factory=dict)
    sent: dict[str, Item] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        self.rooms.setdefault(item.room, []).append(item)

    def next(self, room: int) -> Item | None:
        """The oldest message of each room, unless it is in flight."""
        queue = self.rooms.get(room)
        return queue[0] if queue and not queue[0].in_flight else None

    def find(self, room: int, id_: str) -> Item | None:
        return next((item for item in self.rooms.get(room, ()) if item.id == id_), None)

    def remove(self, item: Item, epoch: str | None) -> None:
        """Remove it: it is stored in this epoch, or (None) refused."""
        self.rooms[item.room].remove(item)
        item.in_flight = False
        if epoch is not None:
            item.epoch = epoch
            self.sent[item.id] = item

    def reoffer(self, epoch: str) -> None:
        """The epoch changed: queue again what was acknowledged in another one, in the old order and before new messages."""
        again: dict[int, list[Item]] = {}
        for item in [item for item in self.sent.values() if item.epoch != epoch]:
            again.setdefault(item.room, []).append(self.sent.pop(item.id))
        for room, items in again.items():
            self.rooms[room] = items + self.rooms.get(room, [])

    def revived(self) -> "Outbox":
        """As read back from the device's storage."""
        other = Outbox(sent=dict(self.sent))
        for queue in self.rooms.values():
            for item in queue:
                other.add(Item(item.id, item.room, item.content, item.reply_to))
        return other

    @property
    def is_empty(self) -> bool:
        return not any(self.rooms.values())
