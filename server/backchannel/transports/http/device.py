"""A device that polls, between its polls: it goes on listening for a while, so that the next poll needs no database.

    new ──settle──▶ settled ──serve──▶ serving ──────────────▶ closed
     └ hears of the user  └ hears the rooms  └ answers polls       └ nobody asked for LINGER_S, its credential ended,
                                                                     or it no longer knows where the user stands

Theory. To the hub it is one more subscriber, moved by the same facts as a socket: rooms come and go with `joined` and `left`, and
events come in order of seq, each once. `_floor` says for each room from which seq on it has heard everything, and `_backlog` has the
last of what it heard. A poll whose cursors lie at or above the floors, with the same version of the list, is answered from that:
it is what a read of the log would have brought. For any other it does not answer (None), and the poll reads for itself.
Nothing here is needed: a node that has never seen the device answers all the same, at the price of a read.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final

from backchannel.commands.set_presence import device_arrived
from backchannel.protocol.errors import CloseCode
from backchannel.protocol.frames import Resume
from backchannel.store.reads import UserPosition
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.session import Session
from backchannel.transports.session_reads import PRESENCE_ROOM

LINGER_S: Final = 30.0
BETWEEN_POLLS_S: Final = 1.0
"""A device without a poll for this long has gone, as far as presence goes."""
BACKLOG_EVENTS: Final = 64
BACKLOG_BYTES: Final = 64 * 1024


class _State(Enum):
    NEW = "new"
    SETTLED = "settled"
    SERVING = "serving"
    CLOSED = "closed"


class Wait:
    """One poll that waits at its device, until `until` by the node's clock. `frames`: what it is answered with. `again`: the device
    closed, read once more.

    It is woken once: there is something to say, or nothing more is to be waited for. What is said between that and the answer
    goes along. There is one for each poll that waits: it is a single object, whose timer is that of many (`Deadlines`).
    """

    __slots__ = ("again", "code", "device", "frames", "instance", "is_woken", "until")

    def __init__(self, device: "PollingDevice", until: float) -> None:
        self.device = device
        self.instance = device.instance
        self.until = until
        self.frames: list[bytes] = []
        self.code: CloseCode | None = None
        self.again = False
        self.is_woken = False

    def over(self) -> None:
        """It waits no more, and is to be answered."""
        raise NotImplementedError

    def say(self, frame: bytes) -> None:
        self.frames.append(frame)
        if not self.is_woken:
            self.wake()

    def end(self, code: CloseCode, _: str) -> None:
        self.code = code
        self.wake()

    def wake(self) -> None:
        if not self.is_woken:
            self.is_woken = True
            self.device.on_woken(self)


class PollingDevice:
    """A subscriber of the hub. `on_closed` is called once; `on_woken` once for each wait."""

    is_socket = False

    def __init__(
        self,
        identity: Identity,
        instance: str | None,
        node: Node,
        on_closed: Callable[[], None],
        on_woken: Callable[[Wait], None],
    ) -> None:
        self.user_id = identity.user_id
        self.credential = identity.credential
        self.proof = identity.proof
        self.instance = instance
        self.epoch = ""
        self.user_version = 0
        self._node = node
        self.on_woken = on_woken
        self._on_closed = on_closed
        self._state = _State.NEW
        self._floor: dict[int, int] = {}
        self._backlog: deque[tuple[int, int, bytes]] = deque()
        self._backlog_bytes = 0
        self._backlog_events = min(BACKLOG_EVENTS, node.settings.limits.catch_up_events)
        self._waits: dict[Wait, None] = {}
        self._polls = 0
        self._idle_since = 0.0
        self._present = False
        node.hub.attach(self)

    # -- what polls ask

    def missed(self, resume: Resume) -> list[bytes] | None:
        """The events above these cursors; None where it cannot say."""
        if self._state is not _State.SERVING or resume.user_version != self.user_version or resume.epoch != self.epoch:
            return None
        head_of, floor, cursors = self._node.hub.head_of, self._floor, resume.rooms
        behind = False
        for room_id, cursor in cursors.items():
            lowest = floor.get(room_id)
            if lowest is None:  # not on the user's list
                continue
            head = head_of(room_id)
            if cursor < lowest or cursor > head:
                return None
            behind |= cursor < head
        if resume.others is not None and resume.others != sum(head_of(room) for room in floor if room not in cursors):
            return None
        return [frame for room_id, seq, frame in self._backlog if seq > cursors.get(room_id, seq)] if behind else []

    def hold(self, wait: Wait) -> None:
        self.poll_began()
        self._waits[wait] = None

    def stop_waiting(self, wait: Wait) -> bool:
        """False where it had stopped before."""
        if wait not in self._waits:
            return False
        del self._waits[wait]
        self.poll_ended()
        return True

    def poll_began(self) -> None:
        self._polls += 1
        if not self._present and self._state is _State.SERVING:
            self._arrive()

    def poll_ended(self) -> None:
        self._polls -= 1
        self._idle_since = self._node.context.clock()

    @property
    def waiting(self) -> int:
        """Polls that wait."""
        return len(self._waits)

    # -- how it comes to know where the user stands: from a poll that reads for itself

    def settle(self, position: UserPosition, session: Session) -> None:
        """Listen to the rooms of the place that was just read."""
        if self._state is not _State.NEW:
            return
        if self.user_version > session.user_version:  # something was heard since it was read
            self.close()
            return
        self._state = _State.SETTLED
        self.epoch, self.user_version = session.epoch, session.user_version
        hub = self._node.hub
        hub.set_rooms(self, position.user_version, position.seats)
        self._floor = {room_id: hub.head_of(room_id) for room_id in hub.rooms_of(self)}

    def keep(self, cursors: Mapping[int, int], frames: Mapping[int, Sequence[tuple[int, bytes]]]) -> None:
        """What was read above the cursors, room → (seq, frame), unbroken: whoever does not get the answer asks for the same
        again. Only what leads up to where it listens from is of use."""
        for room_id, run in frames.items():
            floor = self._floor.get(room_id, 0)
            before = [(room_id, seq, frame) for seq, frame in run if seq <= floor]
            if before and before[-1][1] == floor and self._state is _State.SETTLED:
                self._backlog.extendleft(reversed(before))
                self._backlog_bytes += sum(len(frame) for _, _, frame in before)
                self._floor[room_id] = cursors[room_id]
        self._bound()

    def serve(self) -> None:
        """Everything settled is listened to by now."""
        if self._state is _State.SETTLED:
            self._state = _State.SERVING
            self._arrive()

    # -- what the hub says

    def sink(self, room_id: int) -> None:
        """It keeps events one by one."""

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        self._backlog.append((room_id, seq, frame))
        self._backlog_bytes += len(frame)
        self._bound()
        self._say(frame)

    def _bound(self) -> None:
        while len(self._backlog) > self._backlog_events or self._backlog_bytes > BACKLOG_BYTES:
            oldest, lost, gone = self._backlog.popleft()
            self._backlog_bytes -= len(gone)
            self._floor[oldest] = lost

    def user_frame(self, version: int, frame: bytes) -> None:
        if version <= self.user_version:
            return
        follows = version == self.user_version + 1
        self.user_version = version
        if self._state is _State.NEW:
            return
        self._say(frame)
        if not follows:  # one before it was lost, and with it, maybe, a room
            self.close()

    def ephemeral_frames(self, frames: Sequence[bytes]) -> None:
        for frame in frames:
            self._say(frame)

    def joined(self, room_id: int, seq: int) -> None:
        """Comes before the hub lets it in: what the channel has delivered by now is not heard."""
        self._floor[room_id] = max(seq, self._node.hub.head_of(room_id))

    def left(self, room_id: int) -> None:
        self._floor.pop(room_id, None)
        self._backlog = deque(each for each in self._backlog if each[0] != room_id)
        self._backlog_bytes = sum(len(frame) for _, _, frame in self._backlog)

    def observe_version(self, version: int) -> None:
        """News of the user's list was lost."""
        if self._state is not _State.NEW and version > self.user_version:
            self.close()

    def end(self, code: CloseCode, reason: str) -> None:
        if code is not CloseCode.RESTART:  # of the numbering: whoever waits reads where it stands now
            for wait in self._waits:
                wait.end(code, reason)
        self.close()

    def instance_opened(self, instance: str, session_id: str, opened_us: int) -> None: ...

    def say(self, frame: bytes) -> None:
        self._say(frame)

    def tick(self, now: float) -> None:
        if self._polls:
            return
        idle_s = now - self._idle_since
        if self._present and idle_s >= BETWEEN_POLLS_S:
            self._leave(self._idle_since)
        if idle_s >= LINGER_S:
            self.close()

    def close(self) -> None:
        """Answer nobody any more. Who waits reads for themselves."""
        if self._state is _State.CLOSED:
            return
        self._state = _State.CLOSED
        self._node.hub.detach(self)
        if self._present:
            self._leave(self._node.context.clock())
        for wait in self._waits:
            wait.again = not wait.frames and wait.code is None
            wait.wake()
        self._on_closed()

    def _say(self, frame: bytes) -> None:
        for wait in self._waits:
            wait.say(frame)

    # -- presence

    def _arrive(self) -> None:
        self._present = True
        rooms = self._node.hub.small_rooms_of(self, PRESENCE_ROOM)
        device_arrived(self._node.context, self.user_id, self._name, rooms)

    def _leave(self, at: float) -> None:
        self._present = False
        self._node.presence.leave(self.user_id, self._name, at)

    @property
    def _name(self) -> str:
        return self.instance or f"poll:{self.credential}"
