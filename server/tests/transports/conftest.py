from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from django.db.backends.utils import CursorWrapper

from backchannel.store import driver
from backchannel.store.transaction import PERSON_NOTIFICATION, SCHEDULED

QueriesOf = Callable[[Callable[[], Any]], list[str]]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """For polls that wait: more threads than a server has for reads."""
    with ThreadPoolExecutor(64) as pool:
        yield pool


LOOKED_AT_BY_THE_CLOCK = (f"FROM {SCHEDULED}", f"FROM {PERSON_NOTIFICATION}")
"""A node asks these what is due, at any time, whatever its clients do."""


@pytest.fixture
def queries_of(monkeypatch: pytest.MonkeyPatch) -> QueriesOf:
    """Calls a function and returns the SQL statements that all threads of this process executed meanwhile."""
    executed: list[str] = []
    original = CursorWrapper.execute

    def execute(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        executed.append(str(sql))
        return original(self, sql, params)

    class RecordingDriver(NamedTuple):
        below: driver.Driver

        def query(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
            executed.append(sql)
            return self.below.query(sql, parameters)

    driver_of = driver.driver_of
    monkeypatch.setattr(CursorWrapper, "execute", execute)
    monkeypatch.setattr(driver, "driver_of", lambda connection: RecordingDriver(driver_of(connection)))

    def during(do: Callable[[], Any]) -> list[str]:
        executed.clear()
        do()
        return [sql for sql in executed if not any(table in sql for table in LOOKED_AT_BY_THE_CLOCK)]

    return during
