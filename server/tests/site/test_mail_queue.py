"""Requests that send mail do not wait for the mail server."""

import threading

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from backchannel.site import mail_queue


class Sent:
    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.subjects: list[str] = []

    def __call__(self, messages: list[EmailMessage]) -> int:
        self.may_go_on.wait(30)
        if messages[0].subject == "refused":
            raise ConnectionRefusedError
        self.subjects.append(str(messages[0].subject))
        return 1


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    sent = Sent()
    monkeypatch.setattr(SmtpBackend, "send_messages", sent)
    return sent


def mails(*subjects: str) -> list[EmailMessage]:
    return [EmailMessage(subject, "text", "a@example.com", ["b@example.com"]) for subject in subjects]


def counted() -> dict[str, float]:
    (family,) = mail_queue.mails.collect()
    return {each.labels["outcome"]: each.value for each in family.samples if each.name.endswith("_total")}


def wait_until_idle() -> None:
    mail_queue.thread().submit(lambda: None).result(30)


def test_mail_is_queued_while_the_mail_server_hangs(sent: Sent) -> None:
    assert mail_queue.EmailBackend().send_messages(mails("one", "two")) == 2
    assert sent.subjects == []
    sent.may_go_on.set()
    wait_until_idle()
    assert sent.subjects == ["one", "two"]


def test_a_refused_mail_does_not_block_others(sent: Sent) -> None:
    sent.may_go_on.set()
    mail_queue.EmailBackend().send_messages(mails("refused", "next"))
    wait_until_idle()
    assert sent.subjects == ["next"]


def test_what_became_of_each_mail_is_counted(sent: Sent) -> None:
    before = counted()
    mail_queue.EmailBackend().send_messages(mails(*("x" for _ in range(mail_queue.WAITING - 1)), "refused", "dropped"))
    sent.may_go_on.set()
    wait_until_idle()
    after = counted()
    added = {outcome: after[outcome] - before[outcome] for outcome in after}
    assert added == {"sent": mail_queue.WAITING - 1, "refused": 1, "dropped": 1}


def test_the_mail_queue_is_bounded(sent: Sent) -> None:
    taken = mail_queue.EmailBackend().send_messages(mails(*(str(n) for n in range(mail_queue.WAITING + 5))))
    assert taken == mail_queue.WAITING
    sent.may_go_on.set()
    wait_until_idle()
    assert len(sent.subjects) == mail_queue.WAITING
