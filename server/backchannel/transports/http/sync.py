"""`POST /api/sync`: one poll says what a socket would have said, and ends as soon as it has something to say.

    resume ─▶ known here? ──yes──▶ PollingDevice: missed, or wait ─────────────────▶ answer
                          └─no───▶ Poll: a session that reads, or waits; the device listens from then on

What a device can answer goes by callback (`at_once`), without a task; `answer` is for all others, and for any ASGI server.
No answer rests on what a node keeps between two polls: any node answers any of them. While one waits it holds no thread and no
database connection.
"""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from backchannel.protocol import codec
from backchannel.protocol.commands import Command
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.frames import CaughtUp, ClientHello, SyncRequest, SyncResponse
from backchannel.protocol.shapes import User
from backchannel.store.clock import now_us
from backchannel.transports import metrics
from backchannel.transports.http.deadlines import Deadlines
from backchannel.transports.http.device import PollingDevice, Wait
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.session import Session, State
from backchannel.transports.session.effects import Close, Read, ReadEvents
from backchannel.transports.session.inputs import Entered, EventsRead, ListRead, PositionRead
from backchannel.transports.session_driver import carry_out, drive
from backchannel.transports.session_reads import SessionReads

Watch = Callable[[Callable[[], None]], Callable[[], object]]
"""Have a function called when the client goes away while it waits; returns how to stop that. A client that gave up must not
leave its place to nobody."""

_CAUGHT_UP: Final = codec.encode(CaughtUp())
SLICE: Final = 500
"""Polls answered in one turn of the loop, between which it does other things."""


class _Waiting(Protocol):
    """A poll that may wait."""

    instance: str | None

    def end(self, code: CloseCode, reason: str) -> None: ...


W = TypeVar("W", bound=Wait)
Hold = Callable[[PollingDevice, float], W]
"""A wait of one kind: at which device, until when."""


class Polls:
    """All polls of a node, and the devices they come from."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._devices: dict[tuple[str, str | None], PollingDevice] = {}
        self._polls: dict[int, dict[_Waiting, None]] = {}
        """Of each user, oldest first."""
        self._deadlines = Deadlines(node.context.clock)
        self._woken: list[Wait] = []
        self._last_said: tuple[list[bytes], str, int] = ([], "", 0)
        self._last_body = b""

    async def answer(self, request: SyncRequest, identity: Identity, watch: Watch) -> bytes:
        """The body of the answer. Raises CommandError: 401 or 403 where the credential ends meanwhile, 429 where there are
        too many, 503 where too much happens at once."""
        now = self._node.context.clock()
        until = self._until(request, now)
        device = self._device_of(identity, request.client.instance)
        device.poll_began()
        try:
            missed = device.missed(request.resume) if request.resume else None
            if missed is not None:
                answer = await self._answer_known(device, missed, until, now, watch)
                if answer is not None:
                    return answer
        finally:
            device.poll_ended()
        # Not the same as before, where it closed while it was waited at.
        device = self._device_of(identity, request.client.instance)
        device.poll_began()
        poll = Poll(identity, request, self._node, device)
        self._enter(identity.user_id, poll)
        try:
            return await poll.run(until, watch)
        finally:
            self._leave(identity.user_id, poll)
            device.poll_ended()

    def at_once(self, request: SyncRequest, identity: Identity, hold: Hold[W]) -> bytes | W | None:
        """Of a poll that needs no reading the body of the answer, or its wait; None for any other. Raises CommandError 429."""
        device = self._devices.get((identity.credential, request.client.instance))
        missed = device.missed(request.resume) if device and request.resume else None
        if device is None or missed is None:
            return None
        now = self._node.context.clock()
        self._node.rates.check_request(identity.user_id, now)
        return self._say_or_wait(device, missed, self._until(request, now), now, hold)

    def said(self, wait: Wait) -> bytes | None:
        """The body of the answer to a wait that is over; None where the poll has to read for itself. Raises CommandError."""
        if wait.again:
            return None
        _check_ended(wait.code, knows_its_place=True)
        return self._body(wait.frames, wait.device.epoch, wait.device.user_version)

    def rest(self, wait: Wait, body: bytes) -> bytes:
        """The body of a poll like that which waited, for as long as is left of its wait."""
        request: SyncRequest = codec.decode_body(body, SyncRequest)
        return codec.encode(replace(request, wait=max(0.0, wait.until - self._node.context.clock())))

    def forget(self, wait: Wait) -> bool:
        """It is answered, or its client has gone. False where it was forgotten before."""
        if not wait.device.stop_waiting(wait):
            return False
        self._deadlines.discard(wait)
        self._leave(wait.device.user_id, wait)
        metrics.polls.dec()
        return True

    def _until(self, request: SyncRequest, now: float) -> float:
        return now + min(request.wait, self._node.settings.limits.sync_wait_s)

    async def _answer_known(
        self, device: PollingDevice, missed: list[bytes], until: float, now: float, watch: Watch
    ) -> bytes | None:
        """None where the poll has to read for itself."""
        answer = self._say_or_wait(device, missed, until, now, _Awaited)
        if isinstance(answer, bytes):
            return answer
        stop_watching = watch(answer.wake)
        try:
            await answer.is_over.wait()
        finally:
            stop_watching()
            self.forget(answer)
        return self.said(answer)

    def _say_or_wait(
        self, device: PollingDevice, missed: list[bytes], until: float, now: float, hold: Hold[W]
    ) -> bytes | W:
        if missed or until <= now or self._node.draining:
            device.poll_began()
            self._give_way(device.user_id, device.instance)
            device.poll_ended()
            return self._body([*missed, _CAUGHT_UP] if missed else [], device.epoch, device.user_version)
        wait = hold(device, until)
        device.hold(wait)
        self._deadlines.add(wait)
        self._enter(device.user_id, wait)
        metrics.polls.inc()
        return wait

    def _wake(self, wait: Wait) -> None:
        self._woken.append(wait)
        if len(self._woken) == 1:
            asyncio.get_running_loop().call_soon(self._end_woken)

    def _end_woken(self) -> None:
        """A turn of the loop after the first was woken, so that what happens within it is one answer."""
        woken, self._woken = self._woken[:SLICE], self._woken[SLICE:]
        if self._woken:
            asyncio.get_running_loop().call_soon(self._end_woken)
        for wait in woken:
            if self.forget(wait):
                wait.over()

    def _body(self, frames: list[bytes], epoch: str, user_version: int) -> bytes:
        """Encoded once for all who are told the same, one after the other."""
        metrics.count_sync("something" if frames else "nothing")
        said = (frames, epoch, user_version)
        if said != self._last_said or not self._last_body:
            self._last_said, self._last_body = said, _encoded(*said)
        return self._last_body

    def _device_of(self, identity: Identity, instance: str | None) -> PollingDevice:
        key = (identity.credential, instance)
        device = self._devices.get(key)
        if device is None:
            device = PollingDevice(identity, instance, self._node, lambda: self._devices.__delitem__(key), self._wake)
            self._devices[key] = device
        return device

    def _enter(self, user_id: int, poll: _Waiting) -> None:
        self._give_way(user_id, poll.instance)
        self._polls.setdefault(user_id, {})[poll] = None

    def _leave(self, user_id: int, poll: _Waiting) -> None:
        polls = self._polls[user_id]
        del polls[poll]
        if not polls:
            del self._polls[user_id]

    def _give_way(self, user_id: int, instance: str | None) -> None:
        """One poll for each device, 20 for each user: an older one has been given up by its client."""
        waiting = self._polls.get(user_id)
        if waiting is None:
            return
        polls = list(waiting)
        for older in polls:
            if instance and older.instance == instance:
                older.end(CloseCode.SUPERSEDED, "superseded")
        for oldest in polls[: -self._node.settings.limits.connections + 1]:
            oldest.end(CloseCode.TOO_MANY, "too_many_connections")


def _encoded(frames: list[bytes], epoch: str, user_version: int) -> bytes:
    return codec.encode(SyncResponse([msgspec.Raw(frame) for frame in frames], epoch, user_version))


def _check_ended(code: CloseCode | None, *, knows_its_place: bool) -> None:
    match code:
        case CloseCode.SESSION_OVER:
            raise CommandError(Code.UNAUTHENTICATED, "The session is over; sign in again.")
        case CloseCode.FORBIDDEN:
            raise CommandError(Code.FORBIDDEN, "This account may not be here.")
        case CloseCode.TOO_MANY:
            raise CommandError(Code.RATE_LIMITED, "Too many polls of this user are waiting already.", retry_after=5.0)
        case CloseCode.SUPERSEDED if not knows_its_place:
            raise CommandError(Code.UNAVAILABLE, "A newer poll of the same client took its place.", retry_after=1.0)
        case CloseCode.TOO_SLOW:
            raise CommandError(Code.UNAVAILABLE, "Too much happens at once. Ask again.", retry_after=1.0)


class _Awaited(Wait):
    """The wait of a task."""

    __slots__ = ("is_over",)

    def __init__(self, device: PollingDevice, until: float) -> None:
        super().__init__(device, until)
        self.is_over = asyncio.Event()

    def over(self) -> None:
        self.is_over.set()


class _PollReads(SessionReads):
    """Has the device listen to the rooms too, and keep what was read."""

    def __init__(self, node: Node, poll: "Poll", device: PollingDevice) -> None:
        super().__init__(node, poll)
        self._poll = poll
        self._device = device

    def enter(self) -> Entered:
        entered = super().enter()
        self._device.settle(self._read_already, self._poll.session)
        return entered

    async def read(self, wanted: Read) -> PositionRead | ListRead | EventsRead:
        result = await super().read(wanted)
        if isinstance(wanted, ReadEvents) and isinstance(result, EventsRead):
            self._device.keep(wanted.cursors, result.events)
        return result


class Poll:
    """A subscriber of the hub for as long as one request lasts: a session of its own."""

    is_socket = False

    def __init__(self, identity: Identity, request: SyncRequest, node: Node, device: PollingDevice) -> None:
        self.user_id = identity.user_id
        self.credential = identity.credential
        self.proof = identity.proof
        self.instance = request.client.instance
        self.session_id = uuid.uuid4().hex
        self.session = Session(
            self.session_id,
            User(identity.user_id, identity.username, identity.display_name),
            node.settings,
            node.context.clock(),
            is_poll=True,
        )
        self._request = request
        self._node = node
        self._device = device
        self.reads = _PollReads(node, self, device)
        self._said: list[bytes] = []
        self._frames: list[bytes] = []
        self._something = asyncio.Event()
        self._ended: CloseCode | None = None

    async def run(self, until: float, watch: Watch) -> bytes:
        hub = self._node.hub
        hub.attach(self)
        try:
            await self._read_up()
            self._device.serve()
            if not self._frames and self._ended is None:
                await self._wait(until - self._node.context.clock(), watch)
        finally:
            hub.detach(self)
            self.session.closed()
        _check_ended(self._ended, knows_its_place=bool(self.session.epoch))
        metrics.count_sync("something" if self._frames else "nothing")
        return _encoded(self._frames, self.session.epoch, self.session.user_version)

    @property
    def waiting(self) -> int:
        return int(self.session.state is State.LIVE)

    async def _read_up(self) -> None:
        """Catch up as a socket does. What a resuming client knows already is left out."""
        hello = ClientHello(protocol=1, client=self._request.client, resume=self._request.resume)
        read = carry_out(self, self.session.frame(hello, self._node.context.clock(), now_us()))
        if read is not None:
            await drive(self, read)
        said = self._said
        if not self.session.is_newcomer:
            said = said[1:]  # its hello
            if said == [_CAUGHT_UP]:
                said = []
        # What the hub brought while this was put together lies in `_frames` and comes after it.
        self._frames[:0] = said

    # -- effects

    def send(self, frames: Sequence[bytes]) -> None:
        self._said += frames

    def close(self, close: Close) -> None:
        self.end(close.code, close.reason)

    def run_command(self, command: Command) -> None:
        raise AssertionError("a poll has no commands")

    def announce(self, opened_us: int) -> None: ...
    def update_delivery(self) -> None: ...
    def arrive(self) -> None: ...

    async def _wait(self, within_s: float, watch: Watch) -> None:
        metrics.polls.inc()
        stop_watching = watch(self._something.set)
        try:
            async with asyncio.timeout(within_s):
                if not self._node.draining:
                    await self._something.wait()
        except TimeoutError:
            pass
        finally:
            stop_watching()
            metrics.polls.dec()

    # -- what the hub says

    def sink(self, room_id: int) -> None:
        """The first event ends a poll: none passes it by."""

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        if self.session.room_event(room_id, seq, frame):
            self._say(frame)

    def user_frame(self, version: int, frame: bytes) -> None:
        if self.session.user_frame(version, frame):
            self._say(frame)

    def ephemeral_frames(self, frames: Sequence[bytes]) -> None:
        if self.session.takes_ephemeral:
            for frame in frames:
                self._say(frame)

    def joined(self, room_id: int, seq: int) -> None:
        self.session.joined(room_id, seq)

    def left(self, room_id: int) -> None:
        self.session.left(room_id)

    def observe_version(self, version: int) -> None:
        """News of the user's list was lost: end the wait, and the next poll brings the list."""
        if self.session.state is State.LIVE and version > self.session.user_version:
            self._something.set()

    def end(self, code: CloseCode, reason: str) -> None:
        self._ended = code
        self.session.closed()
        self._something.set()

    def instance_opened(self, instance: str, session_id: str, opened_us: int) -> None: ...

    def say(self, frame: bytes) -> None:
        self._say(frame)

    def tick(self, now: float) -> None:
        if self.session.is_overflowed:
            self.end(CloseCode.TOO_SLOW, "behind")

    def _say(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._something.set()
