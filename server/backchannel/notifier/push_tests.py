"""Test messages: a person asks for one in their settings, to see whether their browser gets notifications."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from backchannel.notifier.operations import WritePushed
from backchannel.notifier.pushing import Pusher
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import PushTestOutcome
from backchannel.store import push_subscriptions
from backchannel.store.log import Log
from backchannel.store.operation import NOBODY
from backchannel.store.read_pool import ReadPool

PAUSE_S: Final = 5.0
"""Between two tests of a person: each is a request to another's service."""


class PushTests:
    """Sends at once, and by whichever node is asked: no row waits for the node that holds the notifier's lease."""

    def __init__(
        self,
        log: Log,
        reads: ReadPool,
        clock: Callable[[], float],
        make_pusher: Callable[[], Coroutine[Any, Any, Pusher]],
    ) -> None:
        """`clock`: seconds, monotonic."""
        self._log = log
        self._reads = reads
        self._clock = clock
        self._make_pusher = make_pusher
        self._pusher: Pusher | None = None
        self._sent_at: dict[int, float] = {}

    async def send(self, person_id: int, device: str) -> PushTestOutcome:
        """Raises CommandError `rate_limited`, or if the database is away."""
        found = await self._reads.run(push_subscriptions.subscription_of, person_id, device)
        if found is None:
            return "gone"
        self._check_pause(person_id)
        if self._pusher is None:
            self._pusher = await self._make_pusher()
        id_, subscription = found
        outcome = await self._pusher.send_test(subscription)
        if outcome == "gone":
            await self._log.write(WritePushed(actor=NOBODY, gone=[(id_, subscription.endpoint)]))
        return outcome

    def _check_pause(self, person_id: int) -> None:
        now = self._clock()
        self._sent_at = {id_: at for id_, at in self._sent_at.items() if now - at < PAUSE_S}
        left = self._sent_at.get(person_id, now - PAUSE_S) + PAUSE_S - now
        if left > 0:
            raise CommandError(
                Code.RATE_LIMITED, f"A test was sent just now. Retry in {PAUSE_S:.0f} s.", retry_after=left
            )
        self._sent_at[person_id] = now
