"""The loop of a node that decides what is due, and sends. One node runs it, as long as it holds the lease."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from backchannel.followers.cursors import SECOND_US, HoldLease, ReleaseLease
from backchannel.notifications.decision import IN_USE_S, WAIT_S, Decision, Why
from backchannel.notifier.facts import decision_for
from backchannel.notifier.operations import Decided, ForgetNotifications, Postponed, WriteDecisions
from backchannel.notifier.pushing import BATCH, Pusher
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import CommandError
from backchannel.protocol.shapes import PresenceState
from backchannel.store import notifications
from backchannel.store.followers import lease_of
from backchannel.store.log import Log
from backchannel.store.notifications import KEPT_US, Due
from backchannel.store.operation import NOBODY
from backchannel.store.read_pool import ReadPool

NAME: Final = "notifier"
"""Of the lease."""
LEASE_S: Final = 30.0
RENEW_AT: Final = 1 / 3
LOOK_S: Final = 2.0
"""A row waits 8 s, so that it is decided within 10."""
ROWS_AT_ONCE: Final = 500
LOOK_AGAIN_S: Final = 15.0
"""For somebody who is at a device."""
PRESENCE_KNOWN_S: Final = 20.0
"""After its start a node does not know yet who is present: those who reconnect would be taken for absent."""
FORGET_S: Final = 3600.0

_log = ProcessLog("backchannel.notifier")


class Notifier:
    def __init__(
        self,
        log: Log,
        reads: ReadPool,
        node: str,
        presence_of: Callable[[int], PresenceState],
        now_us: Callable[[], int],
        make_pusher: Callable[[], Coroutine[Any, Any, Pusher]] | None,
        *,
        presence_known_s: float = PRESENCE_KNOWN_S,
    ) -> None:
        """`node` names this process. `now_us`: microseconds since 1970. `make_pusher`: None where no push messages are sent: what people are
        notified of is decided all the same."""
        self._log = log
        self._reads = reads
        self._node = node
        self._presence_of = presence_of
        self._now_us = now_us
        self._make_pusher = make_pusher
        self._pusher: Pusher | None = None
        self._presence_known_s = presence_known_s
        self._forget_at = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        try:
            with suppress(CommandError):
                await self._prepare()  # pages ask for the key at once
            await asyncio.sleep(self._presence_known_s)
            while True:
                try:
                    await self.look()
                except CommandError as error:  # the database is away: the next look finds everything
                    _log.warning("notifier_delayed", error=error.code.word)
                except Exception:  # the loop outlives whatever a look may meet
                    _log.exception("notifier_broke")
                await asyncio.sleep(LOOK_S)
        finally:
            with suppress(CommandError, asyncio.CancelledError):
                await self._log.write(ReleaseLease(actor=NOBODY, name=NAME, node=self._node))

    async def look(self) -> None:
        """Decide and send everything that is due. Nothing where another node holds the lease. An idle node commits nothing. Raises
        CommandError: the database is away."""
        await self._prepare()
        while await self._is_due() and await self._holds_lease():
            decided = await self._decide()
            pushed = await self._pusher.send_due() if self._pusher is not None else 0
            if decided < ROWS_AT_ONCE and pushed < BATCH:
                break
        await self._forget()

    async def _prepare(self) -> None:
        if self._make_pusher is not None and self._pusher is None:
            self._pusher = await self._make_pusher()

    async def _is_due(self) -> bool:
        at_us = await self._reads.run(notifications.next_due_us)
        return at_us is not None and at_us <= self._now_us()

    async def _holds_lease(self) -> bool:
        lease = await self._reads.run(lease_of, NAME)
        if lease.node == self._node and lease.left_us > LEASE_S * SECOND_US * RENEW_AT:
            return True
        if lease.node != self._node and lease.left_us > 0:
            return False
        return bool(await self._log.write(HoldLease(actor=NOBODY, name=NAME, node=self._node, seconds=LEASE_S)))

    async def _decide(self) -> int:
        """Returns how many rows were due."""
        rows: list[Due] = await self._reads.run(notifications.due, self._now_us(), ROWS_AT_ONCE)
        decided, postponed = list[Decided](), list[Postponed]()
        for row in rows:
            now_us = self._now_us()
            decision = self._decision_for(row, now_us)
            if decision.act != "wait":
                decided.append(Decided(row.id, decision.act == "notify", decision.why))
            elif decision.why is Why.IN_USE:
                last_us = row.sent_us + int(IN_USE_S * SECOND_US)
                postponed.append(Postponed(row.id, min(now_us + int(LOOK_AGAIN_S * SECOND_US), last_us)))
            else:
                postponed.append(Postponed(row.id, row.sent_us + int(WAIT_S * SECOND_US)))
        if rows:
            await self._log.write(WriteDecisions(actor=NOBODY, decided=decided, postponed=postponed))
        return len(rows)

    def _decision_for(self, row: Due, now_us: int) -> Decision:
        try:
            return decision_for(row, self._presence_of(row.person_id), now_us)
        except Exception:  # a row that cannot be read, as of another version, keeps nobody else from being notified
            _log.exception("notification_broke", notification=row.id)
            return Decision("no", Why.TOO_OLD)

    async def _forget(self) -> None:
        """Once an hour."""
        now = asyncio.get_running_loop().time()
        if now < self._forget_at:
            return
        self._forget_at = now + FORGET_S
        before_us = self._now_us() - KEPT_US
        if await self._reads.run(notifications.has_older_than, before_us):
            await self._log.write(ForgetNotifications(actor=NOBODY, before_us=before_us))
