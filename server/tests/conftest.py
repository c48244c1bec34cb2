import os
from collections.abc import Iterator
from typing import Any

import pytest

import machine
import services
from machine import ROOT
from tests.reading import READS
from tests.running import Running, empty_database, running

DEPEND_ON_DATABASE_OR_BUS = ("server/tests/store/", "server/tests/fanout/", "server/tests/conformance/")
"""The folders that `make test` runs on PostgreSQL."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL, mark the tests outside these folders `prove`."""
    if os.environ.get("BACKCHANNEL_TEST_DATABASE") != "postgres":
        return
    for item in items:
        if not item.path.relative_to(ROOT).as_posix().startswith(DEPEND_ON_DATABASE_OR_BUS):
            item.add_marker("prove")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """Create the test database for the whole run. pytest-django's fixture does so only for tests marked `django_db`.

    `django_db_modify_db_settings` gives each worker of pytest-xdist a database of its own.
    """
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default": None})
        yield
        # PostgreSQL does not drop a database with open connections.
        READS.close()
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def _redis_of_each_worker() -> Iterator[None]:
    """Give each worker of pytest-xdist its own Redis, because all databases of one Redis share their channels.

    If only a running server is named and none can be started, they share that one.
    """
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if not (is_worker and os.environ.get(services.REDIS_URL) and machine.find_redis()):
        yield
        return
    with pytest.MonkeyPatch.context() as patch, services.redis() as url:
        patch.setenv(services.REDIS_URL, url)
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_password_hashes() -> Iterator[None]:
    """Argon2id as in production, but at its lowest cost: 80 ms for each password would only slow the tests down."""
    from argon2 import Parameters
    from argon2.low_level import Type

    from backchannel.accounts.hashers import Argon2

    lowest = Parameters(type=Type.ID, version=19, salt_len=16, hash_len=32, time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Argon2, "params", lambda _: lowest)
        yield


@pytest.fixture(autouse=True)
def _reset_process_state() -> Iterator[None]:
    """Reset the state of this process that outlives a test: rate limits and recorded uses of tokens."""
    yield
    from django.core.cache import cache

    from backchannel.accounts import attempts, auth_log, credential_uses, limits, personal_rates

    cache.clear()
    limits.attempts.cache_clear()
    auth_log._lines = attempts.MemoryAttempts()
    personal_rates.forget()
    credential_uses.forget()


@pytest.fixture(scope="module")
def module_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database shared by a module's tests and usable by the threads of servers; emptied after the last test."""
    with django_db_blocker.unblock():
        yield
        empty_database()


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    """A server without rate limits, shared by a module's tests. Each test creates its own people and rooms."""
    with running() as it:
        yield it
