"""The order of what happens after a commit: publish, answer, flush, observe."""

import asyncio
from collections.abc import Sequence
from typing import Any

from backchannel.commands.delivery import Delivery, Publish
from backchannel.commands.publish import publisher
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.protocol.frame_batch import AnswerBatch, FrameBatch
from backchannel.protocol.shapes import User
from backchannel.store.log import Job
from backchannel.store.operation import Nothing
from backchannel.store.transaction import CommittedEvent, Outcome


def job(word: str, done: list[str], outcome: Outcome | None = None) -> Job:
    return Job(Nothing(actor=User(1, "a", "A")), lambda _: done.append(f"answer {word}"), outcome or Outcome())


def recording_flushes(publish: Publish, done: list[str]) -> Delivery:
    def flush(_: float) -> int:
        done.append("flush")
        return 0

    delivery = Delivery(publish)
    delivery.connect(flush, lambda: (0, 0))
    return delivery


async def test_everything_is_published_then_answered_then_flushed_then_observed() -> None:
    done: list[str] = []
    delivery = recording_flushes(lambda _: done.append("publish"), done)
    delivery.observe(lambda _: done.append("observe"))
    delivery([job("first", done), job("second", done)])
    assert done == []
    await asyncio.sleep(0)
    assert done == ["publish", "answer first", "answer second", "flush", "observe"]


async def test_batches_committed_in_one_iteration_of_the_loop_are_delivered_together_in_order() -> None:
    done: list[str] = []
    seen: list[int] = []

    def publish(outcomes: Sequence[Outcome]) -> None:
        seen.extend(event.seq for outcome in outcomes for event in outcome.events)
        done.append("publish")

    delivery = recording_flushes(publish, done)
    for seq in (1, 2, 3):
        delivery([job(str(seq), done, Outcome(events=[CommittedEvent(5, seq, b"{}")]))])
    await asyncio.sleep(0)
    assert seen == [1, 2, 3]
    assert done == ["publish", "answer 1", "answer 2", "answer 3", "flush"]


async def test_an_exception_in_one_step_does_not_stop_the_others() -> None:
    done: list[str] = []

    def fail(_: Any) -> None:
        raise RuntimeError

    broken = Job(Nothing(actor=User(1, "a", "A")), fail)
    delivery = recording_flushes(fail, done)
    for observer in (fail, lambda _: done.append("observe")):
        delivery.observe(observer)
    delivery([broken, job("second", done)])
    await asyncio.sleep(0)
    assert done == ["answer second", "flush", "observe"]


class Socket:
    """A subscriber that holds an answer until its next write, as a link does."""

    user_id = 1
    is_socket = True

    def __init__(self) -> None:
        self.writes: list[list[bytes]] = []
        self._held: list[bytes] = []

    def sink(self, _: int) -> Any:
        return self.send

    def send_soon(self, batch: FrameBatch) -> None:
        self._held.append(batch.inner)

    def send(self, batch: FrameBatch) -> None:
        self.writes.append([*self._held, batch.inner])
        self._held = []


async def test_the_ack_precedes_the_senders_own_event_in_one_write() -> None:
    async def read_nothing(_: object) -> dict[int, list[Any]]:
        return {}

    bus, socket = MemoryBus(), Socket()
    delivery = Delivery(publisher(bus))
    hub = Hub(bus, read_nothing, lambda: 0.0, delivery.flush_soon)
    delivery.connect(hub.flush, lambda: (0, 0))
    await hub.start(lambda: None)
    hub.attach(socket)  # type: ignore[arg-type]
    hub.enter(socket, 5, 0, 2)  # type: ignore[arg-type]
    outcome = Outcome(events=[CommittedEvent(5, 1, b'{"event":1}')])
    answer = AnswerBatch(b'{"ack":1}', 1)
    delivery([Job(Nothing(actor=User(1, "a", "A")), lambda _: socket.send_soon(answer), outcome)])
    await asyncio.sleep(0)
    assert socket.writes == [[b'{"ack":1}', b'{"event":1}']]
