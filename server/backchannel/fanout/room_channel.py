"""One room that somebody on this node is subscribed to: its sequence, its subscribers, and how an event reaches them.

    accept ─▶ head + 1? ──no, higher──▶ stash; something is missing
                 │ yes
                 ▼
               emit ─┬─▶ event by event, at once, to each subscriber that must look at it (still catching up, a waiting poll)
                     └─▶ pending ── flush ──▶ one FrameBatch, encoded and framed once ──▶ every sink

What is pending when the hub flushes leaves as one batch: a busy room costs one write for many events. A large room is served in
slices, between which the loop does other things.

Theory. Events are emitted in the order of seqs, each once, whatever order or number they arrive in. What is pending is meant for the
sinks of the moment in which it was emitted, so whatever changes the subscribers, or how one of them is served, flushes first. Hence
both ways keep the order of seqs for everybody, and nothing reaches somebody who has left.
"""

from collections.abc import Callable
from typing import Final

from backchannel.fanout.envelopes import RoomEnvelope
from backchannel.fanout.subscriber import Sink, Subscriber
from backchannel.process_log import ProcessLog
from backchannel.protocol.frame_batch import BATCH_BYTES, FrameBatch

SLICE: Final = 500
"""Members served in one go: about 3 ms."""
STASH_LENGTH: Final = 1000
"""Events kept while an earlier one is missing; beyond, they are read again with it."""

_log = ProcessLog("backchannel.fanout")


class RoomChannel:
    __slots__ = (
        "_at",
        "_batch",
        "_left",
        "_lookers",
        "_on_pending",
        "_on_removed",
        "_pending",
        "_pending_bytes",
        "_sinks",
        "_stash",
        "head",
        "is_listened_to",
        "members",
        "moved_at",
        "room_id",
        "subscribers",
    )

    def __init__(
        self,
        room_id: int,
        on_pending: "Callable[[RoomChannel], None]",
        on_removed: Callable[[Subscriber, int], None],
    ) -> None:
        """`on_pending`: there is something to flush, as there was nothing before. `on_removed`: an event ended this subscriber's
        membership of the room; it is to be taken out."""
        self.room_id = room_id
        self.head: int | None = None
        """The last event emitted; None until it is known."""
        self.is_listened_to = False
        """The bus delivers what happens in the room."""
        self.members = 0
        self.moved_at = 0.0
        """When `head` moved last, by the hub's clock."""
        self.subscribers: dict[Subscriber, int] = {}
        """Each with a seq at which they are known to be in the room."""
        self._on_pending = on_pending
        self._on_removed = on_removed
        self._stash: dict[int, RoomEnvelope] = {}
        """Events above one that is missing, by seq."""
        self._left: dict[int, int] = {}
        """User → seq of the event that ended their membership; the bus may deliver an earlier joining after it."""
        self._sinks: tuple[Sink, ...] | None = None
        """None until the subscribers are asked again for theirs."""
        self._lookers: tuple[Subscriber, ...] = ()
        """Subscribers without a sink."""
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._batch: FrameBatch | None = None
        """The batch that the sinks up to `_at` have received, and the others have not."""
        self._at = 0

    # -- subscribers

    def add(self, subscriber: Subscriber, seq: int) -> None:
        self.flush_before_change()
        since = self.subscribers.setdefault(subscriber, seq)
        if seq > since:
            self.subscribers[subscriber] = seq

    def remove(self, subscriber: Subscriber) -> None:
        self.flush_before_change()
        self.subscribers.pop(subscriber, None)

    def left_since(self, user_id: int, seq: int) -> bool:
        """Did the user leave the room after `seq`, as far as this node knows?"""
        return self._left.get(user_id, 0) > seq

    def flush_before_change(self) -> None:
        """The subscribers, or how one of them is served, are about to change: flush what is pending to the present ones."""
        if self._sinks is None:  # nothing is pending
            return
        self._flush()
        self._sinks = None

    # -- sequence

    def accept(self, envelope: RoomEnvelope, now: float) -> bool:
        """An event from the bus or the log: emit it in its turn, once. True where an earlier one is missing."""
        if self.head is None or envelope.seq > self.head + 1:
            if len(self._stash) < STASH_LENGTH:
                self._stash[envelope.seq] = envelope
            return self.head is not None
        if envelope.seq <= self.head:
            return False
        self._emit(envelope, now)
        return bool(self._stash) and self._emit_stashed(now)

    def start_at(self, head: int, now: float) -> bool:
        """The room is known up to `head`: emit what arrived above it. True where an event is missing."""
        self.head = head
        return self._emit_stashed(now)

    def _emit_stashed(self, now: float) -> bool:
        assert self.head is not None
        while (envelope := self._stash.pop(self.head + 1, None)) is not None:
            self._emit(envelope, now)
        if self._stash:
            self._stash = {seq: envelope for seq, envelope in self._stash.items() if seq > self.head}
        return bool(self._stash)

    def _emit(self, envelope: RoomEnvelope, now: float) -> None:
        self.head = envelope.seq
        self.moved_at = now
        if envelope.removed:
            # The event may arrive after the user has joined again.
            removed = [
                each
                for each, since in self.subscribers.items()
                if each.user_id in envelope.removed and envelope.seq > since
            ]
            for subscriber in removed:
                self._on_removed(subscriber, self.room_id)
            self._left.update(dict.fromkeys(envelope.removed, envelope.seq))
        if self._sinks is None:
            self._ask_sinks()
        lookers = self._lookers
        if self._sinks:
            self._pend(envelope.frame)
        for subscriber in lookers:
            subscriber.room_event(self.room_id, envelope.seq, envelope.frame)

    # -- delivery

    def _ask_sinks(self) -> None:
        sinks, lookers = [], []
        for subscriber in self.subscribers:
            sink = subscriber.sink(self.room_id)
            if sink is None:
                lookers.append(subscriber)
            else:
                sinks.append(sink)
        self._sinks, self._lookers = tuple(sinks), tuple(lookers)

    def _pend(self, frame: bytes) -> None:
        if self._pending_bytes + len(frame) > BATCH_BYTES - 2:
            self._flush()
        if not self._pending and self._batch is None:
            self._on_pending(self)
        self._pending.append(frame)
        self._pending_bytes += len(frame) + 1

    @property
    def waiting_sinks(self) -> int:
        """How many sinks the next batch is for; 0 while one is written to a part of them."""
        return 0 if self._batch is not None or self._sinks is None else len(self._sinks)

    def flush_slice(self) -> bool:
        """Write what is pending to the next SLICE of the sinks. True where something remains to be written."""
        if self._batch is None and self._pending:
            self._take_pending()
        if self._batch is not None:
            self._write(self._at + SLICE)
        return self._batch is not None or bool(self._pending)

    def _flush(self) -> None:
        """Everything that is pending, to everybody, now."""
        sinks = len(self._sinks or ())
        if self._batch is not None:
            self._write(sinks)
        if self._pending:
            self._take_pending()
            self._write(sinks)

    def _take_pending(self) -> None:
        self._batch = FrameBatch(b",".join(self._pending), len(self._pending))
        self._at = 0
        self._pending = []
        self._pending_bytes = 0

    def _write(self, until: int) -> None:
        """To the sinks from where the last call stopped."""
        batch, sinks = self._batch, self._sinks
        assert batch is not None
        assert sinks is not None
        for sink in sinks[self._at : until]:
            try:
                sink(batch)
            except Exception:  # a fault of one subscriber must not cost the others their events
                _log.exception("sink_broke", room_id=self.room_id)
        self._at = until
        if until >= len(sinks):
            self._batch = None
