from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _connections_of_threads(django_db_setup: None) -> Iterator[None]:
    """PostgreSQL drops no database that somebody is connected to."""
    yield
    from backchannel.store.hop import close_connections

    close_connections()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What one test made others remember: rate limits, identities."""
    yield
    from django.core.cache import cache

    from backchannel.accounts import authenticate

    cache.clear()
    authenticate._memory = authenticate._Memory()
