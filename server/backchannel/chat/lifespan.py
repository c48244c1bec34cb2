"""Starts the parts of a chat, and stops them in reverse order.

What accepts work stops first: Django's writes, then periodic tasks; then the log, which commits and answers its queue;
then the hub, which delivers it; the read threads last.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from backchannel.accounts import running_chats
from backchannel.accounts.running_chats import RunningChat
from backchannel.chat.revocations import Revocations
from backchannel.evidence.starting import EvidenceParts
from backchannel.fanout.bus import Bus
from backchannel.files.runner import FileRunner
from backchannel.followers.runner import FollowerRunner
from backchannel.intents.runner import IntentRunner
from backchannel.notifier.runner import Notifier
from backchannel.ops.clock_watch import watch_clock
from backchannel.ops.lag import sample_lag
from backchannel.ops.metrics.listener import MetricsListener
from backchannel.ops.watch import Watch
from backchannel.ops.workers import Workers
from backchannel.schedule.runner import ScheduleRunner
from backchannel.store.serving_lock import ServingLock
from backchannel.store.workspace import workspace
from backchannel.transports.maintenance import PeriodicTasks
from backchannel.transports.node import Node


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a chat that are started and stopped."""

    node: Node
    bus: Bus
    maintenance: PeriodicTasks
    revocations: Revocations
    followers: Sequence[FollowerRunner]
    notifier: Notifier | None
    intents: IntentRunner
    schedule: ScheduleRunner
    files: FileRunner | None
    watch: Watch
    workers: Workers | None
    serving_lock: ServingLock
    running: RunningChat
    evidence: EvidenceParts
    metrics: MetricsListener | None

    def abandon(self) -> None:
        """Stop what has threads of its own, in the order of a stop; tasks ended with their event loop."""
        running_chats.unregister(self.running)
        self.intents.abandon()
        if self.files is not None:
            self.files.abandon()
        self.node.context.log.stop()
        self.serving_lock.stop()
        self.evidence.stop()
        if self.node.site_code is not None:
            self.node.site_code.close()
        self.node.context.reads.close()


async def start(parts: Parts) -> AsyncExitStack:
    """Start the parts; closing what is returned stops them. Raises CommandError 503, with nothing started, if the database does not
    answer."""
    loop = asyncio.get_running_loop()
    context, hub = parts.node.context, parts.node.hub
    await context.reads.run(workspace)  # a restore or a flush of the tables may have taken the row
    async with AsyncExitStack() as stopping:
        stopping.push_async_callback(asyncio.to_thread, context.reads.close)
        if parts.node.site_code is not None:
            stopping.push_async_callback(asyncio.to_thread, parts.node.site_code.close)

        parts.evidence.start()
        stopping.push_async_callback(asyncio.to_thread, parts.evidence.stop)

        parts.serving_lock.start()
        stopping.push_async_callback(asyncio.to_thread, parts.serving_lock.stop)

        await hub.start(parts.maintenance.reconcile_soon)
        stopping.push_async_callback(hub.stop)

        context.log.start(loop)
        stopping.push_async_callback(asyncio.to_thread, context.log.stop)

        await parts.maintenance.note_epoch()
        parts.maintenance.start()
        stopping.push_async_callback(parts.maintenance.stop)

        if parts.workers is not None:
            await parts.workers.start()
            stopping.push_async_callback(parts.workers.stop)

        if parts.metrics is not None:
            await parts.metrics.start()
            stopping.push_async_callback(parts.metrics.stop)

        parts.intents.start(loop)
        stopping.push_async_callback(parts.intents.stop)

        parts.schedule.start()
        stopping.push_async_callback(parts.schedule.stop)

        if parts.files is not None:
            parts.files.start()
            stopping.push_async_callback(parts.files.stop)

        following = [loop.create_task(runner.run()) for runner in parts.followers]
        if parts.notifier is not None:
            following.append(loop.create_task(parts.notifier.run()))
        stopping.push_async_callback(_cancel, following)

        for watching in (sample_lag(loop.time), parts.watch.run(), watch_clock(context.reads.run)):
            stopping.callback(loop.create_task(watching).cancel)

        parts.revocations.start(loop)
        running_chats.register(parts.running)
        stopping.callback(running_chats.unregister, parts.running)
        return stopping.pop_all()


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Returns when they have ended: a follower releases its lease, for which the log has to run."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
