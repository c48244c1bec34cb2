"""The writer without its thread: the log's own steps, each at a random moment.

submit ─▶ … ─▶ gather ─▶ … ─▶ commit ─▶ … ─▶ publish, answer          (… is time in which a node can die)
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from backchannel.store.log import Answer, Job, Log
from backchannel.store.operation import Operation
from lab.simulation.world.surroundings import Surroundings


class Process(Protocol):
    """The node that this writer belongs to."""

    is_dead: bool

    def is_at(self, point: str) -> bool:
        """True if the node is dead from this point on."""


class SimulatedLog(Log):
    def __init__(
        self,
        world: Surroundings,
        node: Process,
        deliver: Callable[[Sequence[Job]], None],
        on_connection_lost: Callable[[], None],
    ) -> None:
        super().__init__(deliver, on_connection_lost=on_connection_lost)
        self._node = node
        self._world = world
        self._loop = self  # type: ignore[assignment]  # the log calls nothing but `call_soon_threadsafe` of a loop
        self._is_busy = False
        self._carried: Any = None
        self._arrived_until = 0.0

    def enqueue(self, operation: Operation, answer: Answer) -> None:
        super().enqueue(operation, lambda outcome: None if self._node.is_dead else answer(outcome))
        self._wake()

    def _wake(self) -> None:
        if not self._is_busy and (self._carried is not None or not self._queue.empty()):
            self._is_busy = True
            self._world.loop.call_later(self._world.chance.thread_delay(), self._take)

    def _take(self) -> None:
        job = self._carried or self._queue.get_nowait()
        batch, self._carried, _ = self._world.loop.in_thread(self._gather, job)
        committing = self._world.database.writers_about_to_commit

        def land() -> None:
            if land not in committing:  # already committed between two statements of a read
                return
            committing.remove(land)
            if self._node.is_at("before_commit"):
                return
            self._world.loop.in_thread(self._commit, batch)
            self._node.is_at("after_commit")
            self._is_busy = False
            self._wake()

        committing.append(land)
        self._world.loop.call_later(self._world.chance.commit_delay(), land)

    def call_soon_threadsafe(self, deliver: Callable[..., Any], batch: Any) -> None:
        """From the thread to the loop, in order, each a little later."""
        loop = self._world.loop
        self._arrived_until = max(self._arrived_until, loop.now + self._world.chance.thread_delay())
        loop.call_at(self._arrived_until, self._arrive, deliver, batch)

    def _arrive(self, deliver: Callable[..., Any], batch: Any) -> None:
        if not self._node.is_dead:
            deliver(batch)

    @property
    def is_idle(self) -> bool:
        return not self._is_busy and self._queue.empty() and self._carried is None
