"""Messages that wait for their time. A row is deleted by the transaction that sends it, under the id that its message has for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from backchannel.protocol import times
from backchannel.protocol.events import ScheduledChanged
from backchannel.protocol.shapes import Scheduled, ScheduledState
from backchannel.store.clock import POSTGRES_NOW_US, now_us
from backchannel.store.driver import read
from backchannel.store.transaction import MESSAGE, SCHEDULED, Outcome, Transaction, db_uuid, from_db_uuid, marks

SCHEDULED_MESSAGES: Final = 100
"""Of one person, that wait or could not be sent."""
KEEP_CANCELLED_US: Final = 30 * 86_400 * 1_000_000

_ids = msgspec.json.Decoder(list[UUID]).decode


class Planned(NamedTuple):
    """A row. The fields are its columns."""

    id: UUID
    person_id: int
    room_id: int
    at_us: int
    content: str
    reply_to: UUID | None
    thread: UUID | None
    in_room: bool
    attachments: tuple[UUID, ...]
    state: ScheduledState
    rev: int
    code: str = ""
    detail: str = ""

    @property
    def message(self) -> tuple[Any, ...]:
        """What a client decides: when, where and what."""
        return self[1:9]

    @property
    def shape(self) -> Scheduled:
        return Scheduled(
            id=self.id,
            room_id=self.room_id,
            at=times.to_wire(self.at_us),
            content=self.content,
            state=self.state,
            rev=self.rev,
            reply_to=self.reply_to,
            thread=self.thread,
            in_room=self.in_room,
            attachments=list(self.attachments),
            code=self.code or None,
            detail=self.detail or None,
        )


_COLUMNS: Final = ", ".join(Planned._fields)
_WAITING: Final = "state = 'waiting'"
"""As the index of what is due has it."""


def _planned(row: Sequence[Any]) -> Planned:
    id_, person_id, room_id, at_us, content, reply_to, thread, in_room, attachments, *rest = row
    return Planned(
        from_db_uuid(id_), person_id, room_id, at_us, content,
        from_db_uuid(reply_to) if reply_to else None, from_db_uuid(thread) if thread else None,
        bool(in_room), tuple(_ids(attachments)), *rest,
    )  # fmt: skip


def lock_planned(transaction: Transaction, id_: UUID) -> Planned | None:
    """The row, locked until the commit. A node that is sending it is waited for."""
    rows = transaction.query(
        f"SELECT {_COLUMNS} FROM {SCHEDULED} WHERE id = %s" + (" FOR UPDATE" if transaction.is_postgres else ""),
        [transaction.uuid(id_)],
    )
    return _planned(rows[0]) if rows else None


def is_due(transaction: Transaction, planned: Planned) -> bool:
    return planned.at_us <= shared_now_us(transaction)


def shared_now_us(transaction: Transaction) -> int:
    """By the clock that all nodes share, where there is one: theirs may differ by any amount."""
    if not transaction.is_postgres:
        return now_us()
    ((now,),) = transaction.query(f"SELECT {POSTGRES_NOW_US}", [])
    return int(now)


def due(at_most: int, after: Planned | None = None) -> list[Planned]:
    """What is to be sent, the earliest first; of that, what comes behind `after`. Asked every second."""
    now, values = (POSTGRES_NOW_US, list[Any]()) if connection.vendor == "postgresql" else ("%s", [now_us()])
    behind = ""
    if after is not None:
        behind, values = "AND (at_us, id) > (%s, %s) ", [*values, after.at_us, db_uuid(connection, after.id)]
    rows = read(
        f"SELECT {_COLUMNS} FROM {SCHEDULED} WHERE {_WAITING} AND at_us <= {now} {behind}ORDER BY at_us, id LIMIT %s",
        [*values, at_most],
    )
    return [_planned(row) for row in rows]


def scheduled_of(person_id: int) -> list[Scheduled]:
    """What waits and what could not be sent, ascending by time."""
    rows = read(
        f"SELECT {_COLUMNS} FROM {SCHEDULED} WHERE person_id = %s AND state <> 'cancelled' ORDER BY at_us, id",
        [person_id],
    )
    return [_planned(row).shape for row in rows]


def count_of(transaction: Transaction, person_id: int) -> int:
    """Besides, deletes what was cancelled long ago."""
    transaction.execute(
        f"DELETE FROM {SCHEDULED} WHERE person_id = %s AND state = 'cancelled' AND changed_us < %s",
        [person_id, transaction.at_us - KEEP_CANCELLED_US],
    )
    ((count,),) = transaction.query(
        f"SELECT COUNT(*) FROM {SCHEDULED} WHERE person_id = %s AND state <> 'cancelled'", [person_id]
    )
    return int(count)


def write(transaction: Transaction, outcome: Outcome, planned: Planned) -> None:
    """Insert or replace the row, which is locked if it exists, and send it to all devices of its person."""
    uuid = transaction.uuid
    values: dict[str, Any] = {
        **planned._asdict(),
        "id": uuid(planned.id),
        "reply_to": planned.reply_to and uuid(planned.reply_to),
        "thread": planned.thread and uuid(planned.thread),
        # As the database writes an id, so that the sweep of uploads finds it there.
        "attachments": msgspec.json.encode([str(uuid(id_)) for id_ in planned.attachments]).decode(),
        "changed_us": transaction.at_us,
    }
    updated = ", ".join(f"{name} = excluded.{name}" for name in values if name not in ("id", "person_id"))
    transaction.execute(
        f"INSERT INTO {SCHEDULED} ({', '.join(values)}) VALUES ({marks(values)}) "
        f"ON CONFLICT (id) DO UPDATE SET {updated} WHERE {SCHEDULED}.person_id = excluded.person_id",
        list(values.values()),
    )
    announce(transaction, outcome, planned)


def announce(transaction: Transaction, outcome: Outcome, planned: Planned) -> None:
    shape = planned.shape
    transaction.notify_user(
        outcome, planned.person_id, lambda version: ScheduledChanged(user_version=version, scheduled=shape)
    )


def remove_sent(transaction: Transaction, outcome: Outcome, planned: Planned) -> None:
    """Its message is stored in this transaction, or was before."""
    transaction.execute(f"DELETE FROM {SCHEDULED} WHERE id = %s", [transaction.uuid(planned.id)])
    announce(transaction, outcome, planned._replace(state="sent"))


def sender_of(transaction: Transaction, message_id: UUID) -> int | None:
    """Who sent the message with this id; None where there is none."""
    rows = transaction.query(f"SELECT sender_id FROM {MESSAGE} WHERE id = %s", [transaction.uuid(message_id)])
    return int(rows[0][0]) if rows else None


def forget(person_id: int) -> None:
    """Delete everything of a person who is erased. In the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {SCHEDULED} WHERE person_id = %s", [person_id])
