"""Several processes behind one listening socket: started together, watched, replaced one by one, and stopped together.

    supervise ─▶ start each ─▶ all are ready ─▶ … one ends ─▶ another takes its place ─▶ … SIGTERM ─▶ all drain ─▶ 0

Each worker is `backchannel serve` in a process of its own, with the listening socket inherited: whoever is idle takes the next
connection, and one that dies takes no waiting connection with it. Worker and supervisor are tied by a pair of sockets. On it
the worker says that it is ready and, each second, that its loop turns; it reads an end when the supervisor is gone, however that
came about. One that is silent is killed and replaced.
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

from backchannel.runner.notify import Notifier

READY = b"r"
BEAT = b"."
STOPS = (signal.SIGTERM, signal.SIGINT)
STILLBORN = 5
"""Workers in a row that end before they are ready: the reason is not one that passes."""
PAUSE_S = 1.0
"""Between the end of a worker that was not ready and the next try."""
LOOK_S = 0.1
SILENCE_S = 10.0
"""A worker whose event loop did not turn for so long hangs, or was stopped: it is killed and replaced."""
START_WITHIN_S = 120.0
"""From its start until it is ready."""
LATE_S = 2.0
"""A supervisor that did not look for so long was stopped itself, and has heard nobody: all get their time again."""
MARGIN_S = 5
"""What a worker may need beyond its own deadline to end."""

_log = structlog.get_logger("backchannel.workers")

Command = Callable[[int, int], Sequence[str]]
"""The worker's end of the pair, as a file descriptor, and its number → what is run."""


class Worker:
    def __init__(self, command: Command, number: int, inherited: Sequence[int]) -> None:
        self.is_ready = False
        self.heard_at = time.monotonic()
        self._tie, theirs = socket.socketpair()
        self._tie.setblocking(False)
        with theirs:
            fd = theirs.fileno()
            # A session of its own: Ctrl+C is for the supervisor, who passes it on once.
            self.process = subprocess.Popen(  # noqa: S603 - a program of our own
                command(fd, number), pass_fds=[fd, *inherited], stdin=subprocess.DEVNULL, start_new_session=True
            )

    def listen(self, now: float) -> bool:
        """To what it said since the last look; whether it became ready by it."""
        was_ready = self.is_ready
        with suppress(BlockingIOError, ConnectionError):
            while said := self._tie.recv(4096):
                self.heard_at = now
                self.is_ready = self.is_ready or READY in said
        return self.is_ready and not was_ready

    def hangs(self, now: float) -> bool:
        return now - self.heard_at > (SILENCE_S if self.is_ready else START_WITHIN_S)

    def kill(self) -> None:
        """A stopped process hears nothing else."""
        self.process.kill()

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
        self._workers = [self._start(number) for number in range(count)]

    def run(self, ready: Callable[[], None], shutdown_s: int, notifier: Notifier, told: Sequence[int]) -> int:
        """Until a signal is in `told`, and then 0; 1 where no worker can be brought to life. `ready` is called once, when all
        are."""
        is_told = False
        looked_at = time.monotonic()
        while True:
            time.sleep(LOOK_S)
            if told:
                notifier.stopping()
                self._stop(shutdown_s)
                return 0
            now = time.monotonic()
            if now - looked_at > LATE_S:
                for worker in self._workers:
                    worker.heard_at = now
            looked_at = now
            for worker in self._workers:
                if worker.listen(now):
                    self._stillborn = 0
                if worker.hangs(now) and not worker.is_over():
                    _log.error("worker_hangs", pid=worker.process.pid, seconds=round(now - worker.heard_at))
                    worker.kill()
                    worker.process.wait()
            notifier.alive()
            if not is_told and all(worker.is_ready for worker in self._workers):
                is_told = True
                notifier.ready(f"Serving with {len(self._workers)} workers")
                ready()
            if self._replace_the_dead():
                looked_at = time.monotonic()
            if self._stillborn >= STILLBORN:
                _log.error("workers_do_not_start", tries=self._stillborn)
                self._stop(shutdown_s)
                return 1

    def _replace_the_dead(self) -> bool:
        """Whether there was one: it takes a while."""
        replaced = False
        for place, worker in enumerate(self._workers):
            if not worker.is_over():
                continue
            _log.warning("worker_ended", pid=worker.process.pid, status=worker.process.returncode)
            worker.wait(0)
            if not worker.is_ready:
                self._stillborn += 1
                if self._stillborn >= STILLBORN:
                    return True
                time.sleep(PAUSE_S)
            self._workers[place] = self._start(place)
            replaced = True
        return replaced

    def _start(self, number: int) -> Worker:
        return Worker(self._command, number, self._inherited)

    def _stop(self, shutdown_s: int) -> None:
        deadline = time.monotonic() + shutdown_s + MARGIN_S
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.wait(deadline - time.monotonic())


def supervise(
    count: int,
    command: Command,
    inherited: Sequence[int],
    *,
    ready: Callable[[], None],
    shutdown_s: int,
    notifier: Notifier | None = None,
) -> int:
    """Keep `count` workers at work; the exit status."""
    # Noted and looked at ten times a second. `sigtimedwait` would wait for them, but, interrupted by a stop and SIGCONT, Python's
    # returns a signal that nobody sent.
    told: list[int] = []
    before = {number: signal.signal(number, lambda number, _: told.append(number)) for number in STOPS}
    try:
        return Supervisor(count, command, inherited).run(ready, shutdown_s, notifier or Notifier({}), told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Tie:
    """The worker's end of the pair."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        threading.Thread(target=self._watch, name="supervisor", daemon=True).start()

    def say_ready(self) -> None:
        self._say(READY)

    def beat(self) -> None:
        """The event loop turns. A supervisor that does not read has enough of these."""
        self._say(BEAT)

    def _say(self, word: bytes) -> None:
        with suppress(OSError):
            self._socket.send(word, socket.MSG_DONTWAIT)

    def _watch(self) -> None:
        """Nothing is ever said on it but its end."""
        with suppress(OSError):
            self._socket.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)
