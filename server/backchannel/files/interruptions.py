"""Ends what threads wait for outside of this process, a decoder or a scanner, so that a node can stop at once."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

End = Callable[[], object]


class Interruptions:
    """Callable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: list[End] = []
        self._is_stopped = False

    @contextmanager
    def ended_by(self, end: End) -> Iterator[None]:
        """`end` is called if the node stops before the block does, or has stopped already."""
        with self._lock:
            self._ends.append(end)
            is_stopped = self._is_stopped
        if is_stopped:
            end()
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            ends = list(self._ends)
        for end in ends:
            end()

    def start(self) -> None:
        """After a stop, for a chat that starts again."""
        self._is_stopped = False

    def run(
        self, command: Sequence[str], within_s: float, *, folder: Path | None = None, has_environment: bool = True
    ) -> tuple[int, bytes]:
        """The exit code of a program, and what it printed. Blocks. Raises OSError, and `subprocess.TimeoutExpired` after it was killed."""
        child = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=None if has_environment else {},
            start_new_session=True,
        )
        with child, self.ended_by(child.kill):
            try:
                said, _ = child.communicate(timeout=within_s)
            except BaseException:
                child.kill()
                raise
        return child.returncode, said
