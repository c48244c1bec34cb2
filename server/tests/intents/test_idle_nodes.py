"""A node asks whether anything waits before it commits. In a file of its own: another node on the database would apply it."""

from typing import Any

import pytest
from django.db import transaction

from backchannel.store.log import Log
from backchannel.store.operation import Operation
from tests.intents.test_nodes import order_of
from tests.running import running, somebody


def test_a_node_commits_what_waits_and_nothing_where_nothing_waits(
    module_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def write(log: Log, operation: Operation, answer: Any) -> None:
        written.append(type(operation).__name__)
        enqueue(log, operation, answer)

    enqueue = Log.enqueue
    monkeypatch.setattr(Log, "enqueue", write)
    with running() as server:
        ada = somebody("ada")
        with server.device(ada) as device:
            assert not {"ApplyIntents", "TakeNotices"} & set(written)
            with transaction.atomic():
                order_of(ada)
            assert device.until("room_added")["room"]["member_count"] == 1
            assert "ApplyIntents" in written
            assert "TakeNotices" not in written
