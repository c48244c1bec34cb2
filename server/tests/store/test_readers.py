import asyncio
import threading
from collections.abc import Iterator

import pytest

from backchannel.store.readers import Readers

WITHIN_S = 10.0


@pytest.fixture
def ended() -> list[str]:
    return []


@pytest.fixture
def readers(ended: list[str]) -> Iterator[Readers]:
    readers = Readers(3, lambda: ended.append(threading.current_thread().name))
    yield readers
    readers.close()


async def test_the_answer_of_a_call_comes_back_to_the_loop(readers: Readers) -> None:
    name = await readers.submit(lambda: threading.current_thread().name)
    assert name != threading.current_thread().name
    assert await asyncio.get_running_loop().run_in_executor(readers, lambda: 7) == 7


async def test_what_a_call_raises_comes_back_too(readers: Readers) -> None:
    with pytest.raises(KeyError, match="lost"):
        await readers.submit(lambda: {}["lost"])
    assert await readers.submit(lambda: 1) == 1


async def test_no_more_threads_are_started_than_are_allowed(readers: Readers, ended: list[str]) -> None:
    together = threading.Barrier(3)
    waiting = [readers.submit(lambda: together.wait(WITHIN_S)) for _ in range(6)]
    assert sorted(await asyncio.gather(*waiting)) == [0, 0, 1, 1, 2, 2]
    readers.close()
    assert len(set(ended)) == len(ended) == 3


async def test_a_single_thread_serves_who_come_one_after_the_other(readers: Readers, ended: list[str]) -> None:
    for _ in range(5):
        await readers.submit(lambda: None)
    readers.close()
    assert len(ended) == 1


async def test_a_call_nobody_waits_for_any_more_is_not_made(readers: Readers) -> None:
    go_on, made = threading.Event(), []
    held = [readers.submit(lambda: go_on.wait(WITHIN_S)) for _ in range(3)]
    given_up = readers.submit(lambda: made.append(1))
    given_up.cancel()
    go_on.set()
    assert await asyncio.gather(*held) == [True] * 3
    await readers.submit(lambda: None)
    assert made == []


async def test_who_gives_up_while_it_is_read_harms_nobody(readers: Readers) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def read() -> None:
        begun.set()
        go_on.wait(WITHIN_S)

    reading = readers.submit(read)
    await asyncio.to_thread(begun.wait, WITHIN_S)
    reading.cancel()
    go_on.set()
    assert await readers.submit(lambda: 2) == 2


def test_an_answer_for_a_loop_that_is_closed_is_dropped(readers: Readers) -> None:
    go_on = threading.Event()

    async def ask() -> None:
        readers.submit(lambda: go_on.wait(WITHIN_S))

    asyncio.run(ask())
    go_on.set()

    async def ask_again() -> int:
        return await readers.submit(lambda: 3)  # type: ignore[no-any-return]

    assert asyncio.run(ask_again()) == 3


async def test_at_the_end_what_was_asked_for_is_done_first(readers: Readers) -> None:
    answers = [readers.submit(lambda number=number: number) for number in range(20)]  # type: ignore[misc]
    readers.close()
    assert await asyncio.gather(*answers) == list(range(20))
