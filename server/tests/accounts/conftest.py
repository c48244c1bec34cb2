from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from backchannel.accounts import limits, personal_rates, running_chats, setup_secret
from backchannel.accounts.attempts import MemoryAttempts
from backchannel.accounts.identity import Ended
from backchannel.accounts.onboarding import NewAccount, create_account, set_up
from backchannel.accounts.personal_rates import PersonalRates
from backchannel.accounts.running_chats import RunningChat
from tests.accounts.authenticator import AUTHENTICATOR, commit_here

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _as_of_a_running_chat() -> Iterator[None]:
    """`AUTHENTICATOR` learns of ended credentials, and forgets what one test left to the next."""
    chat = RunningChat(commit_here, AUTHENTICATOR.forget)
    running_chats.register(chat)
    yield
    running_chats.unregister(chat)
    AUTHENTICATOR.cache.clear()


@pytest.fixture
def ended() -> Iterator[list[Ended]]:
    """The credentials that were announced to have ended, in order."""
    announced: list[Ended] = []
    chat = RunningChat(commit_here, announced.append)
    running_chats.register(chat)
    yield announced
    running_chats.unregister(chat)


@pytest.fixture
def owner(transactional_db: None) -> Any:
    return set_up("Lab", NewAccount(username="owner", display_name="The Owner", password=PASSWORD))


@pytest.fixture
def ada(owner: Any) -> Any:
    return create_account(NewAccount(username="ada", display_name="Ada L.", password=PASSWORD))


@pytest.fixture
def secret(transactional_db: None) -> Iterator[str]:
    """The setup secret, which ends the address that a new server prints."""
    folder = settings.BACKCHANNEL_DATA_FOLDER
    made = setup_secret.prepare(folder)
    assert made is not None
    yield made
    (folder / setup_secret.FILE).unlink(missing_ok=True)


SignIn = Callable[[str], Client]


@pytest.fixture
def sign_in() -> SignIn:
    """A browser with a signed-in user."""

    def go(username: str) -> Client:
        browser = Client()
        browser.force_login(get_user_model()._default_manager.get(username=username))
        return browser

    return go


def session_key(browser: Client) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def scope(
    *,
    type: str = "http",
    method: str = "GET",
    query: str = "",
    cookie: str | None = None,
    **headers: str,
) -> dict[str, Any]:
    """An ASGI scope. `cookie` is a session key; underscores in header names stand for dashes."""
    raw = [(b"host", b"testserver")]
    raw += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    if cookie is not None:
        raw.append((b"cookie", f"theme=dark; {settings.SESSION_COOKIE_NAME}={cookie}".encode()))
    return {"type": type, "method": method, "path": "/ws", "query_string": query.encode(), "headers": raw}


@pytest.fixture
def stopped_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rate limits whose clock stands still: no attempt comes back while a test runs, however slow the machine is."""
    monkeypatch.setattr(limits, "MemoryAttempts", partial(MemoryAttempts, clock=lambda: 0.0))
    monkeypatch.setattr(personal_rates, "_here", PersonalRates(clock=lambda: 0.0))
