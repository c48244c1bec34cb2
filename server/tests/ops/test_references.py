"""An internal error has the same reference in its answer and in the log, wherever it occurs."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import prometheus_client
import pytest
from django.db import OperationalError

from backchannel.accounts import onboarding
from backchannel.store import log, reads
from tests.running import Running, somebody

REFERENCE = re.compile(r"Internal error ([2-9A-Z]{4}-[2-9A-Z]{4}) \(logged\)\. Retrying may help\.")


class Logged(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, dict) and "reference" in record.msg:
            assert record.exc_info
            self.references.append(record.msg["reference"])


@pytest.fixture
def logged() -> Iterator[Logged]:
    from backchannel.site.logging import configure

    root = logging.getLogger()
    before = root.handlers, root.level
    configure("json", "info")
    handler = Logged()
    root.addHandler(handler)
    yield handler
    root.handlers, root.level = before


def broken(*_: Any, **__: Any) -> Any:
    raise ValueError("a bug")


def check(detail: str, logged: Logged) -> None:
    found = REFERENCE.fullmatch(detail)
    assert found, detail
    assert found[1] in logged.references


def test_an_internal_error_of_a_command_has_a_reference_on_both_transports(
    server: Running, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = somebody("ada")
    with server.device(ada) as device:
        monkeypatch.setattr(log, "commit", broken)
        said = {"room_id": 1, "content": "hello"}
        for answer in (
            server.call(ada, "send_message", **said, id=str(uuid4())),
            device.call("send_message", **said, id=str(uuid4())),
        ):
            assert (answer.status, answer.code) == (500, "internal")
            check(answer.body["detail"], logged)
    assert len(set(logged.references)) == 2


def test_an_internal_error_of_catching_up_has_a_reference(
    server: Running, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = somebody("ada")
    monkeypatch.setattr(reads, "position_of", broken)
    device = server.dial(ada)
    device.hello()
    check(device.until("error")["error"]["detail"], logged)
    assert device.closed() == (1011, "internal")
    polled = server.sync(ada)
    assert polled.status_code == 500
    check(polled.json()["detail"], logged)


def test_an_internal_error_of_a_handshake_has_a_reference(server: Running, logged: Logged) -> None:
    from websockets.exceptions import InvalidStatus

    node = server.chat.node
    before, node.authenticate = node.authenticate, broken
    try:
        with pytest.raises(InvalidStatus) as refused:
            server.dial(somebody("ada"))
    finally:
        node.authenticate = before
    assert refused.value.response.status_code == 500
    check(json.loads(refused.value.response.body)["detail"], logged)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html,application/xhtml+xml"])
def test_an_internal_error_of_a_django_page_has_a_reference(
    server: Running, logged: Logged, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    monkeypatch.setattr(onboarding, "is_set_up", broken)
    answer = server.http.get("/account/state", headers={"Accept": accept})
    assert answer.status_code == 500
    if "html" in accept:
        [detail] = re.findall(r"<p>(.*)</p>", answer.text)
    else:
        assert answer.headers["Content-Type"] == "application/problem+json"
        detail = answer.json()["detail"]
    check(detail, logged)


def test_a_page_without_a_working_database_says_when_to_retry(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(onboarding, "is_set_up", away)
    answer = server.http.get("/account/state")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1


def test_an_internal_error_anywhere_else_has_a_reference(server: Running, logged: Logged) -> None:
    def sick() -> Any:
        raise ValueError("a bug")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prometheus_client, "generate_latest", sick)
        answer = server.http.get("/metrics")
    assert answer.status_code == 500
    check(answer.json()["detail"], logged)
