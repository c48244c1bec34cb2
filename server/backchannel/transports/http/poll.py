"""One poll under way: what it is answered with, and how its wait ends.

    (reading ─▶) waiting ──say, end, read_again, its time──▶ woken ──▶ answered
                    └─ the client disconnects ─▶ ClientGone

A poll waits in the application's `receive`, so that a client's disconnect ends it, and the same task answers it: `resume` cancels that
`receive` alone, as `asyncio.timeout` does. There is no second task and no timer for each of thousands of polls. What is said between the waking and the answer goes into the same answer.
"""

import asyncio
from collections.abc import Callable, Sequence

from starlette.types import Receive

from backchannel.protocol.errors import CloseCode
from backchannel.transports.http.reading import Reading
from backchannel.transports.http.requests import ClientGone
from backchannel.transports.session import Session


class Poll:
    """`until`: the end of its wait, in seconds of the node's clock. `on_woken` is called once for each wait, and calls `resume` later."""

    __slots__ = (
        "_is_resumed",
        "_is_woken",
        "_on_woken",
        "_session",
        "_task",
        "ended",
        "epoch",
        "frames",
        "instance",
        "must_read",
        "reading",
        "until",
        "user_version",
    )

    def __init__(self, instance: str | None, until: float, on_woken: "Callable[[Poll], None]") -> None:
        self.instance = instance
        self.until = until
        self.frames: list[bytes] = []
        """The frames of the answer."""
        self.epoch = ""
        self.user_version = 0
        """Of the user's list, as the client knows it once it has these frames."""
        self.reading: Reading | None = None
        """The reading under way; None while it does not read."""
        self.must_read = False
        """Updates were lost: it must catch up from the database."""
        self.ended: CloseCode | None = None
        """Why it is refused."""
        self._session: Session | None = None
        """Of a poll that has read: it knows which events that the hub may still deliver were read already."""
        self._on_woken = on_woken
        self._is_woken = False
        self._is_resumed = False
        self._task: asyncio.Task[object] | None = None
        """The endpoint's task, while it waits."""

    async def read(self, reading: Reading) -> None:
        """Put what the client missed into the poll. Raises what reading raises."""
        self.reading, self._session = reading, reading.session
        try:
            frames = await reading.run()
        finally:
            self.reading = None
        self.ended = self.ended or reading.ended
        if self.ended is None and not self.must_read:
            self.epoch, self.user_version = reading.session.epoch, reading.session.user_version
            self.frames[:0] = frames

    async def wait(self, receive: Receive) -> None:
        """Return once woken. Raises ClientGone."""
        self._is_woken, self._is_resumed = False, False
        self._task = task = asyncio.current_task()
        assert task is not None
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            if not self._is_resumed or task.uncancel():  # cancelled by others
                raise
            return
        finally:
            self._task = None
        raise ClientGone

    def wake(self) -> None:
        if self._task is not None and not self._is_woken:
            self._is_woken = True
            self._on_woken(self)

    def resume(self) -> None:
        """Have `wait` return, where it still waits."""
        if self._task is not None:
            self._is_resumed = True
            self._task.cancel()

    def say(self, frame: bytes) -> None:
        self.frames.append(frame)
        self.wake()

    def end(self, code: CloseCode) -> None:
        self.ended = self.ended or code
        self._stop()

    def read_again(self) -> None:
        self.must_read = True
        self._stop()

    def _stop(self) -> None:
        if self.reading is not None:
            self.reading.session.closed()  # it asks for nothing more
        self.wake()

    # -- what the hub delivers

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        if self.reading is not None:
            self.reading.room_event(room_id, seq, frame)
        elif self._session is None or self._session.room_event(room_id, seq, frame):
            self.say(frame)

    def user_frame(self, version: int, frame: bytes) -> None:
        if self.reading is not None:
            self.reading.user_frame(version, frame)
        elif version > self.user_version + 1:  # a change between was missed
            self.read_again()
        elif version > self.user_version:
            self.user_version = version
            self.say(frame)

    def ephemeral_frames(self, frames: Sequence[bytes]) -> None:
        if self.reading is None:  # of no use later
            self.frames += frames
            self.wake()

    def joined(self, room_id: int, seq: int, head: int) -> None:
        if self.reading is not None:
            self.reading.joined(room_id, seq, head)
        elif self._session is not None:
            self._session.joined(room_id, seq)

    def left(self, room_id: int) -> None:
        if self.reading is not None:
            self.reading.left(room_id)
        elif self._session is not None:
            self._session.left(room_id)

    def observe_version(self, version: int) -> None:
        if self.reading is None and version > self.user_version:
            self.read_again()
