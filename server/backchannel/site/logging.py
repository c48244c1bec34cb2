"""Configures logging: one line per event, readable on a terminal, JSON for machines.

Everything goes to stderr. No line contains what people write, a secret, or the query of an address. Our own code does not log
these; `_without_secrets` removes them from what libraries log.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from backchannel.accounts.secrets import TICKET_PREFIX, TOKEN_PREFIX
from backchannel.process_log import Line
from backchannel.site.log_repeats import Repeats

_SECRET = re.compile(rf"\b({TOKEN_PREFIX}|{TICKET_PREFIX})[A-Za-z0-9_-]{{20,}}")
_QUERY = re.compile(r"(/[^\s?\"']*)\?[^\s\"']+")

# At their default level, these libraries repeat what lines of ours report, or report the doings of bots.
_QUIET = {
    "uvicorn.error": logging.WARNING,
    "uvicorn.access": logging.CRITICAL,
    "django.request": logging.CRITICAL,
    "django.security.DisallowedHost": logging.CRITICAL,
    "django.security.RequestDataTooBig": logging.CRITICAL,
    "django.security.TooManyFieldsSent": logging.CRITICAL,
    "django.security.TooManyFilesSent": logging.CRITICAL,
    "asyncio": logging.WARNING,
    "websockets": logging.WARNING,
    "psycopg.pool": logging.WARNING,
}


def configure(format: str, level: str) -> None:
    """Set up the root logger. `format`: "console" or "json"."""
    stamp = structlog.processors.TimeStamper(fmt="iso" if format == "json" else "%H:%M:%S", utc=format == "json")
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Repeats())
    handler.setFormatter(_Formatter(stamp, _rendering(format)))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Hands the fields of our own lines to the processors as they are, with the event's name behind them. The library would make a text of
    each line first, and copy its record, which adds two thirds to the time of a line. Every connection has two."""

    def __init__(self, stamp: Processor, rendering: list[Processor]) -> None:
        before: list[Processor] = [structlog.stdlib.add_logger_name, structlog.stdlib.add_log_level, stamp]
        super().__init__(foreign_pre_chain=before, processors=[self.remove_processors_meta, *rendering])
        self._of_ours = [stamp, *rendering]

    def format(self, record: logging.LogRecord) -> str:
        if not isinstance(record.msg, Line):
            return super().format(record)
        level = record.levelname.lower()
        line: Any = {name: value for name, value in record.msg.items() if name != "event"}
        line |= {"event": record.msg["event"], "logger": record.name, "level": level}
        if record.exc_info:
            line["exc_info"] = record.exc_info
        for process in self._of_ours:
            line = process(None, level, line)
        return str(line)


def _rendering(format: str) -> list[Processor]:
    if format == "json":
        return [structlog.processors.format_exc_info, _without_secrets, structlog.processors.JSONRenderer(default=str)]
    colours = sys.stderr.isatty()
    return [
        structlog.processors.format_exc_info,
        _without_secrets,
        structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=24, pad_level=False),
    ]


def _without_secrets(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in line.items():
        if isinstance(value, str) and ("?" in value or TOKEN_PREFIX in value or TICKET_PREFIX in value):
            line[key] = _QUERY.sub(r"\1?…", _SECRET.sub(r"\1…", value))
    return line
