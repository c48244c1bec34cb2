from __future__ import annotations

import pytest

from tests.running import Running, Someone, somebody


@pytest.fixture
def ada() -> Someone:
    return somebody("ada")


@pytest.fixture
def ben() -> Someone:
    return somebody("ben")


@pytest.fixture
def room(server: Running, ada: Someone, ben: Someone) -> int:
    return server.group(ada, ben)
