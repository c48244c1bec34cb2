"""`POST /api/sync`: one poll is one session that ends as soon as it has something to say.

Nothing is kept between two polls; while one waits it holds a place in the hub, no thread and no database connection.
"""

import asyncio
import uuid
from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from backchannel.commands.set_presence import publish_sights
from backchannel.protocol import codec
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.frames import CaughtUp, ClientHello, SyncRequest, SyncResponse
from backchannel.protocol.shapes import User
from backchannel.store.clock import now_us
from backchannel.transports import metrics
from backchannel.transports.catch_up import PRESENCE_ROOM, CatchUp
from backchannel.transports.effects import Close, Effect, Enter, Read, ReadPlace, Send
from backchannel.transports.http.requests import json_answer, read_body
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.session import Session, State

_CAUGHT_UP = codec.encode(CaughtUp())


class Poll:
    """A subscriber of the hub for as long as one request waits."""

    is_socket = False

    def __init__(self, identity: Identity, request: SyncRequest, node: Node) -> None:
        self.user_id = identity.user_id
        self.credential = identity.credential
        self.instance = request.client.instance
        self.session_id = uuid.uuid4().hex
        self.opened_us = now_us()
        self.session = Session(
            self.session_id,
            User(identity.user_id, identity.username, identity.display_name),
            node.settings,
            node.context.clock(),
            is_poll=True,
        )
        self._request = request
        self._node = node
        self._catch_up = CatchUp(node, self.session, self)
        self._frames: list[bytes] = []
        self._something = asyncio.Event()
        self._ended: CloseCode | None = None

    async def run(self) -> SyncResponse:
        """Raises CommandError: 401 or 403 where the credential ends meanwhile, 429 where a newer poll takes the place."""
        hub, presence, clock = self._node.hub, self._node.presence, self._node.context.clock
        hub.attach(self)
        self._give_way()
        device = self.instance or f"poll:{self.credential}"
        arrived = False
        try:
            await self._read_up()
            rooms = hub.small_rooms_of(self, PRESENCE_ROOM)
            publish_sights(self._node.context.bus, presence, presence.arrive(self.user_id, device, rooms))
            arrived = True
            if not self._frames and self._ended is None:
                await self._wait()
        finally:
            hub.detach(self)
            self.session.closed()
            if arrived:
                presence.leave(self.user_id, device, clock())
        self._check_ended()
        metrics.syncs.labels("something" if self._frames else "nothing").inc()
        frames = [msgspec.Raw(frame) for frame in self._frames]
        return SyncResponse(frames, self.session.epoch, self.session.user_version)

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

    async def _wait(self) -> None:
        metrics.polls.inc()
        try:
            async with asyncio.timeout(min(self._request.wait, self._node.settings.limits.sync_wait_s)):
                if not self._node.draining:
                    await self._something.wait()
        except TimeoutError:
            pass
        finally:
            metrics.polls.dec()

    def _give_way(self) -> None:
        """One poll for each device, 20 for each user: an older one has been given up by its client."""
        polls = [
            each for each in self._node.hub.subscribers_of(self.user_id) if not each.is_socket and each is not self
        ]
        for older in polls:
            if self.instance and older.instance == self.instance:
                older.end(CloseCode.SUPERSEDED, "superseded")
        for oldest in polls[: -self._node.settings.limits.connections + 1]:
            oldest.end(CloseCode.TOO_MANY, "too_many_connections")

    def _check_ended(self) -> None:
        match self._ended:
            case CloseCode.SESSION_OVER:
                raise CommandError(Code.UNAUTHENTICATED, "The session is over; sign in again.")
            case CloseCode.FORBIDDEN:
                raise CommandError(Code.FORBIDDEN, "This account may not be here.")
            case CloseCode.TOO_MANY:
                raise CommandError(
                    Code.RATE_LIMITED, "Too many polls of this user are waiting already.", retry_after=5.0
                )
            case CloseCode.SUPERSEDED if not self.session.epoch:  # before it knew where it stands
                raise CommandError(Code.UNAVAILABLE, "A newer poll of the same client took its place.", retry_after=1.0)
            case CloseCode.TOO_SLOW:
                raise CommandError(Code.UNAVAILABLE, "Too much happens at once. Ask again.", retry_after=1.0)

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


async def sync(request: Request, identity: Identity, node: Node) -> Response:
    body = await read_body(request, 1024 * 1024)
    asked: SyncRequest = codec.decode_body(body or b"{}", SyncRequest)
    node.rates.check_request(identity.user_id, node.context.clock())
    poll = Poll(identity, asked, node)
    waiting = asyncio.ensure_future(poll.run())
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            await asyncio.wait({waiting})
            return Response(status_code=499)
        return json_answer(waiting.result())
    finally:
        gone.cancel()
        waiting.cancel()


async def _disconnected(request: Request) -> None:
    """A client that gave up must not leave its place in the hub to nobody."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
