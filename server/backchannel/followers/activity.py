"""Counts the messages that each person sent in each room on each day (UTC): what `backchannel activity` shows."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from backchannel.followers.follower import Follower
from backchannel.protocol.events import AnyRoomEvent, MessageCreated
from backchannel.store.transaction import ACTIVITY, Transaction

DAY_LENGTH: Final = len("2026-11-30")


class ActivityFollower(Follower):
    """A message counts on the day it was sent, whatever becomes of it later."""

    name = "activity"

    def apply(self, transaction: Transaction, room_id: int, events: Sequence[AnyRoomEvent]) -> None:
        counts = Counter(
            (event.message.created_at[:DAY_LENGTH], event.message.sender.id)
            for event in events
            if isinstance(event, MessageCreated)
        )
        for (day, person_id), count in sorted(counts.items()):
            transaction.execute(
                f"INSERT INTO {ACTIVITY} (day, room_id, person_id, messages) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (day, room_id, person_id) DO UPDATE SET messages = "
                f"{ACTIVITY}.messages + excluded.messages",
                [day, room_id, person_id, count],
            )

    def clear(self, transaction: Transaction) -> None:
        transaction.execute(f"DELETE FROM {ACTIVITY}")
