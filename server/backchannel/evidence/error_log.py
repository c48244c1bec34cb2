"""Listens to the process's log: what is logged as an error with its exception becomes evidence, with the reference that its answer had.

Each INTERNAL answer is logged so (internal_error.py), and so is what breaks where nobody waits for an answer.

A site that configures no logging has `logging.lastResort` write its warnings to stderr, which Python does only where a record meets no
handler at all. This one must not count as one: it hands over to `lastResort` what nobody else takes.
"""

import logging

from backchannel.evidence.evidence import Evidence

LOGGER = "backchannel"


class ErrorLog(logging.Handler):
    def __init__(self, evidence: Evidence) -> None:
        super().__init__(logging.WARNING)
        self._evidence = evidence

    def start(self) -> None:
        logging.getLogger(LOGGER).addHandler(self)

    def stop(self) -> None:
        logging.getLogger(LOGGER).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if logging.lastResort is not None and self._is_first() and not _is_taken(record):
            logging.lastResort.handle(record)
        if record.levelno < logging.ERROR:
            return
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return
        reference = record.msg.get("reference", "") if isinstance(record.msg, dict) else ""
        try:
            self._evidence.failed(error, str(reference))
        except Exception:
            self.handleError(record)

    def _is_first(self) -> bool:
        """Whether this handler is the one of its process that hands lines over: several chats share the logger."""
        return next((one for one in logging.getLogger(LOGGER).handlers if isinstance(one, ErrorLog)), None) is self


def _is_taken(record: logging.LogRecord) -> bool:
    logger: logging.Logger | None = logging.getLogger(record.name)
    while logger is not None:
        if any(not isinstance(handler, ErrorLog) for handler in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False
