"""Threads for code that may never return."""

import asyncio
import subprocess
import sys
import threading

import pytest

from backchannel.store import read_pool
from backchannel.store.daemon_threads import DaemonThreads
from backchannel.store.read_pool import ReadPool

NEVER_ENDS = """
import threading
from backchannel.store.daemon_threads import DaemonThreads

threads, begun = DaemonThreads(2, 0.01, "test"), threading.Event()
threads.submit(begun.set)
threads.submit(threading.Event().wait)
begun.wait()
threads.shutdown()
print("well")
"""


def test_what_is_submitted_is_done_before_the_threads_end_by_no_more_than_the_count() -> None:
    threads, done, lock = DaemonThreads(3, 60, "test"), [], threading.Lock()

    def note(number: int) -> None:
        with lock:
            done.append((number, threading.current_thread().name))

    for number in range(50):
        threads.submit(note, number)
    threads.shutdown()
    assert sorted(number for number, _ in done) == list(range(50))
    assert {name for _, name in done} <= {"test_0", "test_1", "test_2"}


def test_a_process_ends_while_one_of_them_never_returns() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", NEVER_ENDS],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "well\n"), ran.stderr


async def test_a_pool_of_the_sites_code_closes_while_some_of_it_hangs_and_can_be_used_again(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_pool, "SITE_CODE_ENDS_WITHIN_S", 0.1)
    pool, begun, go_on = ReadPool(of_the_site=True), threading.Event(), threading.Event()

    def hang() -> str:
        begun.set()
        go_on.wait(60)
        return "late"

    hanging = asyncio.create_task(pool.run(hang))
    await asyncio.to_thread(begun.wait, 60)
    await asyncio.to_thread(pool.close)
    assert not hanging.done()
    assert await pool.run(lambda: "again") == "again"
    go_on.set()
    assert await hanging == "late"
    await asyncio.to_thread(pool.close)
