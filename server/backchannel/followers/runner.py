"""The loop that runs one follower on this node, as long as this node holds the follower's lease."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from prometheus_client import Gauge

from backchannel.followers.cursors import SECOND_US, Advance, HoldLease, ReleaseLease
from backchannel.followers.follower import Follower
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import Code, CommandError
from backchannel.store import reads
from backchannel.store.followers import Behind, lease_of, progress_of, rooms_behind
from backchannel.store.log import Log
from backchannel.store.operation import NOBODY
from backchannel.store.read_pool import ReadPool
from backchannel.store.transaction import Outcome

BATCH: Final = 200
"""Events of one room that are applied together."""
ROOMS_AT_ONCE: Final = 100
RENEW_AT: Final = 1 / 3
"""The part of a lease below which it is renewed: an idle node commits once in several looks, and a batch has this long at least."""

lag: Final = Gauge(
    "backchannel_follower_lag_events", "Events of the log that a follower has not applied.", ["follower"]
)

_log = ProcessLog("backchannel.followers")


class FollowerRunner:
    def __init__(
        self,
        follower: Follower,
        log: Log,
        reads: ReadPool,
        node: str,
        *,
        lease_s: float = 30.0,
        look_s: float = 5.0,
        gather_s: float = 0.5,
    ) -> None:
        """`node` names this process. `look_s`: how often it looks by itself, also for what other nodes committed. `gather_s`: how long
        after a commit it waits for more, so that a busy room costs a few large batches."""
        self._follower = follower
        self._log = log
        self._reads = reads
        self._node = node
        self._lease_s = lease_s
        self._look_s = look_s
        self._gather_s = gather_s
        self._moved: set[int] = set()
        """Rooms that moved on this node since the last look."""
        self._wake = asyncio.Event()

    def notice(self, outcomes: Sequence[Outcome]) -> None:
        """An observer of `Delivery`: these rooms have moved."""
        moved = {event.room_id for outcome in outcomes for event in outcome.events}
        if moved:
            self._moved |= moved
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        look_at = 0.0
        try:
            while True:
                rooms: set[int] | None = None
                if loop.time() < look_at:
                    with suppress(TimeoutError):
                        async with asyncio.timeout_at(look_at):
                            await self._wake.wait()
                            await asyncio.sleep(self._gather_s)
                            rooms, self._moved = self._moved, set()
                self._wake.clear()
                if rooms is None:
                    look_at = loop.time() + self._look_s
                    self._moved = set()
                try:
                    await self.catch_up(rooms)
                except CommandError as error:  # the database is away: the next look finds everything
                    _log.warning("follower_delayed", follower=self._follower.name, error=error.code.word)
                except Exception:  # the loop outlives whatever a look may meet
                    _log.exception("follower_broke", follower=self._follower.name)
        finally:
            with suppress(CommandError, asyncio.CancelledError):
                await self._log.write(ReleaseLease(actor=NOBODY, name=self._follower.name, node=self._node))

    async def catch_up(self, rooms: set[int] | None = None) -> None:
        """Apply everything that is behind in these rooms, or in all. Nothing where another node holds the lease. A room that cannot be
        applied is logged and tried again at the next look; the others go on. Raises CommandError: the database is away."""
        failed: set[int] = set()
        # A room that is always busy must not keep the others waiting: whatever is left is found at the next look.
        until = asyncio.get_running_loop().time() + self._look_s
        while await self._holds_lease():
            behind = await self._reads.run(rooms_behind, self._follower.name, rooms, ROOMS_AT_ONCE + len(failed))
            behind = [each for each in behind if each.room_id not in failed]
            if not behind:
                break
            for each in behind:
                if not await self._apply(each):
                    failed.add(each.room_id)
            if asyncio.get_running_loop().time() >= until:
                break
        if rooms is None:  # it reads all rooms, which is too much to do for every commit
            progress = await self._reads.run(progress_of, self._follower.name)
            lag.labels(self._follower.name).set(progress.lag)

    async def _holds_lease(self) -> bool:
        """Reads first. Commits only where the lease is near its end, or has ended: each commit is a sync of the disk."""
        held = await self._reads.run(lease_of, self._follower.name)
        if held.node == self._node and held.left_us > self._lease_s * SECOND_US * RENEW_AT:
            return True
        if held.node != self._node and held.left_us > 0:
            return False
        lease = HoldLease(actor=NOBODY, name=self._follower.name, node=self._node, seconds=self._lease_s)
        return bool(await self._log.write(lease))

    async def _apply(self, behind: Behind) -> bool:
        """One batch of a room; False where it is to be left alone until the next look."""
        room_id, after = behind
        try:
            events = (await self._reads.run(reads.events_after, {room_id: after}, BATCH))[room_id]
            if not events:
                return False
            await self._reads.run(self._follower.prepare, room_id, events)
            advance = Advance(actor=NOBODY, follower=self._follower, room_id=room_id, after=after, events=events)
            return bool(await self._log.write(advance))
        except CommandError as error:
            if error.code is not Code.INTERNAL:
                raise
            return False  # a fault of the follower's, logged by the writer
        except Exception:
            _log.exception("follower_broke", follower=self._follower.name, room_id=room_id, after=after)
            return False
