"""Which subscribers this process serves, and the routing of what the bus delivers to them.

    bus ─▶ Hub.deliver ─┬─▶ RoomChannel (order, delivery) ─▶ every subscriber of the room
                        │        └─ an event is missing ─▶ Repairs: read it from the log
                        ├─▶ the subscribers of the user
                        └─▶ the handler of any other kind of envelope (presence, revocation)

A room's channel delivers its events in the order of seqs, each once, so a subscriber that has caught up to the channel's head needs no
order of its own. The hub knows no socket: a subscriber is anything with the methods of `Subscriber`.

Longer than 300 lines: rooms, users and subscribers are three views of one fact, which only change together.
"""

import math
import time
from collections.abc import Callable, Collection, Hashable, Iterable, KeysView, Mapping
from collections.abc import Set as AbstractSet
from itertools import chain
from operator import attrgetter
from typing import Any, Final, TypeVar

from backchannel.counted_histogram import CountedHistogram
from backchannel.fanout import envelopes
from backchannel.fanout.bus import Bus
from backchannel.fanout.envelopes import (
    Envelope,
    EphemeralEnvelope,
    InstanceEnvelope,
    PersonEnvelope,
    RoomEnvelope,
    UserEnvelope,
    UserEphemeralEnvelope,
)
from backchannel.fanout.listening import Listening
from backchannel.fanout.repairs import ReadEvents, Repairs
from backchannel.fanout.room_channel import RoomChannel
from backchannel.fanout.subscriber import Subscriber
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import CloseCode

E = TypeVar("E", bound=Envelope)
_user_id = attrgetter("user_id")

_log = ProcessLog("backchannel.fanout")
_flush_seconds: Final = CountedHistogram(
    "backchannel_fanout_seconds",
    "How long writing pending events to their subscribers held the event loop.",
    (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1),
).labels()


class Hub:
    def __init__(
        self,
        bus: Bus,
        read_events: ReadEvents,
        clock: Callable[[], float],
        flush_soon: Callable[[], None],
        *,
        repair_after_s: float = 0.05,
        repair_retry_s: float = 1.0,
    ) -> None:
        """`read_events` reads room events above the given cursors. `clock`: seconds, monotonic. `flush_soon` is called when a room has
        something to flush; `flush` is to be called within a moment. `repair_after_s`: publishes of neighbouring events may overtake
        each other; waiting a little saves a read."""
        self._bus = bus
        self._clock = clock
        self._rooms: dict[int, RoomChannel] = {}
        self._users: dict[int, tuple[Subscriber, ...]] = {}
        self._listening: dict[Subscriber, Listening] = {}
        self._repairs = Repairs(read_events, self._head_of, self._room_envelope, repair_after_s, repair_retry_s)
        self._pending: dict[RoomChannel, None] = {}
        """The rooms that have something to flush."""
        self._flush_soon = flush_soon
        self._handlers: dict[type[Any], Callable[[Any], None]] = {}

    def handle(self, kind: type[E], handler: Callable[[E], None]) -> None:
        """Have `handler` called with each envelope of this kind, from this node or another. Call before `start`."""
        self._handlers[kind] = handler

    async def start(self, on_reconnected: Callable[[], None]) -> None:
        """`on_reconnected` is called when the bus carries again after it may have lost something."""
        await self._bus.start(self.deliver, on_reconnected)
        self._bus.subscribe(envelopes.EVERYBODY)

    async def stop(self) -> None:
        self._repairs.stop()
        self._bus.unsubscribe(envelopes.EVERYBODY)
        await self._bus.stop()

    # -- subscribing

    def attach(self, subscriber: Subscriber) -> None:
        """Deliver what concerns the user to the subscriber. Call before reading the user's rooms, so that no change is missed."""
        self._listening[subscriber] = Listening()
        mates = self._users.get(subscriber.user_id, ())
        if not mates:
            self._bus.subscribe(envelopes.user_topic(subscriber.user_id))
        self._users[subscriber.user_id] = (*mates, subscriber)

    def detach(self, subscriber: Subscriber) -> None:
        """Deliver nothing more. May be called again."""
        listening = self._listening.pop(subscriber, None)
        if listening is None:
            return
        for room_id in listening.rooms:
            self._drop(room_id, subscriber)
        mates = tuple(each for each in self._users[subscriber.user_id] if each is not subscriber)
        if mates:
            self._users[subscriber.user_id] = mates
        else:
            del self._users[subscriber.user_id]
            self._bus.unsubscribe(envelopes.user_topic(subscriber.user_id))

    def enter(self, subscriber: Subscriber, room_id: int, head: int, members: int) -> None:
        """Deliver a room's events to the subscriber. `head`: a committed seq at which the user is a member. What the channel has
        delivered already is not repeated. Ignored if the user left after `head`."""
        listening = self._listening.get(subscriber)
        if listening is not None:
            self._enter(subscriber, listening, room_id, head, members)

    def _enter(self, subscriber: Subscriber, listening: Listening, room_id: int, head: int, members: int) -> None:
        channel = self._rooms.get(room_id)
        if channel is None:
            channel = self._rooms[room_id] = RoomChannel(room_id, self._note_pending, self._remove)
            self._bus.subscribe(envelopes.room_topic(room_id))
        elif channel.left_since(subscriber.user_id, head):
            return
        channel.members = members
        channel.add(subscriber, head)
        listening.rooms[channel.room_id] = None  # one int object for all of the room
        if channel.head is None:
            if channel.start_at(head, self._clock()):
                self._repairs.begin(room_id)
        elif channel.head > head:  # the subscriber lacks the events between: the next heartbeat names the room
            channel.moved_at = self._clock()

    def _left_since(self, user_id: int, room_id: int, seq: int) -> bool:
        channel = self._rooms.get(room_id)
        return channel is not None and channel.left_since(user_id, seq)

    def set_rooms(self, subscriber: Subscriber, version: int, seats: Mapping[int, tuple[int, int]]) -> None:
        """The user's rooms as read at `version` of their list, room → (head, members): enter these and leave all others, except
        rooms with a later change."""
        listening = self._listening.get(subscriber)
        if listening is None:
            return
        moved = listening.read_at(version)
        for room_id in listening.rooms.keys() - seats.keys() - moved:
            self.leave(subscriber, room_id)
        for room_id, (head, members) in seats.items():
            if room_id not in moved:
                self._enter(subscriber, listening, room_id, head, members)

    def sinks_changed(self, subscriber: Subscriber) -> None:
        """Call after the subscriber's `sink` has come to answer differently."""
        for room_id in self.rooms_of(subscriber):
            self._rooms[room_id].flush_before_change()

    async def wait_attached(self) -> None:
        """Return when the bus delivers what concerns the users attached so far: only then may their rooms be read. Otherwise a removal
        after the read and before the subscription would be missed, and they would enter a room they are no longer in."""
        await self._bus.wait_subscribed()

    async def wait_listening(self, subscriber: Subscriber) -> None:
        """Return when the bus delivers the rooms entered so far: only then may the log be read."""
        entered = [self._rooms[room] for room in self.rooms_of(subscriber)]
        await self._bus.wait_subscribed()
        for channel in entered:
            channel.is_listened_to = True

    def leave(self, subscriber: Subscriber, room_id: int) -> None:
        listening = self._listening.get(subscriber)
        if listening is not None and room_id in listening.rooms:
            del listening.rooms[room_id]
            self._drop(room_id, subscriber)

    def _drop(self, room_id: int, subscriber: Subscriber) -> None:
        channel = self._rooms[room_id]
        channel.remove(subscriber)
        if not channel.subscribers:
            del self._rooms[room_id]
            self._pending.pop(channel, None)
            self._bus.unsubscribe(envelopes.room_topic(room_id))

    # -- looking up

    @property
    def served_rooms(self) -> KeysView[int]:
        return self._rooms.keys()

    @property
    def served_users(self) -> KeysView[int]:
        return self._users.keys()

    @property
    def subscribers(self) -> KeysView[Subscriber]:
        return self._listening.keys()

    def subscribers_of(self, user_id: int) -> list[Subscriber]:
        """Oldest first."""
        return list(self._users.get(user_id, ()))

    def rooms_of(self, subscriber: Subscriber) -> AbstractSet[int]:
        listening = self._listening.get(subscriber)
        return listening.rooms.keys() if listening is not None else frozenset()

    def small_rooms_of(self, subscriber: Subscriber, up_to: int) -> tuple[int, ...]:
        rooms = self._rooms
        return tuple([room for room in self.rooms_of(subscriber) if rooms[room].members <= up_to])

    def head_of(self, room_id: int) -> int:
        """The last event delivered here; 0 if no subscriber is in the room."""
        return self._head_of(room_id) or 0

    def _head_of(self, room_id: int) -> int | None:
        channel = self._rooms.get(room_id)
        return channel.head if channel else None

    def channels_of(self, room_ids: Iterable[int]) -> dict[int, RoomChannel]:
        """Room → channel, for those of the rooms that the bus delivers. While a room keeps its channel, the hub misses nothing of it."""
        rooms = self._rooms
        return {
            room: channel for room in room_ids if (channel := rooms.get(room)) is not None and channel.is_listened_to
        }

    def people_in(self, room_ids: Iterable[int]) -> set[int]:
        """The users with a subscriber in any of the rooms."""
        return set(map(_user_id, chain.from_iterable(self._rooms[room].subscribers for room in room_ids)))

    def heads_moved_since(self, subscriber: Subscriber, since: float) -> dict[int, int]:
        """The heads of those of the subscriber's rooms that moved at or after `since` (the hub's clock)."""
        channels = ((room, self._rooms[room]) for room in self.rooms_of(subscriber))
        return {
            room: channel.head for room, channel in channels if channel.head is not None and channel.moved_at >= since
        }

    # -- delivering

    def deliver(self, body: bytes) -> None:
        """Route one envelope; called by the bus."""
        envelope = envelopes.decode(body)
        match envelope:
            case RoomEnvelope():
                self._room_envelope(envelope)
            case UserEnvelope():
                self._user_envelope(envelope)
            case EphemeralEnvelope():
                self.pass_on(envelope.by, [envelope.room_id], envelope.frame)
            case UserEphemeralEnvelope():
                for subscriber in self.subscribers_of(envelope.user_id):
                    subscriber.ephemeral_frames((envelope.frame,))
            case InstanceEnvelope():
                self._instance_envelope(envelope)
            case PersonEnvelope():
                self._person_envelope(envelope)
            case _:
                handler = self._handlers.get(type(envelope))
                if handler is not None:
                    handler(envelope)

    def end_credentials(self, credentials: Collection[str]) -> None:
        """Close every socket and poll that was opened with one of them."""
        for subscriber in list(self._listening):
            if subscriber.credential in credentials:
                subscriber.end(CloseCode.SESSION_OVER, "session_over")

    def end_proofs(self, proofs: Collection[Hashable]) -> None:
        """Close every socket and poll that one of them let in. Narrower than its credential: two of a site's classes may give the same name."""
        for subscriber in list(self._listening):
            if subscriber.proof in proofs:
                subscriber.end(CloseCode.SESSION_OVER, "session_over")

    def pass_on(self, by: int, room_ids: Iterable[int], frame: bytes) -> None:
        """Deliver an ephemeral frame to the subscribers of any of the rooms, once each, except those of the user `by`."""
        frames = (frame,)
        for subscriber in self.listeners_of(room_ids):
            if subscriber.user_id != by:
                subscriber.ephemeral_frames(frames)

    def listeners_of(self, room_ids: Iterable[int]) -> list[Subscriber]:
        """The subscribers of any of the rooms, once each."""
        rooms = self._rooms
        return list(dict.fromkeys(chain.from_iterable(rooms[room].subscribers for room in room_ids if room in rooms)))

    def observe_versions(self, versions: Mapping[int, int]) -> None:
        """The current versions of the users' room lists: a subscriber that is behind reads its list again."""
        for user_id, version in versions.items():
            for subscriber in self.subscribers_of(user_id):
                subscriber.observe_version(version)

    def observe_heads(self, heads: Mapping[int, int]) -> None:
        """The current heads of the rooms: events that did not arrive are read from the log."""
        for room_id, head in heads.items():
            channel = self._rooms.get(room_id)
            if channel is not None and channel.head is not None and channel.head < head:
                self._repairs.begin(room_id)

    def _room_envelope(self, envelope: RoomEnvelope) -> None:
        channel = self._rooms.get(envelope.room_id)
        if channel is not None and channel.accept(envelope, self._clock()):
            self._repairs.begin(envelope.room_id)

    def _remove(self, subscriber: Subscriber, room_id: int) -> None:
        self.leave(subscriber, room_id)
        subscriber.left(room_id)

    def _user_envelope(self, envelope: UserEnvelope) -> None:
        for subscriber in self.subscribers_of(envelope.user_id):
            # The later of two changes of a room wins, in whichever order the nodes' envelopes arrive.
            if envelope.joined is not None and self._listening[subscriber].is_news(
                envelope.joined[0], envelope.version
            ):
                room_id, seq, members = envelope.joined
                if not self._left_since(envelope.user_id, room_id, seq):
                    subscriber.joined(room_id, seq)
                    self.enter(subscriber, room_id, seq, members)
            if envelope.left is not None and self._listening[subscriber].is_news(envelope.left, envelope.version):
                self.leave(subscriber, envelope.left)
                subscriber.left(envelope.left)
            subscriber.user_frame(envelope.version, envelope.frame)

    def _person_envelope(self, envelope: PersonEnvelope) -> None:
        for subscriber in self.subscribers_of(envelope.user.id):
            subscriber.person_changed(envelope.user)
        handler = self._handlers.get(PersonEnvelope)
        if handler is not None:
            handler(envelope)

    def _instance_envelope(self, envelope: InstanceEnvelope) -> None:
        for subscriber in self.subscribers_of(envelope.user_id):
            subscriber.instance_opened(envelope.instance, envelope.session, envelope.opened)

    # -- flushing

    def flush(self, sinks_below: float = math.inf) -> int:
        """Write what the rooms have pending; of a large room one slice, and `flush_soon` is called for the rest. Leave rooms with
        `sinks_below` sinks or more as they are, unless one is written to in part. Returns the sinks of the largest room left, or 0."""
        began = time.perf_counter()
        pending, self._pending = self._pending, {}
        most = 0
        for channel in pending:
            sinks = channel.waiting_sinks
            if sinks >= sinks_below:
                self._pending[channel] = None
                most = max(most, sinks)
            elif channel.flush_slice():
                self._note_pending(channel)
        if pending:
            _flush_seconds.observe(time.perf_counter() - began)
        return most

    def _note_pending(self, channel: RoomChannel) -> None:
        self._pending[channel] = None
        self._flush_soon()
