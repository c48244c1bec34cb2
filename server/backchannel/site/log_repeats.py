"""Suppresses repeated log lines to one per minute: a full disk, or an absent database, logs the same line for each request.

    the first line ─▶ written at once ─▶ equal ones in the next minute are counted ─▶ one line with `repeated`

Lines that differ in anything but their time are not equal. An internal error carries its reference, and so is always written.
"""

from __future__ import annotations

import copy
import logging
import re
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from backchannel.process_log import Line

WINDOW_S = 60.0
KEPT = 256
"""Different lines that are tracked at the same time. Further ones are written as they come."""

StartTimer = Callable[[float, Callable[[], None]], None]

_LEAST = logging.WARNING
_ADDRESS = re.compile(r"\b0x[0-9a-f]+\b")
"""The address of an object in lines of libraries: twenty connections closed by a database at once count as equal lines."""


@dataclass(slots=True)
class _Seen:
    record: logging.LogRecord
    repeated: int = 0


_ONE_BY_ONE = frozenset({"backchannel.auth"})
"""Loggers in which every line is one attempt of a client, counted by programs that ban them. The auth log limits its own lines."""


class Repeats(logging.Filter):
    """A filter on a handler. `start_timer`: calls a function after so many seconds."""

    def __init__(self, start_timer: StartTimer | None = None) -> None:
        super().__init__()
        self._start_timer = start_timer or _start_timer
        self._seen: dict[Hashable, _Seen] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < _LEAST or record.name in _ONE_BY_ONE or getattr(record, "is_count", False):
            return True
        key = _key(record)
        with self._lock:
            seen = self._seen.get(key)
            if seen is not None:
                seen.repeated += 1
                return False
            if len(self._seen) >= KEPT:
                return True
            self._seen[key] = _Seen(_counting(record))
        self._start_timer(WINDOW_S, lambda: self._window_over(key))
        return True

    def _window_over(self, key: Hashable) -> None:
        """Log how often the line was repeated, and track it for another minute if it was."""
        with self._lock:
            seen = self._seen[key]
            if not seen.repeated:
                del self._seen[key]
                return
            record, repeated = copy.copy(seen.record), seen.repeated
            seen.repeated = 0
        self._start_timer(WINDOW_S, lambda: self._window_over(key))
        if isinstance(record.msg, Line):
            record.msg = Line(record.msg, repeated=repeated)
        else:
            record.msg = f"{record.msg} (repeated {repeated} times)"
        record.is_count = True
        logging.getLogger(record.name).handle(record)


def _key(record: logging.LogRecord) -> Hashable:
    if isinstance(record.msg, Line):
        fields = dict(record.msg)
    else:
        fields = {"event": _ADDRESS.sub("", record.getMessage())}
    return (
        record.name,
        record.levelno,
        repr(record.exc_info[1] if record.exc_info else None),  # tracebacks of equal errors differ
        tuple(sorted((name, repr(value)) for name, value in fields.items())),
    )


def _counting(record: logging.LogRecord) -> logging.LogRecord:
    """The record that reports the count: without the traceback."""
    kept = copy.copy(record)
    kept.exc_info = kept.exc_text = None
    if not isinstance(kept.msg, Line):
        kept.msg, kept.args = record.getMessage(), None
    return kept


def _start_timer(seconds: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
