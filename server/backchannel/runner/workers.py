"""Several processes behind one listening socket: started together, watched, replaced one by one, and stopped together.

    supervise ─▶ start each ─▶ all are ready ─▶ … one ends ─▶ another takes its place ─▶ … SIGTERM ─▶ all drain ─▶ 0

Each worker is `backchannel serve` in a process of its own, with the listening socket inherited: whoever is idle takes the next
connection, and one that dies takes no waiting connection with it. Worker and supervisor are tied by a pair of sockets. On it
the worker says that it is ready, and reads an end when the supervisor is gone, however that came about.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})
STILLBORN = 5
"""Workers in a row that end before they are ready: the reason is not one that passes."""
PAUSE_S = 1.0
"""Between the end of a worker that was not ready and the next try."""
LOOK_S = 0.1
MARGIN_S = 5
"""What a worker may need beyond its own deadline to end."""

_log = structlog.get_logger("backchannel.workers")

Command = Callable[[int], Sequence[str]]
"""The worker's end of the pair, as a file descriptor → what is run."""


class Worker:
    def __init__(self, command: Command, inherited: Sequence[int]) -> None:
        self.is_ready = False
        self._tie, theirs = socket.socketpair()
        self._tie.setblocking(False)
        with theirs:
            fd = theirs.fileno()
            # A session of its own: Ctrl+C is for the supervisor, who passes it on once.
            self.process = subprocess.Popen(  # noqa: S603 - a program of our own
                command(fd), pass_fds=[fd, *inherited], stdin=subprocess.DEVNULL, start_new_session=True
            )

    def becomes_ready(self) -> bool:
        """It said so since the last look."""
        if self.is_ready:
            return False
        with suppress(BlockingIOError):
            self.is_ready = self._tie.recv(1) != b""
        return self.is_ready

    def is_over(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        if not self.is_over():
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """For its end, which it is brought to where it takes longer."""
        try:
            self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._tie.close()


class Supervisor:
    def __init__(self, count: int, command: Command, inherited: Sequence[int]) -> None:
        self._command = command
        self._inherited = inherited
        self._stillborn = 0
        self._workers = [self._start() for _ in range(count)]

    def run(self, ready: Callable[[], None], shutdown_s: int) -> int:
        """Until SIGTERM or SIGINT, and then 0; 1 where no worker can be brought to life. Call with `SIGNALS` blocked.
        `ready` is called once, when all are."""
        is_told = False
        while True:
            told = signal.sigtimedwait(SIGNALS, LOOK_S)
            if told is not None and told.si_signo != signal.SIGCHLD:
                self._stop(shutdown_s)
                return 0
            for worker in self._workers:
                if worker.becomes_ready():
                    self._stillborn = 0
            if not is_told and all(worker.is_ready for worker in self._workers):
                is_told = True
                ready()
            self._replace_the_dead()
            if self._stillborn >= STILLBORN:
                _log.error("workers_do_not_start", tries=self._stillborn)
                self._stop(shutdown_s)
                return 1

    def _replace_the_dead(self) -> None:
        for place, worker in enumerate(self._workers):
            if not worker.is_over():
                continue
            _log.warning("worker_ended", pid=worker.process.pid, status=worker.process.returncode)
            worker.wait(0)
            if not worker.is_ready:
                self._stillborn += 1
                if self._stillborn >= STILLBORN:
                    return
                time.sleep(PAUSE_S)
            self._workers[place] = self._start()

    def _start(self) -> Worker:
        return Worker(self._command, self._inherited)

    def _stop(self, shutdown_s: int) -> None:
        deadline = time.monotonic() + shutdown_s + MARGIN_S
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.wait(deadline - time.monotonic())


def supervise(
    count: int, command: Command, inherited: Sequence[int], *, ready: Callable[[], None], shutdown_s: int
) -> int:
    """Keep `count` workers at work; the exit status."""
    # Waited for rather than handled: nothing is interrupted, and none comes between a look and a wait.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        return Supervisor(count, command, inherited).run(ready, shutdown_s)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Tie:
    """The worker's end of the pair. Make it first of all: signals are blocked until then."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        threading.Thread(target=self._watch, name="supervisor", daemon=True).start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def say_ready(self) -> None:
        with suppress(OSError):
            self._socket.sendall(b"r")

    def _watch(self) -> None:
        """Nothing is ever said on it but its end."""
        with suppress(OSError):
            self._socket.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)
