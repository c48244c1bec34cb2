"""Records what passed the proxy: every request by name, bytes by kind."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["http", "ws", "tcp"]


@dataclass
class Traffic:
    """Written by the proxy's thread, read by the test's.

    `requests` are like `POST /api/sync` or `GET /ws`, in order of arrival, without queries;
    `bytes` counts by (kind, direction) what was handed on.
    """

    requests: list[str] = field(default_factory=list)
    bytes: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, method: str, target: str) -> None:
        with self._lock:
            self.requests.append(f"{method} {target.partition('?')[0]}")

    def passed(self, kind: Kind, direction: str, size: int) -> None:
        with self._lock:
            self.bytes[kind, direction] += size

    def mark(self) -> int:
        """A moment, for `since`."""
        return len(self.requests)

    def since(self, mark: int = 0, pattern: str = "") -> list[str]:
        """The requests after `mark` in which `pattern` (a regular expression) is found."""
        return [request for request in list(self.requests)[mark:] if re.search(pattern, request)]
