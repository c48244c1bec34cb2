from collections.abc import Callable
from typing import Any

import pytest
from django.db.backends.utils import CursorWrapper

QueriesOf = Callable[[Callable[[], Any]], list[str]]


@pytest.fixture
def queries_of(monkeypatch: pytest.MonkeyPatch) -> QueriesOf:
    """The statements that all threads of this process execute while something is done."""
    executed: list[str] = []
    original = CursorWrapper.execute

    def execute(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        executed.append(str(sql))
        return original(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", execute)

    def during(do: Callable[[], Any]) -> list[str]:
        executed.clear()
        do()
        return list(executed)

    return during
