from collections.abc import Iterator
from typing import Any

import pytest

from tests.running import Running, empty_database, running


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's own makes a database only where a test is marked; servers need one without."""
    from django.test.utils import setup_databases, teardown_databases

    from backchannel.store.read_pool import close_connections

    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
        yield
        # PostgreSQL drops no database that somebody is connected to.
        close_connections()
        teardown_databases(made, verbosity=0)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What one test made others remember: rate limits, identities, uses of tokens."""
    yield
    from django.core.cache import cache

    from backchannel.accounts import attempts, auth_log, authenticate, credential_uses, limits, personal_rates

    cache.clear()
    limits.attempts.cache_clear()
    auth_log._lines = attempts.MemoryAttempts()
    personal_rates.forget()
    credential_uses.forget()
    authenticate._memory = authenticate._Memory()


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
