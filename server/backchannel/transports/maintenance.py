"""What a node does every so often: heartbeats, who went, what was missed, who may still be here.

One task for each kind, never one for each connection. A round that fails is logged and the next one comes all the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from typing import Any, Final

import structlog

from backchannel.commands.set_presence import publish_reports
from backchannel.fanout.subscriber import Subscriber
from backchannel.protocol.errors import CloseCode, CommandError
from backchannel.store import reads
from backchannel.store.read_pool import run_read
from backchannel.transports import metrics
from backchannel.transports.node import Node

TICK_S: Final = 1.0
RECONCILE_S: Final = 5.0
REVALIDATE_S: Final = 30.0
NOTE_USES_S: Final = 30.0
SWEEP_S: Final = 600.0

_log = structlog.get_logger("backchannel.maintenance")

DeadAmong = Callable[[Collection[Any]], set[str]]
"""The proofs of several → the credentials among theirs that are over. Called in a thread."""


class PeriodicTasks:
    """`note_uses` writes down which credentials were used, `sweep` deletes what has ended. Both are called in a thread."""

    def __init__(
        self, node: Node, dead_among: DeadAmong, note_uses: Callable[[], None], sweep: Callable[[], object]
    ) -> None:
        self._node = node
        self._dead_among = dead_among
        self._note_uses = note_uses
        self._sweep = sweep
        self._tasks: list[asyncio.Task[None]] = []
        self._epoch: str | None = None
        """As read last; None before it was ever read, "" while the database named none."""

    def start(self) -> None:
        tasks = (
            (TICK_S, self.tick),
            (RECONCILE_S, self.reconcile),
            (REVALIDATE_S, self.revalidate_all),
            (NOTE_USES_S, self.note_uses),
            (SWEEP_S, self.sweep),
        )
        self._tasks = [asyncio.create_task(_every(seconds, task)) for seconds, task in tasks]
        self._tasks.append(asyncio.create_task(self.reconcile_now()))  # whatever was told, its epoch is known

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(CommandError):
            await self.note_uses()

    async def tick(self) -> None:
        """Deadlines, heartbeats, presence."""
        node = self._node
        now = node.context.clock()
        for subscriber in list(node.hub.subscribers):
            subscriber.tick(now)
        publish_reports(node.context.bus, node.presence, node.presence.tick(now))
        node.shown.add(node.presence.forget_nodes(now))
        metrics.queue.set(node.context.log.waiting)
        metrics.arriving.set(node.admission.waiting)
        metrics.rooms_served.set(len(node.hub.served_rooms))

    async def reconcile(self) -> None:
        """How far are the rooms and users that are listened to here? What the bus lost is read from the log."""
        hub = self._node.hub
        await self._look_at_epoch()
        if hub.served_rooms:
            hub.observe_heads(await run_read(reads.heads_of, list(hub.served_rooms)))
        if hub.served_users:
            hub.observe_versions(await run_read(reads.versions_of, list(hub.served_users)))

    async def note_epoch(self) -> None:
        """Before anybody is let in: a promotion in the first seconds would be taken for what always was."""
        with suppress(CommandError):
            self._epoch = await run_read(reads.epoch)

    async def _look_at_epoch(self) -> None:
        """A standby was promoted, or a backup restored, under this server: what it told its clients is void, they come back and
        start over. An epoch that is not there, in the middle of a restore, is another one too. Where none was read before anybody
        came in, nobody knows which one they were told."""
        epoch = await run_read(reads.epoch)
        if epoch != self._epoch:
            if self._epoch is not None:
                _log.warning("new_epoch", epoch=epoch)
            for subscriber in list(self._node.hub.subscribers):
                subscriber.end(CloseCode.RESTART, "new_epoch")
        self._epoch = epoch

    async def reconcile_now(self) -> None:
        """Between the rounds, after the bus was away. A database that does not answer is asked in the next round."""
        with suppress(CommandError):
            await self.reconcile()

    async def revalidate_all(self) -> None:
        """Sessions and tokens that ended without word of it."""
        await self.revalidate(self._node.hub.subscribers)

    async def revalidate(self, subscribers: Iterable[Subscriber]) -> None:
        proofs = {subscriber.proof for subscriber in subscribers}
        if proofs:
            dead = await run_read(self._dead_among, proofs)
            self._node.hub.end_credentials(dead)

    async def note_uses(self) -> None:
        """Together, and not while somebody waits to be let in. What cannot be written now is written in the next round."""
        await run_read(self._note_uses)

    async def sweep(self) -> None:
        """Sessions, tickets and invitations whose time has passed."""
        await run_read(self._sweep)


async def _every(seconds: float, task: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await task()
        except CommandError as error:
            _log.warning("maintenance_skipped", task=task.__name__, error=error.code.word)
        except Exception:
            _log.exception("maintenance_broke", task=task.__name__)
