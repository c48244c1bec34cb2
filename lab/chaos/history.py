"""The history of a run in order of arrival, one JSON record a line. lab/checker/checks.py lists the records."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any


class History:
    """Written by several threads; kept in memory for the checker and on disk for people."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.records: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._output = file.open("w", encoding="utf-8")

    def add(self, op: str, **fields: Any) -> None:
        self.put({"op": op, "t": time.time(), **fields})

    def put(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            self.records.append(record)
            self._output.write(line + "\n")

    def close(self) -> None:
        self._output.close()
