"""Several processes behind one listening socket: started together, watched, replaced one by one, and stopped together.

    supervise ─▶ start each ─▶ all are ready ─▶ … one ends ─▶ another replaces it ─▶ … SIGTERM ─▶ all drain ─▶ 0

Each worker is a process of `backchannel serve --as-worker` that inherits the listening socket: an idle one accepts the next
connection, and one that dies takes no waiting connection with it. A socket pair links each worker to the supervisor. The worker
writes to it when it is ready and then once a second while its event loop runs; it reads EOF when the supervisor has died, in
whatever way. A worker that stays silent is killed and replaced.
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

from backchannel.process_log import ProcessLog
from backchannel.runner.notify import Notifier

READY = b"r"
BEAT = b"."
STOPS = (signal.SIGTERM, signal.SIGINT)
FAILED_STARTS = 5
"""Give up after so many workers in a row that ended before they were ready: the cause is permanent."""
PAUSE_S = 1.0
"""Between the end of a worker that never became ready and the next start."""
POLL_S = 0.1
"""Between two checks of signals and workers."""
SILENCE_S = 10.0
"""A worker whose event loop did not run for so long hangs, or is stopped (SIGSTOP): it is killed and replaced."""
START_WITHIN_S = 120.0
"""From a worker's start until it is ready."""
SUSPENDED_S = 2.0
"""A supervisor that did not check for so long was itself suspended and read nothing: each worker's silence starts again."""
MARGIN_S = 5
"""Time to end that a worker gets beyond its own shutdown deadline."""

_log = ProcessLog("backchannel.workers")

Command = Callable[[int, int], Sequence[str]]
"""(file descriptor of the worker's end of the pair, the worker's number) → the command line."""


class Worker:
    def __init__(self, command: Command, number: int, inherited: Sequence[int]) -> None:
        self.is_ready = False
        self.last_beat_at = time.monotonic()
        self._pair, workers_end = socket.socketpair()
        self._pair.setblocking(False)
        with workers_end:
            fd = workers_end.fileno()
            # In its own session: Ctrl+C reaches the supervisor alone, which passes it on once.
            self.process = subprocess.Popen(  # noqa: S603 - this program
                command(fd, number), pass_fds=[fd, *inherited], stdin=subprocess.DEVNULL, start_new_session=True
            )

    def read_beats(self, now: float) -> bool:
        """Read what the worker wrote since the last call. Returns True if it has become ready."""
        was_ready = self.is_ready
        with suppress(BlockingIOError, ConnectionError):
            while beats := self._pair.recv(4096):
                self.last_beat_at = now
                self.is_ready = self.is_ready or READY in beats
        return self.is_ready and not was_ready

    def hangs(self, now: float) -> bool:
        return now - self.last_beat_at > (SILENCE_S if self.is_ready else START_WITHIN_S)

    def kill(self) -> None:
        """SIGKILL: a stopped process takes no other signal."""
        self.process.kill()

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        if not self.has_ended():
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for the worker's end; kill it if that takes longer."""
        try:
            self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._pair.close()


class Supervisor:
    def __init__(self, count: int, command: Command, inherited: Sequence[int]) -> None:
        self._command = command
        self._inherited = inherited
        self._failed_starts = 0
        """Since a worker last became ready."""
        self._workers = [self._start(number) for number in range(count)]

    def run(self, ready: Callable[[], None], shutdown_s: int, notifier: Notifier, signals: Sequence[int]) -> int:
        """Run until a signal is in `signals`, then return 0; return 1 if workers cannot be started. `ready` is called once, when
        all workers are."""
        was_ready = False
        checked_at = time.monotonic()
        while True:
            time.sleep(POLL_S)
            if signals:
                notifier.stopping()
                self._stop(shutdown_s)
                return 0
            now = time.monotonic()
            if now - checked_at > SUSPENDED_S:
                for worker in self._workers:
                    worker.last_beat_at = now
            checked_at = now
            for worker in self._workers:
                if worker.read_beats(now):
                    self._failed_starts = 0
                if worker.hangs(now) and not worker.has_ended():
                    _log.error("worker_hangs", pid=worker.process.pid, seconds=round(now - worker.last_beat_at))
                    worker.kill()
                    worker.process.wait()
            notifier.beat()
            if not was_ready and all(worker.is_ready for worker in self._workers):
                was_ready = True
                notifier.ready(f"Serving with {len(self._workers)} workers")
                ready()
            if self._replace_ended():
                checked_at = time.monotonic()
            if self._failed_starts >= FAILED_STARTS:
                _log.error("workers_do_not_start", tries=self._failed_starts)
                self._stop(shutdown_s)
                return 1

    def _replace_ended(self) -> bool:
        """Returns True if a worker was replaced, which may take seconds."""
        replaced = False
        for number, worker in enumerate(self._workers):
            if not worker.has_ended():
                continue
            _log.warning("worker_ended", pid=worker.process.pid, status=worker.process.returncode)
            worker.wait(0)
            if not worker.is_ready:
                self._failed_starts += 1
                if self._failed_starts >= FAILED_STARTS:
                    return True
                time.sleep(PAUSE_S)
            self._workers[number] = self._start(number)
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
    """Keep `count` workers running until a signal; returns the exit status."""
    # Recorded and checked ten times a second. Python's `sigtimedwait`, if interrupted by a stop and SIGCONT, returns a signal that
    # nobody sent.
    received: list[int] = []
    before = {number: signal.signal(number, lambda number, _: received.append(number)) for number in STOPS}
    try:
        return Supervisor(count, command, inherited).run(ready, shutdown_s, notifier or Notifier({}), received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class SupervisorLink:
    """The worker's end of the pair. Sends this process SIGTERM when the supervisor has died."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        threading.Thread(target=self._watch, name="supervisor", daemon=True).start()

    def send_ready(self) -> None:
        self._send(READY)

    def beat(self) -> None:
        """To be called from the event loop, which shows that it runs. Dropped if the supervisor does not read."""
        self._send(BEAT)

    def _send(self, data: bytes) -> None:
        with suppress(OSError):
            self._socket.send(data, socket.MSG_DONTWAIT)

    def _watch(self) -> None:
        """The supervisor never writes, so any read is its EOF."""
        with suppress(OSError):
            self._socket.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)
