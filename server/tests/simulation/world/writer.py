"""The writer's thread, without a thread: the log's own gathering, committing and resolving, each at its moment.

submit ─▶ … ─▶ gather ─▶ … ─▶ commit ─▶ … ─▶ publish, answer          (… is time in which a node can die)
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from backchannel.store.log import Answered, Log, Operation
from backchannel.store.transaction import Outcome

if TYPE_CHECKING:
    from tests.simulation.world.node import SimulatedNode


class SimulatedLog(Log):
    def __init__(self, node: "SimulatedNode", on_commit: Callable[[Sequence[Outcome]], None]) -> None:
        super().__init__(on_commit)
        self._node = node
        self._world = node.world
        self._loop = self  # type: ignore[assignment]  # of a loop the log wants these two alone: `call_soon` and `call_soon_threadsafe`
        self._is_busy = False
        self._carried: Any = None
        self._heard_until = 0.0

    def enqueue(self, operation: Operation, answered: Answered) -> None:
        super().enqueue(operation, answered)
        self._wake()

    def _wake(self) -> None:
        if not self._is_busy and (self._carried is not None or not self._queue.empty()):
            self._is_busy = True
            self._world.loop.call_later(self._world.chance.thread_delay(), self._take)

    def _take(self) -> None:
        job = self._carried or self._queue.get_nowait()
        batch, self._carried, _ = self._gather(job)
        committing = self._world.database.writers_about_to_commit

        def land() -> None:
            if land not in committing:  # it was done already, between two statements of somebody's read
                return
            committing.remove(land)
            if self._node.is_at("before_commit"):
                return
            self._commit(batch)
            self._node.is_at("after_commit")
            self._is_busy = False
            self._wake()

        committing.append(land)
        self._world.loop.call_later(self._world.chance.commit_delay(), land)

    def call_soon_threadsafe(self, resolve: Callable[..., Any], batch: Any) -> None:
        """From the thread to the loop, which may be busy; in order."""
        loop = self._world.loop
        self._heard_until = max(self._heard_until, loop.now + self._world.chance.thread_delay())
        loop.call_at(self._heard_until, self._heard, resolve, batch)

    def call_soon(self, answer: Callable[..., Any], batch: Any) -> None:
        self._world.loop.call_soon(self._heard, answer, batch)

    def _heard(self, resolve: Callable[..., Any], batch: Any) -> None:
        if not self._node.is_dead:
            resolve(batch)

    @property
    def is_idle(self) -> bool:
        return not self._is_busy and self._queue.empty() and self._carried is None
