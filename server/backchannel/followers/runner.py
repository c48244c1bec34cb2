"""The loop that runs one follower on this node, as long as this node holds the follower's lease."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from prometheus_client import Gauge

from backchannel.followers.cursors import SECOND_US, Advance, HoldLease, ReleaseLease, ResetFollower
from backchannel.followers.follower import Follower, Lost
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import Code, CommandError
from backchannel.store.followers import Lease, Stretch, lease_of, progress_of, stretches_behind
from backchannel.store.log import Log
from backchannel.store.operation import NOBODY
from backchannel.store.read_pool import ReadPool
from backchannel.store.transaction import Outcome

ROOMS_AT_ONCE: Final = 500
"""Rooms that are applied together."""
NAMED_AT_ONCE: Final = 2000
"""If more rooms moved, all rooms are read, which costs less than naming them."""
SHARE: Final = 1 / 20
"""The share of time that a follower may use while others write."""
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
        after a commit it waits for more, so that many commits cost one look."""
        self.follower = follower
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
        """An observer of `Delivery`, called after every commit: these rooms have moved."""
        moved = self._moved
        before = len(moved)
        for outcome in outcomes:
            for event in outcome.events:
                moved.add(event.room_id)
        if not before and moved:
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
                            rooms = self._moved if len(self._moved) <= NAMED_AT_ONCE else None
                self._wake.clear()
                self._moved = set()
                if rooms is None:
                    look_at = loop.time() + self._look_s
                try:
                    await self.catch_up(rooms)
                except CommandError as error:  # the database is away: the next look finds everything
                    _log.warning("follower_delayed", follower=self.follower.name, error=error.code.word)
                except Exception:  # the loop outlives whatever a look may meet
                    _log.exception("follower_broke", follower=self.follower.name)
        finally:
            with suppress(CommandError, asyncio.CancelledError):
                await self._log.write(ReleaseLease(actor=NOBODY, name=self.follower.name, node=self._node))

    async def catch_up(self, rooms: set[int] | None = None) -> None:
        """Apply everything that is behind in these rooms, or in all. A follower that lost what it derived starts over. Nothing where another
        node holds the lease. A room that cannot be applied is logged and tried again at the next look; the others go on. Raises
        CommandError: the database is away."""
        try:
            await self._catch_up(rooms)
        except Lost:
            _log.warning("follower_starts_over", follower=self.follower.name)
            await self._log.write(ResetFollower(actor=NOBODY, follower=self.follower))

    async def _catch_up(self, rooms: set[int] | None) -> None:
        failed: set[int] = set()
        # A room that is always busy must not keep the others waiting: whatever is left is found at the next look.
        until = asyncio.get_running_loop().time() + self._look_s
        while stretches := await self._behind(rooms, failed):
            began, accepted = asyncio.get_running_loop().time(), self._log.progress()[0]
            failed |= await self._apply(stretches)
            await self._give_way(began, accepted)
            events = sum(stretch.upto - stretch.after for stretch in stretches)
            is_all = len(stretches) < ROOMS_AT_ONCE and events < self.follower.batch
            if is_all or asyncio.get_running_loop().time() >= until:
                break
        if rooms is None:  # it reads all rooms, which is too much to do for every commit
            progress = await self._reads.run(progress_of, self.follower.name)
            lag.labels(self.follower.name).set(progress.lag)
            if progress.node == self._node:
                await self._reads.run(self.follower.tend)

    async def _give_way(self, began: float, accepted: int) -> None:
        """Pause after a batch if others wrote meanwhile: what a follower takes from the interpreter and the disk, sends lack. `accepted`: the
        operations that the log had accepted when the batch began."""
        if self._log.progress()[0] > accepted + 1:
            await asyncio.sleep((asyncio.get_running_loop().time() - began) * (1 / SHARE - 1))

    async def _behind(self, rooms: set[int] | None, failed: set[int]) -> list[Stretch]:
        """What to apply next. Nothing where another node holds the lease. Commits only where this node's lease is near its end, or the
        other's has ended: each commit is a sync of the disk."""
        lease, stretches = await self._reads.run(self._read, rooms, failed)
        if lease.node == self._node and lease.left_us > self._lease_s * SECOND_US * RENEW_AT:
            return stretches
        if lease.node != self._node and lease.left_us > 0:
            return []
        hold = HoldLease(actor=NOBODY, name=self.follower.name, node=self._node, seconds=self._lease_s)
        if not await self._log.write(hold):
            return []
        return await self._reads.run(self._read_stretches, rooms, failed)

    def _read(self, rooms: set[int] | None, failed: set[int]) -> tuple[Lease, list[Stretch]]:
        """Runs in a reading thread."""
        lease = lease_of(self.follower.name)
        return lease, self._read_stretches(rooms, failed) if lease.node == self._node else []

    def _read_stretches(self, rooms: set[int] | None, failed: set[int]) -> list[Stretch]:
        """Runs in a reading thread. Leaves out the rooms that failed in this look."""
        return stretches_behind(self.follower.name, rooms, failed, ROOMS_AT_ONCE, self.follower.batch)

    async def _apply(self, stretches: Sequence[Stretch]) -> set[int]:
        """Apply a batch; if that fails, room by room. Returns the rooms that are to be left alone until the next look."""
        try:
            prepared = await self._reads.run(self.follower.prepare, stretches)
            advance = Advance(actor=NOBODY, follower=self.follower, stretches=stretches, prepared=prepared)
            is_moved = await self._log.write(advance)
        except Lost:
            raise
        except CommandError as error:
            if error.code is not Code.INTERNAL:
                raise
            # A fault of the follower's, logged by the writer.
        except Exception:
            rooms = [stretch.room_id for stretch in stretches]
            _log.exception("follower_broke", follower=self.follower.name, rooms=rooms)
        else:
            return set() if is_moved else {stretch.room_id for stretch in stretches}
        if len(stretches) == 1:
            return {stretches[0].room_id}
        failed: set[int] = set()
        for stretch in stretches:
            failed |= await self._apply([stretch])
        return failed
