"""Workers are supervised: one that dies is replaced, all end together, and none outlives the supervisor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import clean_environment
from tests.running import wait_until

pytestmark = pytest.mark.prove

SUPERVISOR = """
import os, sys
from backchannel.runner import workers
from backchannel.runner.notify import Notifier
workers.PAUSE_S = 0.0
workers.SILENCE_S = 3.0
command = lambda pair, number: [sys.executable, "-c", sys.argv[1], str(pair)]
ready = lambda: os.write(1, b"all\\n")
sys.exit(workers.supervise(2, command, [], ready=ready, shutdown_s=5, notifier=Notifier(os.environ)))
"""
WORKER = """
import os, signal, sys, time
from backchannel.runner.workers import SupervisorLink
supervisor = SupervisorLink(int(sys.argv[1]))
os.write(1, b"%d\\n" % os.getpid())  # in one write: the workers share a pipe
supervisor.send_ready()
while True:
    time.sleep(0.1)
    supervisor.beat()
"""
Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def go(worker: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", SUPERVISOR, worker]
        process = subprocess.Popen(command, env=clean_environment({}), stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield go
    for process in started:
        process.kill()
        process.communicate()


def pids(process: "subprocess.Popen[str]", count: int) -> list[int]:
    """The process ids of the next `count` workers to start."""
    found: list[int] = []
    assert process.stdout is not None
    while len(found) < count:
        line = process.stdout.readline()
        assert line, "the supervisor ended"
        if line.strip().isdigit():
            found.append(int(line))
    return found


def is_gone(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"  # a zombie that its new parent has not waited for


def test_a_worker_that_dies_is_replaced_and_the_others_go_on(start: Start) -> None:
    supervisor = start(WORKER)
    first, second = pids(supervisor, 2)
    os.kill(first, signal.SIGKILL)
    [third] = pids(supervisor, 1)
    assert third not in (first, second)
    assert not is_gone(second)
    assert supervisor.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_ends_all_workers(start: Start, number: signal.Signals) -> None:
    supervisor = start(WORKER)
    workers = pids(supervisor, 2)
    supervisor.send_signal(number)
    assert supervisor.wait(30) == 0
    assert all(is_gone(pid) for pid in workers)


def test_no_worker_outlives_a_killed_supervisor(start: Start) -> None:
    supervisor = start(WORKER)
    workers = pids(supervisor, 2)
    supervisor.kill()
    wait_until(lambda: all(is_gone(pid) for pid in workers))


def test_workers_that_never_become_ready_end_the_supervisor(start: Start) -> None:
    assert start("raise SystemExit(3)").wait(60) == 1


def test_readiness_is_reported_once(start: Start) -> None:
    supervisor = start(WORKER)
    [first, _] = pids(supervisor, 2)
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "all\n"
    os.kill(first, signal.SIGKILL)
    pids(supervisor, 1)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.communicate(timeout=30)[0] == ""


def test_a_worker_that_is_stopped_or_hangs_is_replaced_and_the_others_go_on(start: Start) -> None:
    supervisor = start(WORKER)
    first, second = pids(supervisor, 2)
    os.kill(first, signal.SIGSTOP)
    [third] = pids(supervisor, 1)
    assert third not in (first, second)
    assert is_gone(first)
    assert not is_gone(second)


def test_a_supervisor_that_was_suspended_kills_no_worker(start: Start) -> None:
    supervisor = start(WORKER)
    workers = pids(supervisor, 2)
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "all\n"
    for pid in [supervisor.pid, *workers]:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(4.0)
    for pid in [supervisor.pid, *workers]:
        os.kill(pid, signal.SIGCONT)
    time.sleep(0.5)
    assert not any(is_gone(pid) for pid in workers)
