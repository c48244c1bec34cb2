"""The loop of a node that sends what is due."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import structs

from backchannel.commands.send_scheduled import SendScheduled
from backchannel.internal_error import internal_error
from backchannel.process_log import ProcessLog
from backchannel.protocol.commands import Command, SendMessage
from backchannel.protocol.errors import Code, CommandError, is_final
from backchannel.protocol.shapes import User
from backchannel.rules import CONTENT_BYTES, check_content
from backchannel.store import people, scheduled
from backchannel.store.log import Log
from backchannel.store.operation import NOBODY
from backchannel.store.read_pool import ReadPool
from backchannel.store.scheduled import Planned

LOOK_S: Final = 1.0
AFTER_TROUBLE_S: Final = 5.0
BATCH: Final = 100
PAGES: Final = 10
"""Of one look, so many batches at most in which something has to wait: nobody's messages keep those of others from being asked about."""

Ask = Callable[[Command, User], Awaitable[Command]]
"""Asks the site's policy. Returns the command that is to be carried out. Raises CommandError."""

_log = ProcessLog("backchannel.schedule")


class ScheduleRunner:
    def __init__(
        self, log: Log, reads: ReadPool, ask: Ask, content_bytes: int = CONTENT_BYTES, look_s: float = LOOK_S
    ) -> None:
        """`content_bytes`: the most of a text that the policy made."""
        self._log = log
        self._reads = reads
        self._ask = ask
        self._content_bytes = content_bytes
        self._look_s = look_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """What became due while no node ran is sent by the first look."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """What the log has accepted is sent, the rest by another node or after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            pause_s = self._look_s
            try:
                if await self.send_due():
                    pause_s = AFTER_TROUBLE_S
            except CommandError as error:  # the database is away
                _log.warning("schedule_delayed", error=error.code.word)
                pause_s = AFTER_TROUBLE_S
            except Exception:  # the loop outlives whatever a look may meet
                _log.exception("schedule_broke")
                pause_s = AFTER_TROUBLE_S
            await asyncio.sleep(pause_s)

    async def send_due(self) -> bool:
        """Send what is due, in the order of the times. Returns whether something has to wait for the site's policy, which does not answer.
        Raises CommandError: the database is away. Nothing is lost then; the next look finds what was not sent."""
        has_delayed, after = False, None
        for _ in range(PAGES):
            due: list[Planned] = await self._reads.run(scheduled.due, BATCH, after)
            if not await self._send_all(due):
                break
            has_delayed = True
            if len(due) < BATCH:
                break
            after = due[-1]
        return has_delayed

    async def _send_all(self, due: Sequence[Planned]) -> bool:
        """Returns whether something has to wait."""
        if not due:
            return False
        senders: dict[int, User] = await self._reads.run(people.active_users, {each.person_id for each in due})
        operations = [await self._prepared(planned, senders.get(planned.person_id)) for planned in due]
        # The log takes them in this order, and commits them together.
        await asyncio.gather(*(self._send(operation) for operation in operations if operation is not None))
        return None in operations

    async def _prepared(self, planned: Planned, sender: User | None) -> SendScheduled | None:
        """None if the policy does not answer."""
        content, refusal = planned.content, None
        if sender is not None:
            command = SendMessage(
                id=planned.id,
                room_id=planned.room_id,
                content=planned.content,
                reply_to=planned.reply_to,
                attachments=list(planned.attachments),
                thread=planned.thread,
                in_room=planned.in_room,
            )
            try:
                content = await self._allowed(command, sender)
            except CommandError as error:
                if not is_final(error.code.status):
                    _log.warning("schedule_delayed", message=str(planned.id), error=error.code.word)
                    return None
                refusal = error
            except Exception as error:  # otherwise it would keep everybody's messages from being sent
                refusal = internal_error(_log, "schedule_policy_broke", error, message=str(planned.id))
        return SendScheduled(actor=NOBODY, planned=planned, content=content, refusal=refusal)

    async def _allowed(self, command: SendMessage, sender: User) -> str:
        """The text that is to be sent. Raises CommandError: refused, or 503."""
        allowed = await self._ask(command, sender)
        assert isinstance(allowed, SendMessage)
        if allowed is not command:
            check_content(allowed.content, self._content_bytes, may_be_blank=bool(command.attachments))
        return allowed.content

    async def _send(self, operation: SendScheduled) -> None:
        """Refuses a message whose sending breaks: otherwise it would break every second."""
        try:
            await self._log.write(operation)
        except CommandError as error:
            if error.code is not Code.INTERNAL:
                raise
            await self._log.write(structs.replace(operation, refusal=error))
