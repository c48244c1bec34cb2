"""Sends the push messages that are due, and writes what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from backchannel.notifications.decision import TOO_OLD_S, Why
from backchannel.notifier.operations import Postponed, WritePushed
from backchannel.process_log import ProcessLog
from backchannel.protocol.results import PushTestOutcome
from backchannel.push.browser_keys import read_keys
from backchannel.push.payload import Shown, payload, test_payload, topic_of
from backchannel.store import notifications, rooms
from backchannel.store.log import Log
from backchannel.store.notifications import Queued
from backchannel.store.operation import NOBODY
from backchannel.store.push_subscriptions import Subscription
from backchannel.store.read_pool import ReadPool
from backchannel.store.render import attachments_from_text, excerpt

if TYPE_CHECKING:
    from backchannel.push.sending import Push, PushSender, Sent

AT_ONCE: Final = 8
"""Requests to push services under way. More would take the event loop from those who chat."""
BATCH: Final = 64
FIRST_PAUSE_S: Final = 10.0
SECOND_US: Final = 1_000_000

MayUse = Callable[[Collection[int]], Awaitable[set[int]]]
"""The people among these whom the site lets use the chat."""

_log = ProcessLog("backchannel.notifier")


async def everybody(person_ids: Collection[int]) -> set[int]:
    return set(person_ids)


class Pusher:
    def __init__(
        self,
        sender: PushSender,
        log: Log,
        reads: ReadPool,
        now_us: Callable[[], int],
        namespace: str,
        may_use: MayUse = everybody,
    ) -> None:
        """`namespace`: a secret of this installation, which the topics are made of."""
        self._may_use = may_use
        self._sender = sender
        self._log = log
        self._reads = reads
        self._now_us = now_us
        self._namespace = namespace
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def send_due(self) -> int:
        """Those that are due, up to `BATCH`. Returns how many there were. Raises CommandError: the database is away."""
        rows, badges = await self._reads.run(self._read)
        if rows:
            silent = set[str]()
            allowed = await self._may_use(badges.keys())
            rows = [row if row.person_id in allowed else row._replace(is_void=True) for row in rows]
            results = await asyncio.gather(*(self._send(row, badges[row.person_id], silent) for row in rows))
            await self._log.write(self._written(rows, results))
        return len(rows)

    async def send_test(self, subscription: Subscription) -> PushTestOutcome:
        from backchannel.push.sending import Push

        try:
            keys = read_keys(subscription.p256dh, subscription.auth)
        except ValueError:  # keys that were stored by an earlier version
            return "gone"
        topic = topic_of(self._namespace, 0)  # of no room
        push = Push(subscription.endpoint, keys, test_payload(subscription.page), topic, is_urgent=True)
        sent = await self._sender.send(push)
        return sent.result.value

    def _read(self) -> tuple[list[Queued], dict[int, int]]:
        at_us = self._now_us()
        rows = notifications.queued(at_us, BATCH)
        return rows, {person_id: rooms.badge_of(person_id, at_us) for person_id in {row.person_id for row in rows}}

    async def _send(self, row: Queued, badge: int, silent: set[str]) -> Sent:
        """`silent`: hosts that gave no answer in this batch. They cost others no more of its time."""
        from backchannel.push.sending import Result, Sent

        try:
            return await self._sent(row, badge, silent)
        except Exception:  # what breaks the sending of one message keeps nobody else's from being sent
            _log.exception("push_broke", notification=row.id)
            return Sent(Result.REFUSED)

    async def _sent(self, row: Queued, badge: int, silent: set[str]) -> Sent:
        from backchannel.push.sending import Result, Sent

        if row.is_void or self._now_us() >= row.sent_us + TOO_OLD_S * SECOND_US:
            return Sent(Result.REFUSED)
        try:
            push = self._push(row, badge)
        except ValueError:  # keys that were stored by an earlier version
            return Sent(Result.GONE)
        host = urlsplit(row.endpoint).hostname or ""
        async with self._slots:
            if host in silent:
                return Sent(Result.LATER)
            sent = await self._sender.send(push)
        if sent.is_silent:
            silent.add(host)
        return sent

    def _push(self, row: Queued, badge: int) -> Push:
        from backchannel.push.sending import Push

        shown = Shown(
            message_id=str(row.message_id),
            room_id=row.room_id,
            seq=row.seq,
            sender=row.sender,
            room=None if row.kind == "direct" else row.room or "a group",
            excerpt=excerpt(row.content, attachments_from_text(row.attachments)),
            address=f"{row.page}rooms/{row.room_id}/{row.seq}",
            badge=badge,
            content=row.push_content,  # type: ignore[arg-type]
        )
        topic = topic_of(self._namespace, row.room_id)
        return Push(row.endpoint, read_keys(row.p256dh, row.auth), payload(shown), topic, is_urgent=row.why != Why.ALL)

    def _written(self, rows: Sequence[Queued], results: Sequence[Sent]) -> WritePushed:
        from backchannel.push.sending import Result

        now_us = self._now_us()
        done, retried, gone = list[int](), list[Postponed](), list[tuple[int, str]]()
        for row, sent in zip(rows, results, strict=True):
            pause_s = sent.retry_after_s if sent.retry_after_s is not None else FIRST_PAUSE_S * 2 ** min(row.tries, 8)
            due_us = now_us + int(pause_s * SECOND_US)
            if sent.result is Result.GONE:
                gone.append((row.subscription_id, row.endpoint))
            elif sent.result is Result.LATER and due_us < row.sent_us + TOO_OLD_S * SECOND_US:
                retried.append(Postponed(row.id, due_us))
            else:
                done.append(row.id)
        return WritePushed(actor=NOBODY, done=done, retried=retried, gone=gone)
