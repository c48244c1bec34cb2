import os
from collections.abc import Iterator
from typing import Any

import pytest

import machine
import services
from machine import ROOT
from tests.reading import READS
from tests.running import Running, empty_database, running

KNOW_THE_DATABASE_OR_THE_BUS = ("server/tests/store/", "server/tests/fanout/", "server/tests/conformance/")
"""The folders that `make test` runs on PostgreSQL."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL all but a few folders belong to `make prove`, beside what carries its marker anyway."""
    if os.environ.get("BACKCHANNEL_TEST_DATABASE") != "postgres":
        return
    for item in items:
        if not item.path.relative_to(ROOT).as_posix().startswith(KNOW_THE_DATABASE_OR_THE_BUS):
            item.add_marker("prove")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """pytest-django's own makes a database only where a test is marked; servers need one without.

    `django_db_modify_db_settings` gives each worker of pytest-xdist a database of its own.
    """
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
        yield
        # PostgreSQL drops no database that somebody is connected to.
        READS.close()
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session", autouse=True)
def _redis_of_each_worker() -> Iterator[None]:
    """Workers of pytest-xdist must not share a Redis: its channels are the same in all its databases.

    Where only a running server was named and none can be started, they do share it.
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
    """Argon2id as in production, but at its lowest cost: 80 ms for each password of a test prove nothing."""
    from argon2 import Parameters
    from argon2.low_level import Type

    from backchannel.accounts.hashers import Argon2

    lowest = Parameters(type=Type.ID, version=19, salt_len=16, hash_len=32, time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Argon2, "params", lambda _: lowest)
        yield


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What one test leaves to the next in this process: rate limits, uses of tokens."""
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
    """A database that a module's tests share, and servers' threads may use; emptied after the last one."""
    with django_db_blocker.unblock():
        yield
        empty_database()


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    """A server without rate limits, shared by a module's tests: each makes its own people and rooms."""
    with running() as it:
        yield it
