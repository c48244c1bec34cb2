"""One WebSocket: the shell around its session. Messages of the client and deliveries of the hub go in, effects come out.

    Link ──message_received──▶ Connection ──frame──▶ Session ──effects──▶ carry_out ──send, close, …──▶ Connection ──▶ Link
    Hub ──room_event, joined, …──▶ ┘                                          └─ a read remains ─▶ drive, in a task

It decides only what a socket alone has: limits of messages and commands, presence, and which older sockets have to close. An idle
connection is a few objects, and no task.

Longer than 300 lines: every call of the link, the hub and the session to one socket ends here.
"""

import asyncio
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from backchannel.commands.announce_instance import announce_instance
from backchannel.commands.context import Caller
from backchannel.commands.set_presence import device_arrived
from backchannel.evidence.evidence import NO_ROW
from backchannel.fanout.subscriber import Sink
from backchannel.internal_error import internal_error
from backchannel.process_log import ProcessLog
from backchannel.protocol import codec
from backchannel.protocol.commands import Command
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.frame_batch import AnswerBatch, FrameBatch, batches_of
from backchannel.protocol.frames import ClientHello, ClientPong, ErrorFrame
from backchannel.protocol.shapes import User
from backchannel.store.clock import now_us
from backchannel.transports import dispatch
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.rates import Bucket, refused
from backchannel.transports.session import Session, State
from backchannel.transports.session.effects import Close, Effect, Read
from backchannel.transports.session_driver import carry_out, drive
from backchannel.transports.session_reads import PRESENCE_ROOM, SessionReads
from backchannel.transports.websocket.answers import encode_answer
from backchannel.transports.websocket.connection_log import closed_by_client, log_closed, log_opened
from backchannel.transports.websocket.link import HELLO_BYTES, Link

COMMANDS_AT_ONCE: Final = 128
"""Commands of one socket that are not answered yet."""
STALE_PATIENCE_S: Final = 5.0
"""How long a change of the user's room list may be on its way before the list is read."""
MESSAGES_PER_SECOND: Final = 200.0
MESSAGE_BURST: Final = 1000
"""Of one socket, whatever a site allows its users. Beyond, it is closed with 4429."""

_log = ProcessLog("backchannel.websocket")


class Connection:
    """A subscriber of the hub, the peer of a link and the shell of a session. All calls come on the event loop; none waits."""

    __slots__ = (
        "_client",
        "_closing",
        "_commands",
        "_expires_us",
        "_is_present",
        "_link",
        "_messages",
        "_node",
        "_opened_at",
        "_opened_us",
        "_reads",
        "_received",
        "_tasks",
        "_via",
        "credential",
        "evidence_row",
        "proof",
        "session",
        "session_id",
        "user_id",
    )

    is_socket = True

    def __init__(self, identity: Identity, node: Node) -> None:
        self.user_id = identity.user_id
        self.credential = identity.credential
        self._expires_us = identity.expires_at
        self.proof = identity.proof
        self.session_id = uuid.uuid4().hex
        self._opened_us = 0
        """When the session opened, in µs of the clock that all nodes share; 0 before it is announced."""
        self.session = Session(
            self.session_id,
            identity.user,
            node.settings,
            node.context.clock(),
        )
        self._via = identity.via
        self._node = node
        self._reads: SessionReads | None = None
        """While something is read."""
        self._tasks: set[asyncio.Task[Any]] | None = None
        """Reads and commands under way; None where there are none. Cancelled with the connection."""
        self._commands = 0
        """Commands that are not answered yet."""
        self._messages = Bucket(MESSAGE_BURST, node.context.clock())
        self._is_present = False
        """The user is present by this connection."""
        self._closing: Close | None = None
        """How the server closed it."""
        self._opened_at = node.context.clock()
        self.evidence_row = NO_ROW
        """Of the evidence of its handshake."""
        self._client = ""
        """The label of the client's name, once it has said it."""
        self._received = 0
        """Messages of the client."""

    def open(self, link: Link) -> None:
        """The handshake is accepted."""
        self._link = link
        log_opened(self.session_id, self.user_id, self._via)
        self._node.hub.attach(self)
        self._close_oldest()

    # -- what the link receives

    def message_received(self, message: bytes, *, is_text: bool) -> None:
        now = self._node.context.clock()
        self._received += 1
        if self._messages.take(now, MESSAGES_PER_SECOND, MESSAGE_BURST):
            return self.end(CloseCode.TOO_MANY, "flood")
        try:
            if not is_text:
                raise codec.BadFrame(Code.BAD_FRAME, "Frames are text, not binary.")
            is_first = self.session.state is State.OPENING
            if len(message) > (HELLO_BYTES if is_first else self._node.settings.limits.frame_bytes):
                return self.end(CloseCode.TOO_LARGE, "frame_too_large")
            frames = codec.split_text(message)
        except CommandError as error:
            return None if self._is_refused(b"", now) else self._apply(self.session.bad_frame(error, now))
        for data in frames:
            if self._is_refused(data, now):
                continue
            try:
                frame = codec.decode_frame(data)
            except CommandError as error:
                self._apply(self.session.bad_frame(error, now))
            else:
                if type(frame) is ClientHello or type(frame) is ClientPong:  # a third of the time that isinstance takes
                    self._note(frame)
                self._apply(self.session.frame(frame, now, now_us()))
        return None

    def _note(self, frame: ClientHello | ClientPong) -> None:
        """As evidence: the session makes of it what it has to."""
        if isinstance(frame, ClientPong):
            if frame.seen:
                self._node.evidence.seen(self.evidence_row, frame.seen)
        elif not self._client:
            self._client = self._node.evidence.greeted("websocket", frame.client.name)

    def _is_refused(self, frame: Any, now: float) -> bool:
        """All sockets of this user send more than they may together. A socket that goes on is closed."""
        wait_s = self._node.rates.frame(self.user_id, now)
        if not wait_s:
            return False
        if self.session.state is State.OPENING or self._node.rates.is_flood(self.user_id, now):
            self.end(CloseCode.TOO_MANY, "flood")
        elif self.session.state is not State.CLOSED:
            self.answer(codec.encode(ErrorFrame(codec.id_of(frame), refused(wait_s).data)))
        return True

    def fell_behind(self) -> None:
        self.end(CloseCode.TOO_SLOW, "behind")

    def lost(self, code: int) -> None:
        self._node.hub.detach(self)
        self.session.closed()
        if self._is_present:
            self._node.presence.leave(self.user_id, self._device, self._node.context.clock())
        for task in self._tasks or ():
            task.cancel()
        seconds = self._node.context.clock() - self._opened_at
        close = self._closing or closed_by_client(code)
        log_closed(self.session_id, self.user_id, close, seconds)
        self._node.evidence.ended(
            self.evidence_row,
            "websocket",
            client=self._client,
            instance=self.session.instance,
            code=int(close.code),
            reason=close.reason,
            seconds=seconds,
            received=self._received,
        )

    # -- what the hub delivers

    def sink(self, room_id: int) -> Sink | None:
        return self._link.send if self.session.delivers_directly(room_id) else None

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        if self.session.room_event(room_id, seq, frame):
            self._send_frame(frame)

    def user_frame(self, version: int, frame: bytes) -> None:
        if self.session.user_frame(version, frame):
            self._send_frame(frame)

    def ephemeral_frames(self, frames: Sequence[bytes]) -> None:
        if self.session.takes_ephemeral:
            for batch in batches_of(frames):
                self._link.send(batch)

    def joined(self, room_id: int, seq: int) -> None:
        self._apply(self.session.joined(room_id, seq))

    def left(self, room_id: int) -> None:
        self.session.left(room_id)

    def observe_version(self, version: int) -> None:
        self._apply(self.session.observe_version(version, self._node.context.clock(), STALE_PATIENCE_S))

    def end(self, code: CloseCode, reason: str) -> None:
        self._apply(self.session.end(code, reason))

    def say(self, frame: bytes) -> None:
        """A frame of the server's own (`going_away`)."""
        self._send_frame(frame)

    def tick(self, now: float) -> None:
        if now >= self.session.idle_until:
            hub = self._node.hub
            self._apply(self.session.tick(now, now_us(), partial(hub.heads_moved_since, self), hub.head_of))

    def _send_frame(self, frame: bytes) -> None:
        self._link.send(FrameBatch(frame, 1))

    # -- effects

    def _apply(self, effects: Sequence[Effect]) -> None:
        read = carry_out(self, effects)
        if read is not None:
            self._keep(asyncio.create_task(self._drive(read)))

    async def _drive(self, read: Read) -> None:
        try:
            await drive(self, read)
        except Exception as error:
            failure = error if isinstance(error, CommandError) else self._internal_error(error)
            self.session.closed()
            self.close(Close(CloseCode.UNAVAILABLE, failure.code.word))
        finally:
            self._reads = None

    def _internal_error(self, error: Exception) -> CommandError:
        """A close frame has no room for the reference, so an error frame goes before it."""
        failure = internal_error(_log, "reading_broke", error, user_id=self.user_id, session=self.session_id)
        self._send_frame(codec.encode(ErrorFrame(None, failure.data)))
        return failure

    @property
    def reads(self) -> SessionReads:
        if self._reads is None:
            self._reads = SessionReads(self._node, self)
        return self._reads

    def send(self, frames: Sequence[bytes]) -> None:
        if self.session.state is State.LIVE and len(frames) == 1:
            self._send_frame(frames[0])
        else:
            self._link.send_catch_up(batches_of(frames))

    def answer(self, frame: bytes) -> None:
        self._link.send_soon(AnswerBatch(frame, 1))

    def close(self, close: Close) -> None:
        self._closing = close
        self._link.close(close.code, close.reason, drop=close.code is CloseCode.TOO_SLOW)

    def update_delivery(self) -> None:
        self._node.hub.sinks_changed(self)

    def run_command(self, command: Command) -> None:
        if self._commands >= COMMANDS_AT_ONCE:
            error = CommandError(
                Code.RATE_LIMITED, "Too many commands at once. Wait for answers first.", retry_after=0.5
            )
            self.answer(encode_answer(command, error))
            return
        self._commands += 1
        caller = Caller(self.session.user, self._device, "websocket", self.credential, self._expires_us)
        task = dispatch.submit(command, caller, self._node, "websocket", partial(self._answered, command))
        if task is not None:
            self._keep(task)

    def _answered(self, command: Command, answer: dispatch.Answer | CommandError) -> None:
        self._commands -= 1
        if self.session.state is not State.CLOSED:
            self.answer(encode_answer(command, answer))

    def _keep(self, task: "asyncio.Task[None]") -> None:
        """Until it is done."""
        if self._tasks is None:
            self._tasks = set()
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks = (self._tasks or set()) - {task} or None

    # -- presence, and other sockets of the user

    @property
    def _device(self) -> str:
        return self.session.instance or self.session_id

    def arrive(self) -> None:
        self._node.evidence.live("websocket", resumed=not self.session.is_newcomer)
        self._is_present = True
        rooms = self._node.hub.small_rooms_of(self, PRESENCE_ROOM)
        device_arrived(self._node.context, self.user_id, self._device, rooms)

    def _close_oldest(self) -> None:
        """A user has `Limits.connections` sockets at most."""
        sockets = [each for each in self._node.hub.subscribers_of(self.user_id) if each.is_socket]
        for oldest in sockets[: -self._node.settings.limits.connections]:
            oldest.end(CloseCode.TOO_MANY, "too_many_connections")

    def announce(self, opened_us: int) -> None:
        self._opened_us = opened_us
        assert self.session.instance is not None
        announce_instance(self._node.context, self.user_id, self.session.instance, self.session_id, opened_us)

    def person_changed(self, user: User) -> None:
        self.session.user = user

    def instance_opened(self, instance: str, session_id: str, opened_us: int) -> None:
        is_other = instance == self.session.instance and session_id != self.session_id
        if is_other and 0 < self._opened_us < opened_us:
            self.end(CloseCode.SUPERSEDED, "superseded")
