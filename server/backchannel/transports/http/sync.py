"""`POST /api/sync`: one poll says what a socket would have said, and ends as soon as it has something to say.

    resume ─▶ known here? ──yes──▶ PollingDevice: missed, or wait ─────────────────▶ answer
                          └─no───▶ Poll: a session that reads, or waits; the device listens from then on

No answer rests on what a node keeps between two polls: any node answers any of them. While one waits it holds no thread and no
database connection.
"""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from backchannel.protocol import codec
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.frames import CaughtUp, ClientHello, SyncRequest, SyncResponse
from backchannel.protocol.shapes import User
from backchannel.store.clock import now_us
from backchannel.transports import metrics
from backchannel.transports.catch_up import CatchUp
from backchannel.transports.effects import Close, Effect, Enter, Read, ReadPlace, Send
from backchannel.transports.http.device import PollingDevice
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.session import Session, State

Watch = Callable[[Callable[[], None]], Callable[[], object]]
"""Have a function called when the client goes away while it waits; returns how to stop that. A client that gave up must not
leave its place to nobody."""

_CAUGHT_UP: Final = codec.encode(CaughtUp())


class _Waiting(Protocol):
    """A poll that may wait."""

    instance: str | None

    def end(self, code: CloseCode, reason: str) -> None: ...


class Polls:
    """All polls of a node, and the devices they come from."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._devices: dict[tuple[str, str | None], PollingDevice] = {}
        self._polls: dict[int, dict[_Waiting, None]] = {}
        """Of each user, oldest first."""

    async def answer(self, request: SyncRequest, identity: Identity, watch: Watch) -> bytes:
        """The body of the answer. Raises CommandError: 401 or 403 where the credential ends meanwhile, 429 where there are
        too many, 503 where too much happens at once."""
        clock = self._node.context.clock
        until = clock() + min(request.wait, self._node.settings.limits.sync_wait_s)
        device = self._device_of(identity, request.client.instance)
        device.poll_began()
        try:
            answer = await self._answer_known(request, device, until - clock(), watch)
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

    async def _answer_known(
        self, request: SyncRequest, device: PollingDevice, within_s: float, watch: Watch
    ) -> bytes | None:
        """None where the poll has to read for itself."""
        missed = device.missed(request.resume) if request.resume else None
        if missed is None:
            return None
        if missed:
            self._give_way(device.user_id, device.instance)
            return _response([*missed, _CAUGHT_UP], device.epoch, device.user_version)
        if within_s <= 0 or self._node.draining:
            self._give_way(device.user_id, device.instance)
            return _response([], device.epoch, device.user_version)
        wait = device.wait()
        self._enter(device.user_id, wait)
        stop_watching = watch(wait.wake)
        metrics.polls.inc()
        try:
            await wait.done(within_s)
        finally:
            stop_watching()
            metrics.polls.dec()
            self._leave(device.user_id, wait)
            device.stop_waiting(wait)
        if wait.again:
            return None
        _check_ended(wait.code, knows_its_place=True)
        return _response(wait.frames, device.epoch, device.user_version)

    def _device_of(self, identity: Identity, instance: str | None) -> PollingDevice:
        key = (identity.credential, instance)
        device = self._devices.get(key)
        if device is None:
            device = PollingDevice(identity, instance, self._node, lambda: self._devices.__delitem__(key))
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
        polls = list(self._polls.get(user_id, ()))
        for older in polls:
            if instance and older.instance == instance:
                older.end(CloseCode.SUPERSEDED, "superseded")
        for oldest in polls[: -self._node.settings.limits.connections + 1]:
            oldest.end(CloseCode.TOO_MANY, "too_many_connections")


def _response(frames: list[bytes], epoch: str, user_version: int) -> bytes:
    metrics.count_sync("something" if frames else "nothing")
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


class Poll:
    """A subscriber of the hub for as long as one request lasts: a session of its own."""

    is_socket = False

    def __init__(self, identity: Identity, request: SyncRequest, node: Node, device: PollingDevice) -> None:
        self.user_id = identity.user_id
        self.credential = identity.credential
        self.proof = identity.proof
        self.instance = request.client.instance
        self.session_id = uuid.uuid4().hex
        self.opened = 0
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
        self._catch_up = CatchUp(node, self.session, self)
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
        return _response(self._frames, self.session.epoch, self.session.user_version)

    @property
    def waiting(self) -> int:
        return int(self.session.state is State.LIVE)

    async def _read_up(self) -> None:
        """Catch up as a socket does. What a resuming client knows already is left out."""
        hello = ClientHello(protocol=1, client=self._request.client, resume=self._request.resume)
        effects: Sequence[Effect] = self.session.frame(hello, self._node.context.clock(), now_us())
        said: list[bytes] = []
        while effects:
            following: list[Effect] = []
            for effect in effects:
                match effect:
                    case ReadPlace():
                        following += await self._catch_up.place()
                    case Enter():
                        self._catch_up.enter()
                        self._device.settle(self._catch_up, self.session)
                    case Read():
                        following += await self._catch_up.read(effect)
                    case Send(frames):
                        said += frames
                    case Close(code, reason):
                        self.end(code, reason)
            effects = following
        if not self.session.newcomer:
            said = said[1:]  # its hello
            if said == [_CAUGHT_UP]:
                said = []
        # What the hub brought while this was put together lies in `_frames` and comes after it.
        self._frames[:0] = said

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

    def passing_frames(self, frames: Sequence[bytes]) -> None:
        for frame in frames:
            self.passing_frame(frame)

    def passing_frame(self, frame: bytes) -> None:
        if self.session.passing_frame(frame):
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

    def say(self, frame: bytes) -> None:
        self._say(frame)

    def tick(self, now: float) -> None:
        if self.session.overflowed:
            self.end(CloseCode.TOO_SLOW, "behind")

    def _say(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._something.set()
