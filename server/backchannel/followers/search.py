"""Keeps the search index up to date with the log. What it derives is outside the transaction of its cursor: it has cursors of its own."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import connection

from backchannel import failpoints
from backchannel.followers.follower import Follower, Lost
from backchannel.protocol.shapes import Message, RoomKind
from backchannel.store import reads
from backchannel.store.followers import Stretch, has_begun
from backchannel.store.rooms import kinds_of
from backchannel.store.search.choice import index
from backchannel.store.search.documents import Document, document_of
from backchannel.store.search.index import Gone, IndexLost
from backchannel.store.search.tail import message_of
from backchannel.store.transaction import Transaction


class SearchFollower(Follower):
    """A message is indexed as it is when its event is read, and a deleted one is removed."""

    name = "search"

    def prepare(self, stretches: Sequence[Stretch]) -> None:
        epoch = reads.epoch()
        found = reads.events_in({room_id: (after, upto) for room_id, after, upto in stretches})
        events = [event for some in found.values() for event in some]
        rooms = {id_: event.room_id for event in events if (id_ := message_of(event))}
        messages = {event.message.id: event.message for event in events if hasattr(event, "message")}
        messages |= reads.messages_by_id(connection, [id_ for id_ in rooms if id_ not in messages])
        gone = [Gone(room, id_) for id_, room in rooms.items() if id_ not in messages or messages[id_].deleted]
        documents = _documents(messages.values(), kinds_of([room_id for room_id, _, _ in stretches]))
        try:
            index().write(epoch, stretches, documents, gone)
        except IndexLost as error:
            raise Lost(self.name) from error
        failpoints.reach("index_written")

    def tend(self) -> None:
        try:
            index().check(reads.epoch())
        except IndexLost as error:
            if has_begun(self.name):
                raise Lost(self.name) from error
            return  # nothing was indexed yet
        index().tend()

    def clear(self, transaction: Transaction) -> None:
        index().clear(transaction)


def _documents(messages: Iterable[Message], kinds: Mapping[int, RoomKind]) -> Iterator[Document]:
    for message in messages:
        if not message.deleted:
            yield document_of(message, kinds[message.room_id])
            failpoints.reach("message_indexed")
            # The interpreter is free for a moment: else the event loop, and a send, would wait for the words of the whole batch.
            time.sleep(0)
