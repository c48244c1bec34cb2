"""Counts the messages that each person sent in each room on each day (UTC): what `backchannel activity` shows."""

from collections.abc import Sequence
from typing import Any, Final

from backchannel.followers.follower import Follower
from backchannel.store.followers import Stretch
from backchannel.store.transaction import ACTIVITY, MESSAGE, Transaction

DAY_S: Final = 86_400


class ActivityFollower(Follower):
    """A message counts on the day it was sent, whatever becomes of it later. The database counts, so that nothing is read into Python."""

    name = "activity"
    batch = 5000  # takes about 3 ms of the writer
    is_woken = False

    def apply(self, transaction: Transaction, stretches: Sequence[Stretch], prepared: Any) -> None:
        # Grouped by the number of the day: formatting a date for each message would cost as much as reading it.
        day = (
            f"to_char(to_timestamp(day * {DAY_S}) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
            if transaction.is_postgres
            else f"date(day * {DAY_S}, 'unixepoch')"
        )
        transaction.execute(
            f"WITH stretch (room_id, after, upto) AS (VALUES {', '.join(['(%s, %s, %s)'] * len(stretches))}) "
            f"INSERT INTO {ACTIVITY} (day, room_id, person_id, messages) "
            f"SELECT {day}, room_id, sender_id, messages FROM ("
            f"SELECT m.created_us / {DAY_S * 1_000_000} AS day, m.room_id, m.sender_id, COUNT(*) AS messages "
            f"FROM stretch s CROSS JOIN {MESSAGE} m WHERE m.room_id = s.room_id AND m.seq > s.after AND m.seq <= s.upto "
            "GROUP BY 1, 2, 3) counted WHERE true "
            f"ON CONFLICT (day, room_id, person_id) DO UPDATE SET messages = {ACTIVITY}.messages + excluded.messages",
            [value for stretch in stretches for value in stretch],
        )

    def clear(self, transaction: Transaction) -> None:
        transaction.execute(f"DELETE FROM {ACTIVITY}")
