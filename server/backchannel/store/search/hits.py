"""Candidates → hits: the messages as the reader may see them now, matched again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from backchannel.protocol import times
from backchannel.protocol.shapes import Message, RoomKind
from backchannel.search.cursor import Key
from backchannel.search.matching import Found, Names, match
from backchannel.search.wanted import Wanted
from backchannel.store import former_members, reads
from backchannel.store.access import Access
from backchannel.store.rooms import kinds_of
from backchannel.store.search.budget import Budget


class Matched(NamedTuple):
    key: Key
    message: Message
    found: Found


class Matcher:
    """Of one search. `scope`: the rooms in which the reader may be shown something, and up to where."""

    def __init__(self, wanted: Wanted, names: Names, scope: Mapping[int, Access]) -> None:
        self._wanted = wanted
        self._names = names
        self._scope = scope
        self._kinds: dict[int, RoomKind] = {}

    def matched(self, ids: Sequence[UUID], below: Key, budget: Budget) -> tuple[list[Matched], Key | None]:
        """The messages below a place that the reader may see and that match, newest first. If the time was over before all were
        looked at, also the place above which they were: those of one millisecond always are."""
        messages = self._shown(reads.messages_by_id(connection, ids).values())
        self._know_kinds({message.room_id for message in messages})
        keyed = [(key, message) for message in messages if (key := _key(message)) < below]
        keyed.sort(key=itemgetter(0), reverse=True)
        hits: list[Matched] = []
        before_ms: int | None = None
        for key, message in keyed:
            ms = key.at_us // 1000
            if before_ms not in (None, ms) and budget.is_over:
                return hits, Key((ms + 1) * 1000, 0, 0)
            before_ms = ms
            found = match(self._wanted, self._names, message, self._kinds[message.room_id])
            if found is not None:
                hits.append(Matched(key, message, found))
        return hits, None

    def _shown(self, messages: Iterable[Message]) -> list[Message]:
        shown: list[Message] = []
        left: dict[int, list[Message]] = {}
        for message in messages:
            access = self._scope.get(message.room_id)
            if access is None or not access.may_read(message.seq):
                continue
            if access.left_seq is None:
                shown.append(message)
            else:
                left.setdefault(message.room_id, []).append(message)
        for room_id, some in left.items():
            left_seq = self._scope[room_id].left_seq
            assert left_seq is not None
            shown += former_members.as_they_were(some, left_seq)
        return shown

    def _know_kinds(self, rooms: Collection[int]) -> None:
        self._kinds.update(kinds_of([room for room in rooms if room not in self._kinds]))


def _key(message: Message) -> Key:
    return Key(times.from_wire(message.created_at), message.room_id, message.seq)
