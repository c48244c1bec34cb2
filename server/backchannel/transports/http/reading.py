"""A poll that reads: the shell of a session that catches up as a socket's does, and of the backlog that begins where it listens."""

import uuid
from collections.abc import Sequence

from backchannel.fanout.subscriber import Subscriber
from backchannel.protocol import codec
from backchannel.protocol.commands import Command
from backchannel.protocol.errors import CloseCode
from backchannel.protocol.frames import CaughtUp, ClientHello, SyncRequest
from backchannel.store.clock import now_us
from backchannel.transports.http.backlog import Backlog
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.session import Session, State
from backchannel.transports.session.effects import Close, Read, ReadEvents
from backchannel.transports.session.inputs import Entered, EventsRead, ListRead, PositionRead
from backchannel.transports.session_driver import carry_out, drive
from backchannel.transports.session_reads import SessionReads

CAUGHT_UP = codec.encode(CaughtUp())


class Reading:
    def __init__(
        self, request: SyncRequest, identity: Identity, node: Node, subscriber: Subscriber, list_version: int
    ) -> None:
        """`list_version`: the latest version of the user's list that was received before."""
        self.session = Session(
            uuid.uuid4().hex,
            identity.user,
            node.settings,
            node.context.clock(),
            is_poll=True,
        )
        self.reads = _Reads(node, subscriber, self)
        self.backlog: Backlog | None = None
        """None before it listens, and where news was missed meanwhile."""
        self.ended: CloseCode | None = None
        """Why the session closed itself."""
        self._hello = ClientHello(protocol=1, client=request.client, resume=request.resume)
        self._node = node
        self._subscriber = subscriber
        self._list_version = list_version
        self._frames: list[bytes] = []

    async def run(self) -> list[bytes]:
        """The frames that the client missed; empty if a resuming client missed nothing. Raises what a read raises."""
        read = carry_out(self, self.session.frame(self._hello, self._node.context.clock(), now_us()))
        if read is not None:
            await drive(self, read)
        if self.session.state is State.LIVE and self.backlog is not None:
            # The list, where it was read, may name other rooms than the position did.
            self.backlog.match(self._node.hub.rooms_of(self._subscriber), self._node.hub.head_of)
        if self.session.is_newcomer:
            return self._frames
        frames = self._frames[1:]  # without its hello
        return [] if frames == [CAUGHT_UP] else frames

    def begin_backlog(self) -> None:
        """The subscriber listens to the rooms of the position."""
        session, hub = self.session, self._node.hub
        if self._list_version <= session.user_version:  # else a room may have come or gone since the position was read
            heads = {room_id: hub.head_of(room_id) for room_id in hub.rooms_of(self._subscriber)}
            events = self._node.settings.limits.catch_up_events
            self.backlog = Backlog(session.epoch, session.user_version, heads, events)

    # -- effects

    def send(self, frames: Sequence[bytes]) -> None:
        self._frames += frames

    def close(self, close: Close) -> None:
        self.ended = close.code

    def answer(self, frame: bytes) -> None:
        raise AssertionError("a poll has no frames to answer")

    def run_command(self, command: Command) -> None:
        raise AssertionError("a poll has no commands")

    def announce(self, opened_us: int) -> None: ...
    def update_delivery(self) -> None: ...
    def arrive(self) -> None: ...

    # -- what the hub delivers meanwhile

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        self.session.room_event(room_id, seq, frame)
        if self.backlog is not None:
            self.backlog.add(room_id, seq, frame)

    def user_frame(self, version: int, frame: bytes) -> None:
        self._list_version = max(self._list_version, version)
        self.session.user_frame(version, frame)
        if self.backlog is not None and not self.backlog.advance(version):
            self.backlog = None

    def joined(self, room_id: int, seq: int, head: int) -> None:
        self.session.joined(room_id, seq)
        if self.backlog is not None:
            self.backlog.enter(room_id, head)

    def left(self, room_id: int) -> None:
        self.session.left(room_id)
        if self.backlog is not None:
            self.backlog.leave(room_id)


class _Reads(SessionReads):
    """Begins the backlog with the listening, and adds what was read to it."""

    def __init__(self, node: Node, subscriber: Subscriber, reading: Reading) -> None:
        super().__init__(node, subscriber)
        self._reading = reading

    def enter(self) -> Entered:
        entered = super().enter()
        self._reading.begin_backlog()
        return entered

    async def read(self, wanted: Read) -> PositionRead | ListRead | EventsRead:
        result = await super().read(wanted)
        if isinstance(wanted, ReadEvents) and isinstance(result, EventsRead) and self._reading.backlog is not None:
            self._reading.backlog.add_before(wanted.cursors, result.events)
        return result
