"""Lines of the process's log, by Python's `logging`: each is an event's name with fields.

    _log = ProcessLog("backchannel.store")
    _log.warning("write_failed", error="OperationalError")     ─▶  write_failed error=OperationalError

A Django site configures the loggers below `backchannel` in its LOGGING like those of any library. The record's `msg` is a dictionary, so
formatters that write JSON can keep the fields apart; the standalone server's does (site/logging.py).
"""

from __future__ import annotations

import logging
import sys


class Line(dict[str, object]):
    """An event's name, under "event", and its fields. As text it is one line."""

    def __str__(self) -> str:
        fields = (f"{name}={value}" for name, value in self.items() if name != "event")
        return " ".join((str(self["event"]), *fields))


class ProcessLog:
    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: object) -> None:
        self._write(logging.DEBUG, event, None, fields)

    def info(self, event: str, **fields: object) -> None:
        self._write(logging.INFO, event, None, fields)

    def warning(self, event: str, **fields: object) -> None:
        self._write(logging.WARNING, event, None, fields)

    def error(self, event: str, **fields: object) -> None:
        self._write(logging.ERROR, event, None, fields)

    def exception(self, event: str, **fields: object) -> None:
        """An error with the traceback of the exception that is being handled."""
        self._write(logging.ERROR, event, sys.exc_info()[1], fields)

    def log(self, level: int, event: str, *, exc_info: BaseException | None = None, **fields: object) -> None:
        """`level`: of the module `logging`. `exc_info`: an exception, whose traceback follows the line."""
        self._write(level, event, exc_info, fields)

    def _write(self, level: int, event: str, exc_info: BaseException | None, fields: dict[str, object]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, Line(event=event, **fields), exc_info=exc_info)
