"""Uses of tokens are recorded eventually, without delaying a handshake."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backchannel.accounts import credential_uses, lookup
from backchannel.accounts.models import Token
from tests.accounts.authenticator import AUTHENTICATOR
from tests.accounts.conftest import scope
from tests.reading import run_read
from tests.running import running, somebody


@pytest.fixture
def token(ada: Any) -> str:
    return lookup.issue_token(ada, "bot")


def last_used() -> datetime | None:
    return Token.objects.get().last_used


async def test_a_use_is_written_at_the_next_interval_and_not_before(token: str) -> None:
    await AUTHENTICATOR.authenticate(scope(authorization=f"Bearer {token}"))
    assert await run_read(last_used) is None
    await run_read(credential_uses.write)
    assert await run_read(last_used) is not None


def test_authenticating_writes_nothing(token: str) -> None:
    lookup.by_secret("token", token)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        lookup.by_secret("token", token)
    assert [query["sql"][:6] for query in queries] == ["SELECT"] * len(queries)


def test_a_recently_recorded_use_is_not_recorded_again(token: str) -> None:
    lookup.by_secret("token", token)
    credential_uses.write()
    lookup.by_secret("token", token)
    assert credential_uses._noted == {}
    Token.objects.update(last_used=timezone.now() - lookup.LAST_USED_STEP - timedelta(seconds=1))
    lookup.by_secret("token", token)
    assert len(credential_uses._noted) == 1


def test_uses_of_many_tokens_take_few_statements(ada: Any) -> None:
    tokens = [Token(user=ada, digest=str(number)) for number in range(1001)]
    Token.objects.bulk_create(tokens)
    at = timezone.now()
    for token_id in Token.objects.values_list("pk", flat=True):
        credential_uses.note(token_id, at)
    with CaptureQueriesContext(connection) as queries:
        credential_uses.write()
        credential_uses.write()
    assert len(queries) == 3
    assert Token.objects.filter(last_used=at).count() == 1001


def test_uses_that_could_not_be_written_are_retried(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lookup.by_secret("token", token)

    def locked(*_: Any, **__: Any) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(type(Token.objects.all()), "update", locked)
        with pytest.raises(OperationalError):
            credential_uses.write()
        assert lookup.by_secret("token", token) is not None
    assert last_used() is None
    credential_uses.write()
    assert last_used() is not None


def test_a_stopping_server_writes_recorded_uses(module_database: None) -> None:
    with running() as server:
        ada = somebody("ada")
        server.device(ada).connection.close()
        tokens = Token.objects.filter(user=ada.account)
        assert tokens.get().last_used is None
    assert tokens.get().last_used is not None
