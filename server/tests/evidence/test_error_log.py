"""Collecting errors takes no line from a site's log."""

import logging
from typing import Any, cast

import pytest

from backchannel.evidence.error_log import ErrorLog


class Collected:
    def failed(self, *_: Any) -> None: ...


def unconfigured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """As in a process that configures no logging. Returns what Python writes to stderr then. Call it in the test: pytest adds handlers."""
    written: list[str] = []

    class LastResort(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(record.getMessage())

    monkeypatch.setattr(logging, "lastResort", LastResort(logging.WARNING))
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging.getLogger("backchannel"), "handlers", [])
    return written


def test_warnings_of_a_site_without_logging_are_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written = unconfigured(monkeypatch)
    logs = [ErrorLog(cast("Any", Collected())) for _ in range(2)]
    for log in logs:
        log.start()
    logging.getLogger("backchannel.store").warning("several processes")
    logging.getLogger("backchannel.store").error("the disk is full")
    assert written == ["several processes", "the disk is full"]


def test_where_a_site_has_handlers_they_alone_write(monkeypatch: pytest.MonkeyPatch) -> None:
    written = unconfigured(monkeypatch)
    ErrorLog(cast("Any", Collected())).start()
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger("backchannel.store").error("the disk is full")
    assert written == []
