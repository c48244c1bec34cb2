"""Listens to the process's log: what is logged as an error with its exception becomes evidence, with the reference that its answer had.

Each INTERNAL answer is logged so (internal_error.py), and so is what breaks where nobody waits for an answer.
"""

import logging

from backchannel.evidence.evidence import Evidence

LOGGER = "backchannel"


class ErrorLog(logging.Handler):
    def __init__(self, evidence: Evidence) -> None:
        super().__init__(logging.ERROR)
        self._evidence = evidence

    def start(self) -> None:
        logging.getLogger(LOGGER).addHandler(self)

    def stop(self) -> None:
        logging.getLogger(LOGGER).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return
        reference = record.msg.get("reference", "") if isinstance(record.msg, dict) else ""
        try:
            self._evidence.failed(error, str(reference))
        except Exception:
            self.handleError(record)
