"""Sends mail in a thread: requests do not wait for the mail server, and their duration does not reveal whether mail was sent.

Wraps Django's SMTP backend with a short queue. If the queue is full, or the server refuses a mail, that is logged and the mail is
lost; the user can request it again. At the end of the process, queued mail is sent first.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.core.mail.message import EmailMessage
from prometheus_client import Counter

from backchannel.process_log import ProcessLog

WAITING: Final = 200

mails: Final = Counter("backchannel_mail", "Mails that were to be sent, by what became of them.", ["outcome"])
for _outcome in ("sent", "refused", "dropped"):
    mails.labels(_outcome)

_log = ProcessLog("backchannel.mail")
_free = threading.BoundedSemaphore(WAITING)


class EmailBackend(BaseEmailBackend):
    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._kwargs = kwargs

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Returns how many were queued."""
        return sum(self._take(message) for message in email_messages)

    def _take(self, message: EmailMessage) -> bool:
        if not _free.acquire(blocking=False):
            mails.labels("dropped").inc()
            _log.error("mail_not_sent", error="queue is full")
            return False
        thread().submit(_send, message, self._kwargs)
        return True


@cache
def thread() -> ThreadPoolExecutor:
    """The one of this process: Django makes a backend for every mail."""
    return ThreadPoolExecutor(1, thread_name_prefix="mail")


def _send(message: EmailMessage, kwargs: dict[str, Any]) -> None:
    try:
        SmtpBackend(fail_silently=False, **kwargs).send_messages([message])
        mails.labels("sent").inc()
    except Exception as problem:
        mails.labels("refused").inc()
        _log.error("mail_not_sent", error=type(problem).__name__)
    finally:
        _free.release()
