"""The part of a batch of sends that concerns replies in threads: checks, summaries of threads, and their followers.

A batch without a reply costs no statement.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from backchannel.protocol.codec import encode
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.shapes import Message
from backchannel.rules import check_has_threads
from backchannel.store.listed import among
from backchannel.store.render import ids_in_order
from backchannel.store.thread_follows import Follow, follow_by_itself
from backchannel.store.transaction import MESSAGE, LockedRoom, Outcome, Transaction, from_db_uuid

PEOPLE_IN_SUMMARY: Final = 5


class Reply(Protocol):
    """A message that may be a reply in a thread."""

    @property
    def thread(self) -> UUID | None: ...
    @property
    def in_room(self) -> bool: ...


@dataclass(slots=True)
class _Root:
    """The first message of a thread, as of the last reply of the batch."""

    id: UUID
    room_id: int
    seq: int
    sender_id: int
    is_reply: bool
    deleted: bool
    mentions: list[int]
    count: int = 0
    people: list[int] | None = None
    """None before the first reply."""
    last_us: int = 0
    rev: int = 0
    is_changed: bool = False


class ThreadReplies:
    """The replies of one batch."""

    def __init__(self, transaction: Transaction, sends: Iterable[Reply]) -> None:
        self._transaction = transaction
        self._wanted = {send.thread for send in sends if send.thread is not None}
        self._roots = _look_up(transaction, self._wanted) if self._wanted else {}
        self._follows: dict[tuple[int, UUID], Follow] = {}

    def check(self, send: Reply, room: LockedRoom) -> None:
        """Raises CommandError: `invalid`, or `message_deleted` if the thread's first message is."""
        if send.thread is None:
            if send.in_room:
                raise invalid(in_room="Only a reply in a thread can be shown in the room as well.")
            return
        check_has_threads(room.kind, "thread")
        root = self._roots.get(send.thread)
        if root is None or root.room_id != room.id:
            raise invalid(thread="There is no such message in this room.")
        if root.is_reply:
            raise invalid(thread="This message is a reply. Name the first message of its thread.")
        if root.deleted:
            raise CommandError(Code.MESSAGE_DELETED, "The message that this thread begins with was deleted.")

    def add(self, message: Message, at_us: int, outcome: Outcome) -> None:
        """A message that was checked and has its seq."""
        if self._wanted and message.id in self._wanted:  # the hash of a UUID takes as long as the rest of this
            self._roots[message.id] = _Root(
                message.id,
                message.room_id,
                message.seq,
                message.sender.id,
                message.thread is not None,
                False,
                message.mentions,
            )
        if message.thread is None:
            return
        root = self._roots[message.thread]

        def follow(person_id: int, from_seq: int) -> None:
            self._follows.setdefault((person_id, root.id), Follow(root.room_id, from_seq, outcome))

        if root.people is None:
            follow(root.sender_id, root.seq)
            for person_id in root.mentions:
                follow(person_id, root.seq - 1)
        follow(message.sender.id, message.seq)
        for person_id in message.mentions:
            follow(person_id, message.seq - 1)
        others = [person_id for person_id in root.people or () if person_id != message.sender.id]
        root.people = [message.sender.id, *others][:PEOPLE_IN_SUMMARY]
        root.count += 1
        root.last_us = max(root.last_us, at_us)
        root.rev = message.seq
        root.is_changed = True

    def write(self) -> None:
        """After the messages are stored."""
        for root in self._roots.values():
            if root.is_changed:
                self._transaction.execute(
                    f"UPDATE {MESSAGE} SET thread_count = %s, thread_people = %s, thread_last_us = %s, thread_rev = %s WHERE id = %s",
                    [root.count, encode(root.people).decode(), root.last_us, root.rev, self._transaction.uuid(root.id)],
                )
        if self._follows:
            follow_by_itself(self._transaction, self._follows)


def _look_up(transaction: Transaction, ids: set[UUID]) -> dict[UUID, _Root]:
    is_root, values = among("id", "uuid", [*map(transaction.uuid, ids)], is_postgres=transaction.is_postgres)
    rows = transaction.query(
        "SELECT id, room_id, seq, sender_id, thread, deleted, mentions, thread_count, thread_people, thread_last_us, thread_rev "
        f"FROM {MESSAGE} WHERE {is_root}",
        values,
    )
    found = {}
    for id_, room_id, seq, sender_id, thread, deleted, mentions, count, people, last_us, rev in rows:
        root = _Root(
            from_db_uuid(id_), room_id, seq, sender_id, thread is not None, bool(deleted), ids_in_order(mentions)
        )
        if rev is not None:
            root.count, root.people, root.last_us, root.rev = count, ids_in_order(people), last_us, rev
        found[root.id] = root
    return found


def take_away(transaction: Transaction, root: UUID, seq: int) -> None:
    """A reply was deleted by event `seq`."""
    transaction.execute(
        f"UPDATE {MESSAGE} SET thread_count = thread_count - 1, thread_rev = %s WHERE id = %s",
        [seq, transaction.uuid(root)],
    )
