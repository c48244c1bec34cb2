"""One server process: put together as in chat/create.py, with the model's database, bus and network around it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from backchannel.commands.context import Caller, Context
from backchannel.commands.delivery import Delivery
from backchannel.commands.publish import publisher
from backchannel.fanout import envelopes, room_channel
from backchannel.fanout.envelopes import PresenceEnvelope, RevocationEnvelope
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.fanout.presence import Presence
from backchannel.fanout.presence_broadcast import PresenceBroadcaster
from backchannel.protocol import codec
from backchannel.protocol.commands import COMMANDS
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.frames import GoingAway, SyncRequest
from backchannel.protocol.shapes import User
from backchannel.queries.events import missing_events
from backchannel.store.read_pool import ReadPool
from backchannel.transports import dispatch
from backchannel.transports.gate import Gate
from backchannel.transports.http.backlog import BACKLOG_EVENTS
from backchannel.transports.http.polling_session import PollingSession
from backchannel.transports.http.polls import Polls
from backchannel.transports.maintenance import PeriodicTasks
from backchannel.transports.node import Node
from backchannel.transports.rates import Rates
from backchannel.transports.session import Settings, merge
from backchannel.transports.websocket import outbound as outbound_module
from backchannel.transports.websocket.asgi_link import AsgiLink
from backchannel.transports.websocket.connection import COMMANDS_AT_ONCE, Connection
from lab.simulation import seams
from lab.simulation.world.bus import SimulatedBus
from lab.simulation.world.link import Link
from lab.simulation.world.surroundings import Surroundings
from lab.simulation.world.writer import SimulatedLog

Answered = Callable[[int, bytes], None]
"""HTTP status, body."""


@dataclass(frozen=True)
class SimulatedIdentity:
    user: User
    credential: str
    via: str = "cookie"
    expires_at: int | None = None

    @property
    def user_id(self) -> int:
        return self.user.id

    @property
    def proof(self) -> str:
        return self.credential


class SimulatedNode:
    def __init__(self, world: Surroundings, number: int, skew_us: int) -> None:
        self.world = world
        self.number = number
        self.is_dead = False
        self.skew_us = skew_us
        self.crash_at: str | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._links: dict[Link, None] = {}
        self._unanswered: dict[Answered, None] = {}
        self._bus = MemoryBus() if world.plan.nodes == 1 else SimulatedBus(world.broker, number)
        clock = world.loop.time
        reads = ReadPool(seams.Threads())
        publish = publisher(self._bus)

        def publish_or_die(outcomes: Any) -> None:
            publish(outcomes)
            self.is_at("after_publish")

        delivery = Delivery(publish_or_die)
        self.hub = Hub(self._bus, lambda cursors: reads.run(missing_events, cursors), clock, delivery.flush_soon)
        self.log = SimulatedLog(world, self, delivery, reads.reconnect)
        delivery.connect(self.hub.flush, self.log.progress)
        presence = Presence(f"node{number}")
        broadcaster = PresenceBroadcaster(self.hub, presence, clock)
        limits = world.plan.limits
        self.node = Node(
            context=Context(self.log, reads, self._bus, presence, clock),
            hub=self.hub,
            presence=presence,
            broadcaster=broadcaster,
            authenticate=None,  # type: ignore[arg-type]  # the network knows the user
            issue_ticket=None,  # type: ignore[arg-type]
            issue_chat_session=None,  # type: ignore[arg-type]
            settings=Settings(limits, world.plan.heartbeat_s, "simulated"),
            rates=Rates(limits),
            provide_people=None,  # type: ignore[arg-type]  # there is no site around it
            gate=Gate(),
            started_at=0.0,
        )
        self._polls = Polls(self.node)
        self.maintenance = PeriodicTasks(self.node, world.ended.intersection, lambda: None, lambda: None)
        self.hub.handle(PresenceEnvelope, broadcaster.receive)
        self.hub.handle(RevocationEnvelope, self._credentials_ended)
        self.spawn(self._start())

    async def _start(self) -> None:
        await self.hub.start(self._bus_reconnected)
        self.maintenance.start()

    # -- called by the network

    @property
    def accepts(self) -> bool:
        return not self.is_dead and not self.node.draining

    def open(self, link: Link, identity: SimulatedIdentity) -> None:
        if identity.credential in self.world.ended:  # 401, before the upgrade
            link.end(1006)
            return
        seams.time_of_day.skew_us = self.skew_us
        connection = Connection(identity, self.node)  # type: ignore[arg-type]
        seams.time_of_day.skew_us = 0
        self._links[link] = None
        self.spawn(self._serve(connection, link))

    async def _serve(self, connection: Connection, link: Link) -> None:
        try:
            await AsgiLink(link).run(connection)  # type: ignore[arg-type]
        finally:
            link.end(1006)
            self._links.pop(link, None)

    def command(self, word: str, fields: dict[str, Any], who: SimulatedIdentity, answered: Answered) -> None:
        async def run() -> tuple[int, bytes]:
            self._check(who)
            declaration = COMMANDS[word]
            command = codec.build_command(declaration.struct, fields, strings={})
            caller = Caller(who.user)
            answer = await dispatch.run(command, caller, self.node, "http")
            return 200 if answer.is_repeat else declaration.status, codec.encode(answer.result)

        self.spawn(self._answer(run, answered))

    def sync(self, request: SyncRequest, who: SimulatedIdentity, answered: Answered) -> Callable[[], object]:
        """Returns a function that cancels the request, as a client that disconnects does."""

        async def run() -> tuple[int, bytes]:
            self._check(who)
            self.node.rates.check_request(who.user_id, self.node.context.clock())
            return 200, await self._polls.answer(request, who, _never, {})  # type: ignore[arg-type]

        return self.spawn(self._answer(run, answered)).cancel

    def _check(self, who: SimulatedIdentity) -> None:
        if who.credential in self.world.ended:
            raise CommandError(Code.UNAUTHENTICATED, "The session is over.")

    async def _answer(self, run: Callable[[], Coroutine[Any, Any, tuple[int, bytes]]], answered: Answered) -> None:
        self._unanswered[answered] = None
        try:
            status, body = await run()
        except CommandError as error:
            status, body = error.code.status, codec.encode(error.data)
        except Exception as error:
            self.world.fault(f"a request broke: {error!r}")
            status, body = Code.INTERNAL.status, b"{}"
        finally:
            self._unanswered.pop(answered, None)
        if not self.is_dead:
            answered(status, body)

    # -- how it ends

    def is_at(self, point: str) -> bool:
        """True if the process is dead from this point on."""
        if self.crash_at == point and not self.is_dead:
            self.kill()
        return self.is_dead

    def kill(self) -> None:
        """kill -9: nothing more is sent, written or finished."""
        if self.is_dead:
            return
        self.is_dead = True
        self.world.history.add("killed", node=self.number)
        if isinstance(self._bus, SimulatedBus):
            self._bus.die()
        for link in list(self._links):
            link.end(1006)
        for answered in list(self._unanswered):  # the system closes its connections
            answered(0, b"")
        self._end_tasks()

    async def drain(self) -> None:
        """SIGTERM, as the runner and the chat handle it."""
        if self.is_dead or self.node.draining:
            return
        self.world.history.add("draining", node=self.number)
        self.node.draining = True
        for subscriber in list(self.hub.subscribers):
            subscriber.say(codec.encode(GoingAway(int(self.world.chance.random() * self.world.plan.return_within_ms))))
        await asyncio.sleep(0.05)
        for link in list(self._links):
            link.end(1012)
        await self.maintenance.stop()
        await asyncio.sleep(0.5)
        while not self.log.is_idle and not self.is_dead:  # noqa: ASYNC110 - as a join of the thread
            await asyncio.sleep(0.02)
        if not self.is_dead:
            self.is_dead = True
            await self.hub.stop()
            self._end_tasks()

    def _end_tasks(self) -> None:
        for task in (*self._tasks, *self.maintenance._tasks, *self.hub._repairs.tasks.values()):
            task.cancel()

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = self.world.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- bounds

    def excesses(self) -> Iterator[str]:
        """Whatever exceeds its bound."""
        for subscriber in self.hub.subscribers:
            if isinstance(subscriber, PollingSession):
                readings = [poll.reading for poll in subscriber._polls if poll.reading is not None]
                backlogs = [subscriber._backlog, *(reading.backlog for reading in readings)]
                if any(backlog is not None and len(backlog) > BACKLOG_EVENTS for backlog in backlogs):
                    yield f"a polling session of {subscriber.user_id} keeps more than its bound"
                sessions = [reading.session for reading in readings]
            else:
                sessions = [subscriber.session]  # type: ignore[attr-defined]
            for session in sessions:
                kept: Any = session._merge
                if max(len(kept._kept_events or ()), len(kept._kept_frames or ())) > merge.KEPT_FRAMES + 1:
                    yield f"{subscriber.user_id} keeps more than its bound while it catches up"
            if isinstance(subscriber, Connection):
                outbound = subscriber._link._outbound  # type: ignore[attr-defined]
                if outbound._frames - outbound._exempt - outbound._newest > outbound_module.FRAMES_BEHIND:
                    yield f"{subscriber.session_id} is further behind than it may be"
                if subscriber._commands > COMMANDS_AT_ONCE:
                    yield f"{subscriber.session_id} has more commands at work than it may have"
        for room, channel in self.hub._rooms.items():
            if len(channel._stash) > room_channel.STASH_LENGTH:
                yield f"more is stashed of room {room} than its bound"

    def left_behind(self) -> Iterator[str]:
        """State of users that is left after all have left."""
        hub, presence = self.hub, self.node.presence
        for name, kept in (
            ("rooms", hub._rooms), ("users", hub._users), ("subscribers", hub._listening),
            ("repairs", hub._repairs.tasks), ("people", presence._people), ("leaving", presence._leaving),
            ("links", self._links), ("requests", self._unanswered), ("polling sessions", self._polls._sessions),
            ("polls", self._polls._polls),
        ):  # fmt: skip
            if kept:
                yield f"left behind in node {self.number}: {name} {list(kept)}"
        if isinstance(self._bus, SimulatedBus) and set(self._bus.listening) - {envelopes.EVERYBODY}:
            yield f"left behind in node {self.number}: it still listens to {sorted(self._bus.listening)}"

    # -- as chat/revocations.py

    def announce_end(self, credential: str) -> None:
        self._bus.publish(envelopes.EVERYBODY, envelopes.encode(RevocationEnvelope(credential=credential)))

    def _credentials_ended(self, envelope: RevocationEnvelope) -> None:
        if envelope.credential is not None:
            self.hub.end_credentials({envelope.credential})

    def _bus_reconnected(self) -> None:
        if not self.is_dead:
            self.maintenance.reconcile_soon()


async def _never() -> Any:
    """The `receive` of a client that never disconnects by itself: cancelling its request does that."""
    await asyncio.get_running_loop().create_future()
