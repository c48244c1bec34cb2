"""What `backchannel doctor` finds inside, for the page of the fleet: run as a process of its own, at most every ten minutes, and only while
somebody looks.

A process, because it measures and may wait for seconds (mail, Redis), and closes the connections that it opens.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from backchannel.process_log import ProcessLog
from backchannel.protocol.fleet import Examined, FindingShown
from backchannel.protocol.times import to_wire

EVERY_US: Final = 600_000_000
WITHIN_S: Final = 120.0

_log = ProcessLog("backchannel.fleet")


class _Finding(msgspec.Struct):
    """As the command prints it."""

    code: str
    title: str
    word: str
    text: str
    advice: str = ""


class _Report(msgspec.Struct):
    findings: list[_Finding]


class Doctor:
    def __init__(self, command: Sequence[str], now_us: Callable[[], int]) -> None:
        """`command` prints its findings as JSON; none: nothing is examined."""
        self._command = command
        self._now_us = now_us
        self._began_us = -EVERY_US
        self._task: asyncio.Task[None] | None = None
        self.examined: Examined | None = None
        """Of the last run that ended."""

    def renew(self) -> None:
        """Examine again, unless that is under way or was done lately. On the event loop; does not wait."""
        now_us = self._now_us()
        if not self._command or self._task is not None or now_us - self._began_us < EVERY_US:
            return
        self._began_us = now_us
        self._task = asyncio.get_running_loop().create_task(self._examine())
        self._task.add_done_callback(self._forget)

    def _forget(self, _: "asyncio.Task[None]") -> None:
        self._task = None

    async def _examine(self) -> None:
        quiet = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=quiet, stdout=asyncio.subprocess.PIPE, stderr=quiet
            )
            try:
                async with asyncio.timeout(WITHIN_S):
                    printed, _ = await process.communicate()
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        process.kill()
            self.examined = examined_of(printed, self._now_us())
        except (OSError, TimeoutError, msgspec.MsgspecError) as error:
            _log.warning("doctor_failed", error=type(error).__name__)


def examined_of(printed: bytes, at_us: int) -> Examined:
    """What is not as it should be, problems first. Pure. Raises MsgspecError."""
    report = msgspec.json.decode(printed, type=_Report)
    wrong = [each for each in report.findings if each.word != "ok"]
    wrong.sort(key=lambda each: each.word != "problem")
    shown = [FindingShown(each.code, each.title, each.word == "problem", each.text, each.advice) for each in wrong]
    return Examined(to_wire(at_us), shown)
