"""One client that polls, as the hub sees it: a subscriber from its first poll until 30 seconds after its last.

    poll ─▶ missed: does the backlog reach back to its cursors? ──yes──▶ those events, or wait for the next
                └─no──▶ read: a session catches up as a socket's does; a new backlog begins where it listens

Theory. It handles the same calls of the hub as a WebSocket: rooms come and go with `joined` and `left`, and a room's events come in the order of
seqs, each once. Its backlog collects them, also between two polls. News that is known to be missing (a version of the list was
skipped, the periodic reconciliation found a later one, the numbering changed) voids the backlog, and polls read. No answer depends on what a
node keeps: one that has never seen the client gives the same, at the price of two queries.

What it is made of: `Backlog` (what was delivered), `Poll` (a request under way), `Reading` (a session that catches up).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from backchannel.commands.set_presence import device_arrived
from backchannel.evidence.evidence import NO_ROW
from backchannel.protocol.errors import CloseCode
from backchannel.protocol.frames import ClientInfo, Resume, SyncRequest
from backchannel.protocol.shapes import User
from backchannel.transports.http.backlog import Backlog
from backchannel.transports.http.poll import Poll
from backchannel.transports.http.reading import Reading
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.session_reads import PRESENCE_ROOM

LINGER_S: Final = 30.0
"""How long it is kept without a poll."""
NO_MORE_POLLS: Final = 1000
"""As the close code of a client that polls no more."""
BETWEEN_POLLS_S: Final = 1.0
"""Without a poll for this long, its user is no longer present by this client."""


class PollingSession:
    """A subscriber of the hub. Everything happens on the event loop."""

    __slots__ = (
        "_backlog",
        "_client",
        "_evidence_row",
        "_is_closed",
        "_is_present",
        "_list_version",
        "_moved",
        "_node",
        "_on_closed",
        "_polled",
        "_polls",
        "_recorded_at",
        "credential",
        "idle_since",
        "instance",
        "proof",
        "user_id",
    )

    is_socket = False

    def __init__(self, identity: Identity, instance: str | None, node: Node, on_closed: Callable[[], None]) -> None:
        """`on_closed` is called once, when the hub delivers nothing to it any more."""
        self.user_id = identity.user_id
        self.credential = identity.credential
        self.proof = identity.proof
        self.instance = instance
        self._node = node
        self._on_closed = on_closed
        self._backlog: Backlog | None = None
        """None until a poll has read, and again where news was missed."""
        self._list_version = 0
        """The latest version of the user's list that was received."""
        self._polls: dict[Poll, None] = {}
        """The polls under way."""
        self.idle_since = 0.0
        """When the last of them was answered."""
        self._is_present = False
        self._is_closed = False
        self._evidence_row = NO_ROW
        self._client = ""
        """The label of the client's name; "" while this is not recorded."""
        self._recorded_at = 0.0
        self._moved: set[int] | None = None
        """Rooms with events that the client has not confirmed; None where there are none, or no evidence is kept."""
        self._polled = 0
        """Polls so far."""
        node.hub.attach(self)

    # -- polls

    def begin(self, poll: Poll) -> None:
        """Have what the hub delivers go to the poll, until `finish`."""
        self._polls[poll] = None
        self._polled += 1
        if self._backlog is not None:
            self._arrive()

    @property
    def is_recorded(self) -> bool:
        return self._client != ""

    def record(self, scope: Mapping[str, Any], client: ClientInfo) -> None:
        """This client receives by polling: evidence of it begins."""
        evidence = self._node.evidence
        self._evidence_row = evidence.polling(scope, self.user_id, client.name, self.instance)
        self._client = evidence.greeted("http", client.name)
        evidence.live("http", resumed=self._backlog is not None)
        self._recorded_at = self._node.context.clock()

    def confirm(self, resume: Resume | None) -> None:
        """As evidence: how far the client has come in the rooms that moved."""
        if self._moved is None or resume is None:
            return
        seen = {room_id: resume.rooms[room_id] for room_id in self._moved if room_id in resume.rooms}
        behind = {room_id for room_id, seq in seen.items() if seq < self._node.hub.head_of(room_id)}
        self._moved = behind or None
        self._node.evidence.seen(self._evidence_row, seen)

    def finish(self, poll: Poll) -> None:
        del self._polls[poll]
        self.idle_since = self._node.context.clock()

    def missed(self, poll: Poll, resume: Resume | None) -> bool:
        """Put the events above the client's cursors into the poll. False where it has to `read`."""
        backlog = self._backlog
        if backlog is None or resume is None:
            return False
        frames = backlog.above(resume, self._node.hub.head_of)
        if frames is None:
            return False
        poll.frames, poll.epoch, poll.user_version = frames, backlog.epoch, backlog.user_version
        return True

    async def read(self, poll: Poll, request: SyncRequest, identity: Identity) -> None:
        """Catch up from the client's cursors by the database, and begin another backlog. Raises CommandError."""
        self._backlog = None
        reading = Reading(request, identity, self._node, self, self._list_version)
        await poll.read(reading)
        if not self._is_closed and poll.ended is None and not poll.must_read:
            self._backlog = reading.backlog
            self._arrive()

    @property
    def is_idle(self) -> bool:
        return not self._polls

    @property
    def waiting(self) -> int:
        """Polls that wait."""
        return sum(poll.reading is None for poll in self._polls)

    # -- what the hub delivers

    def sink(self, room_id: int) -> None:
        """None: each event is to come by `room_event`."""

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        if self._evidence_row != NO_ROW:
            self._moved = self._moved or set()
            self._moved.add(room_id)
        if self._backlog is not None:
            self._backlog.add(room_id, seq, frame)
        for poll in self._polls:
            poll.room_event(room_id, seq, frame)

    def user_frame(self, version: int, frame: bytes) -> None:
        self._list_version = max(self._list_version, version)
        if self._backlog is not None and not self._backlog.advance(version):
            self._backlog = None
        for poll in self._polls:
            poll.user_frame(version, frame)

    def ephemeral_frames(self, frames: Sequence[bytes]) -> None:
        for poll in self._polls:
            poll.ephemeral_frames(frames)

    def joined(self, room_id: int, seq: int) -> None:
        """Called before the hub enters the room: what its channel has delivered by now does not come any more."""
        head = max(seq, self._node.hub.head_of(room_id))
        if self._backlog is not None:
            self._backlog.enter(room_id, head)
        for poll in self._polls:
            poll.joined(room_id, seq, head)

    def left(self, room_id: int) -> None:
        if self._backlog is not None:
            self._backlog.leave(room_id)
        for poll in self._polls:
            poll.left(room_id)

    def observe_version(self, version: int) -> None:
        """The database's version of the user's list; where it is a later one, news of it was lost."""
        if self._backlog is not None and version > self._backlog.user_version:
            self._backlog = None
        for poll in self._polls:
            poll.observe_version(version)

    def person_changed(self, user: User) -> None:
        """Each poll brings the user as they are."""

    def instance_opened(self, instance: str, session_id: str, opened_us: int) -> None:
        """A socket beside the polls: the client ends these once the socket has proved itself."""

    def say(self, frame: bytes) -> None:
        """One frame of the server's own, outside all numbers (`going_away`)."""
        for poll in self._polls:
            poll.say(frame)

    def end(self, code: CloseCode, reason: str) -> None:
        if code is CloseCode.RESTART:
            self._start_over()
            return
        for poll in self._polls:
            poll.end(code)
        self.close(code, reason)

    def _start_over(self) -> None:
        """Versions and seqs received so far belong to another numbering; waiting polls read their user's position again."""
        self._node.hub.detach(self)
        self._node.hub.attach(self)
        self._leave(self._node.context.clock())
        self._backlog = None
        self._list_version = 0
        for poll in self._polls:
            poll.read_again()

    def tick(self, now: float) -> None:
        for poll in self._polls:
            if poll.reading is not None and poll.reading.session.is_overflowed:
                poll.end(CloseCode.TOO_SLOW)
        if self._polls:
            return
        idle_s = now - self.idle_since
        if idle_s >= BETWEEN_POLLS_S:
            self._leave(self.idle_since)
        if idle_s >= LINGER_S:
            self.close()

    def close(self, code: int = NO_MORE_POLLS, reason: str = "polls_ended") -> None:
        """Answer no poll any more; those under way go on with another session. `code`, `reason`: as evidence."""
        if self._is_closed:
            return
        self._is_closed = True
        if self.is_recorded:
            seconds = (self._node.context.clock() if self._polls else self.idle_since) - self._recorded_at
            self._node.evidence.ended(
                self._evidence_row,
                "http",
                client=self._client,
                instance=self.instance,
                code=int(code),
                reason=reason,
                seconds=max(0.0, seconds),
                received=self._polled,
            )
        self._node.hub.detach(self)
        self._leave(self._node.context.clock())
        for poll in self._polls:
            poll.read_again()
        self._on_closed()

    # -- presence

    def _arrive(self) -> None:
        if self._is_present:
            return
        self._is_present = True
        rooms = self._node.hub.small_rooms_of(self, PRESENCE_ROOM)
        device_arrived(self._node.context, self.user_id, self._name, rooms)

    def _leave(self, at: float) -> None:
        if self._is_present:
            self._is_present = False
            self._node.presence.leave(self.user_id, self._name, at)

    @property
    def _name(self) -> str:
        return self.instance or f"poll:{self.credential}"
