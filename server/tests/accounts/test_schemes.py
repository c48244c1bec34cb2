"""Credentials of the site's own: what a class lets in, what rests on it, and how that ends."""

import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import jwt
import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from backchannel import auth
from backchannel.accounts import lookup, substitutes
from backchannel.accounts.authenticate import Authenticator
from backchannel.accounts.identity import Ended, Identity
from backchannel.accounts.lookup import issue_token
from backchannel.accounts.models import ChatSession, Ticket
from backchannel.accounts.schemes import Schemes
from backchannel.config import DEFAULT_AUTHENTICATION
from backchannel.protocol.errors import CommandError
from backchannel.store.read_pool import ReadPool
from tests.accounts.conftest import SignIn, scope, session_key
from tests.reading import READS, run_read

HERE = __name__


class Passwords(auth.Authentication):
    """Secrets like "Simple ada:jti": whom they let in is written in them."""

    header = "Simple"
    users: dict[str, Any] = {}
    ended: set[str] = set()
    expires_at: datetime | None = None

    def authenticate(self, secret: str) -> auth.Grant | None:
        name, _, id_ = secret.partition(":")
        if name not in self.users or f"simple:{id_}" in self.ended:
            return None
        return auth.Grant(self.users[name], f"simple:{id_}", self.expires_at)

    def still_good(self, credentials: Collection[str]) -> set[str]:
        return set(credentials) - self.ended


class SameNames(Passwords):
    """Another class, whose credentials have the names of those of `Passwords`."""

    header = "Same"

    def still_good(self, credentials: Collection[str]) -> set[str]:
        return set()


class NamesOurs(auth.Authentication):
    def authenticate(self, secret: str) -> auth.Grant | None:
        return auth.Grant(None, "session:1")


PATH = f"{HERE}.Passwords"


@pytest.fixture
def chat(ada: Any, monkeypatch: pytest.MonkeyPatch) -> Authenticator:
    monkeypatch.setattr(Passwords, "users", {"ada": ada})
    monkeypatch.setattr(Passwords, "ended", set())
    monkeypatch.setattr(Passwords, "expires_at", None)
    return Authenticator(READS, (), Schemes([*DEFAULT_AUTHENTICATION, PATH]))


async def code(chat: Authenticator, **given: Any) -> str:
    with pytest.raises(CommandError) as caught:
        await chat.authenticate(scope(**given))
    return caught.value.code.word


async def simple(chat: Authenticator, id_: str = "1") -> Identity:
    return await chat.authenticate(scope(authorization=f"simple ada:{id_}"))


async def test_a_class_of_the_site_lets_in_on_both_transports(chat: Authenticator) -> None:
    for transport in ("http", "websocket"):
        identity = await chat.authenticate(scope(type=transport, method="POST", authorization="Simple ada:1"))
        assert (identity.user.username, identity.credential, identity.via) == ("ada", "simple:1", "bearer")
    assert await code(chat, authorization="Simple eve:1") == "unauthenticated"
    assert await code(Authenticator(READS), authorization="Simple ada:1") == "unauthenticated", (
        "the site has to choose it"
    )


async def test_its_secret_opens_nothing_as_part_of_an_address(chat: Authenticator) -> None:
    assert await code(chat, type="websocket", query="token=ada:1") == "unauthenticated"
    assert await code(chat, type="websocket", query="token=eyJhbGciOi.e30.x") == "unauthenticated"


async def test_a_chat_session_rests_on_the_credential_and_renews_itself(chat: Authenticator) -> None:
    secret, ends = await chat.issue_chat_session(await simple(chat))
    assert secret.startswith("bs_")
    assert 14 * 60 < ends / 1e6 - time.time() <= 15 * 60
    found = await chat.authenticate(scope(authorization=f"Bearer {secret}"))
    assert (found.user.username, found.credential, found.expires_at) == ("ada", "simple:1", ends)
    again, _ = await chat.issue_chat_session(found)
    assert (await chat.authenticate(scope(authorization=f"Bearer {again}"))).credential == "simple:1"
    ticket, _ = await chat.issue_ticket(found)
    opened = await chat.authenticate(scope(type="websocket", query=f"token={ticket}"))
    assert (opened.credential, opened.via) == ("simple:1", "ticket")
    await run_read(ChatSession.objects.update, expires=timezone.now() - timedelta(seconds=1))
    chat.cache.clear()
    assert await code(chat, authorization=f"Bearer {secret}") == "unauthenticated"


@pytest.fixture
def without_time_zones(chat: Authenticator, settings: Any) -> Iterator[ReadPool]:
    """Threads of their own, whose connections are opened as such a site opens them."""
    settings.USE_TZ, settings.TIME_ZONE = False, "Asia/Kathmandu"
    reads = ReadPool()
    yield reads
    reads.close()


async def test_a_site_without_time_zones_has_tickets_and_chat_sessions_that_end_in_time(
    without_time_zones: ReadPool,
) -> None:
    reads = without_time_zones
    chat = Authenticator(reads, (), Schemes([PATH]))
    Passwords.expires_at = datetime.now(UTC) + timedelta(seconds=60)
    identity = await simple(chat)
    secret, ends = await chat.issue_chat_session(identity)
    assert ends == identity.expires_at
    found = await chat.authenticate(scope(authorization=f"Bearer {secret}"))
    assert (found.expires_at, found.proof.ends) == (ends, Passwords.expires_at)
    ticket, _ = await chat.issue_ticket(found)
    assert (await chat.authenticate(scope(type="websocket", query=f"token={ticket}"))).via == "ticket"
    await reads.run(ChatSession.objects.update, expires=timezone.now() - timedelta(seconds=1))
    chat.cache.clear()
    assert await code(chat, authorization=f"Bearer {secret}") == "unauthenticated"
    await chat.issue_chat_session(identity)
    assert await reads.run(ChatSession.objects.count) == 1, "those that have ended are deleted"


async def test_a_chat_session_stands_for_a_cookie_and_for_a_token_too(
    chat: Authenticator, ada: Any, sign_in: SignIn
) -> None:
    browser = await run_read(sign_in, "ada")
    by_cookie = await chat.authenticate(scope(origin="http://testserver", cookie=session_key(browser)))
    secret, _ = await chat.issue_chat_session(by_cookie)
    assert (await chat.authenticate(scope(authorization=f"Bearer {secret}"))).credential == by_cookie.credential
    await run_read(browser.logout)
    chat.cache.clear()
    assert await code(chat, authorization=f"Bearer {secret}") == "unauthenticated"


async def test_what_the_credential_ends_with_ends_what_rests_on_it(chat: Authenticator) -> None:
    identity = await simple(chat)
    secret, _ = await chat.issue_chat_session(identity)
    ticket, _ = await chat.issue_ticket(identity)
    Passwords.ended.add("simple:1")
    chat.cache.clear()
    assert await code(chat, authorization=f"Bearer {secret}") == "unauthenticated"
    assert await code(chat, type="websocket", query=f"token={ticket}") == "unauthenticated"
    assert await run_read(chat.dead_among, [identity.proof]) == {identity.proof}


async def test_the_end_of_a_credential_is_not_that_of_another_class_with_the_same_name(chat: Authenticator) -> None:
    both = Authenticator(READS, (), Schemes([PATH, f"{HERE}.SameNames"]))
    first, second = await simple(both), await both.authenticate(scope(authorization="Same ada:1"))
    assert first.credential == second.credential
    assert await run_read(both.dead_among, [first.proof, second.proof]) == {second.proof}


async def test_a_credential_ends_by_its_time_and_with_its_user(chat: Authenticator, ada: Any) -> None:
    Passwords.expires_at = datetime.now(UTC) + timedelta(seconds=60)
    identity = await simple(chat)
    assert identity.expires_at == int(Passwords.expires_at.timestamp() * 1_000_000)
    _, ends = await chat.issue_chat_session(identity)
    assert ends == identity.expires_at, "a chat session lives no longer than what it rests on"
    assert await run_read(chat.dead_among, [identity.proof]) == set()
    Passwords.expires_at = datetime.now(UTC) - timedelta(seconds=1)
    assert await code(chat, authorization="Simple ada:2") == "unauthenticated"
    ada.is_active = False
    await run_read(ada.save)
    assert await run_read(chat.dead_among, [identity.proof]) == {identity.proof}
    chat.cache.clear()
    Passwords.expires_at = None
    assert await code(chat, authorization="Simple ada:3") == "unauthenticated"


async def test_an_end_is_announced_and_takes_along_what_rests_on_it(chat: Authenticator, ended: list[Ended]) -> None:
    identity = await simple(chat)
    await chat.issue_chat_session(identity)
    await chat.issue_ticket(identity)
    await run_read(auth.end_credential, "simple:1")
    assert ended == [Ended(credential="simple:1")]
    assert await run_read(lambda: (ChatSession.objects.count(), Ticket.objects.count())) == (0, 0)


async def test_a_class_that_is_not_chosen_any_more_lets_nobody_in(chat: Authenticator) -> None:
    identity = await simple(chat)
    secret, _ = await chat.issue_chat_session(identity)
    without = Authenticator(READS)
    assert await code(without, authorization=f"Bearer {secret}") == "unauthenticated"
    assert await run_read(without.dead_among, [identity.proof]) == {identity.proof}


async def test_cookies_and_tokens_can_be_left_out(ada: Any, sign_in: SignIn) -> None:
    alone = Authenticator(READS, (), Schemes([PATH]))
    browser = await run_read(sign_in, "ada")
    assert await code(alone, origin="http://testserver", cookie=session_key(browser)) == "unauthenticated"
    token = await run_read(issue_token, ada)
    assert await code(alone, authorization=f"Bearer {token}") == "unauthenticated"


async def test_what_rests_on_a_kind_that_is_not_chosen_any_more_ends(ada: Any, sign_in: SignIn) -> None:
    both, neither = Authenticator(READS), Authenticator(READS, (), Schemes([PATH]))
    browser = await run_read(sign_in, "ada")
    cookie = await both.authenticate(scope(origin="http://testserver", cookie=session_key(browser)))
    token = await both.authenticate(scope(authorization=f"Bearer {await run_read(issue_token, ada)}"))
    for identity in (cookie, token):
        secret, _ = await both.issue_chat_session(identity)
        ticket, _ = await both.issue_ticket(identity)
        assert await code(neither, authorization=f"Bearer {secret}") == "unauthenticated"
        assert await code(neither, type="websocket", query=f"token={ticket}") == "unauthenticated"
        assert (await both.authenticate(scope(authorization=f"Bearer {secret}"))).user.username == "ada"


async def test_a_class_that_raises_ends_nothing_and_keeps_nothing_of_others_alive(
    chat: Authenticator, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = await simple(chat)
    browser = await run_read(sign_in, "ada")
    cookie = await chat.authenticate(scope(origin="http://testserver", cookie=session_key(browser)))
    await run_read(browser.logout)
    monkeypatch.setattr(Passwords, "ended", None)  # so that `still_good` raises
    assert await run_read(chat.dead_among, [identity.proof, cookie.proof]) == {cookie.proof}


async def test_a_name_that_is_ours_is_refused_as_a_fault_of_the_class(ada: Any) -> None:
    wrong = Authenticator(READS, (), Schemes([f"{HERE}.NamesOurs"]))
    with pytest.raises(RuntimeError, match="neither session: nor token:"):
        await wrong.authenticate(scope(authorization="Bearer x"))


def test_a_path_that_names_no_class_is_refused_at_the_start() -> None:
    for path in ("backchannel.auth.None_", "backchannel.config.ChatConfig"):
        with pytest.raises(ImproperlyConfigured, match="AUTHENTICATION"):
            Schemes([path])


def access_token(user: Any, **claims: Any) -> str:
    from rest_framework_simplejwt.tokens import AccessToken

    token = AccessToken.for_user(user)
    for name, value in claims.items():
        token[name] = value
    return str(token)


async def test_access_tokens_of_simplejwt_let_in_until_they_expire(ada: Any) -> None:
    chat = Authenticator(READS, (), Schemes([*DEFAULT_AUTHENTICATION, "backchannel.auth.SimpleJwt"]))
    id_ = uuid4().hex
    until = int(time.time()) + 60
    secret = await run_read(lambda: access_token(ada, jti=id_, exp=until))
    identity = await chat.authenticate(scope(authorization=f"Bearer {secret}"))
    assert (identity.user.username, identity.credential) == ("ada", f"jwt:{id_}")
    assert identity.expires_at == until * 1_000_000
    assert secret not in repr(identity)
    old = await run_read(lambda: access_token(ada, exp=until - 120))
    assert await code(chat, authorization=f"Bearer {old}") == "unauthenticated"
    for bad in (secret[:-3] + "abc", "e30.e30.", f"{secret}x", "x"):
        assert await code(chat, authorization=f"Bearer {bad}") == "unauthenticated"
    for key, algorithm in (("another key" * 5, "HS256"), (None, "none")):
        claims = {"token_type": "access", "exp": until, "jti": id_, "user_id": str(ada.pk)}
        forged = jwt.encode(claims, key, algorithm)  # type: ignore[arg-type]
        assert await code(chat, authorization=f"Bearer {forged}") == "unauthenticated"


async def test_a_token_signed_for_another_service_is_not_valid_here(ada: Any) -> None:
    chat = Authenticator(READS, (), Schemes([*DEFAULT_AUTHENTICATION, "backchannel.auth.SimpleJwt"]))
    claims: list[dict[str, Any]] = [
        {"user_id": "another id"}, {"user_id": [1]}, {"user_id": "9" * 30}, {"exp": 10**18}, {"exp": 10**12},
        {"nbf": int(time.time()) + 600}, {"token_type": "refresh"}, {"jti": "x" * 197}, {"jti": "a\nb"},
    ]  # fmt: skip
    for each in claims:
        secret = await run_read(partial(access_token, ada, **each))
        assert await code(chat, authorization=f"Bearer {secret}") == "unauthenticated", each


async def test_a_changed_password_ends_access_tokens_where_the_site_checks_it(
    ada: Any, monkeypatch: pytest.MonkeyPatch, ended: list[Ended]
) -> None:
    from rest_framework_simplejwt.settings import api_settings

    monkeypatch.setattr(api_settings, "CHECK_REVOKE_TOKEN", True, raising=False)
    schemes = Schemes([*DEFAULT_AUTHENTICATION, "backchannel.auth.SimpleJwt"])
    chat = Authenticator(READS, (), schemes)
    secret = await run_read(partial(access_token, ada, jti="a:b:c"))
    identity = await chat.authenticate(scope(authorization=f"Bearer {secret}"))
    session, _ = await chat.issue_chat_session(identity)
    assert await run_read(lambda: lookup.dead_among({identity.proof}, schemes)) == set()
    assert ada.password not in identity.credential

    ada.set_password("another")
    await run_read(ada.save)
    # Announced, so that nodes look at once.
    assert Ended(user_id=identity.user_id) in ended
    assert await run_read(lambda: lookup.dead_among({identity.proof}, schemes)) == {identity.proof}
    for end in ended:
        chat.forget(end)
    assert await code(chat, authorization=f"Bearer {secret}") == "unauthenticated"
    assert await code(chat, authorization=f"Bearer {session}") == "unauthenticated"
    renewed = await run_read(partial(access_token, ada))
    assert (await chat.authenticate(scope(authorization=f"Bearer {renewed}"))).user_id == identity.user_id


async def test_a_credential_from_before_the_site_checked_passwords_ends(
    ada: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rest_framework_simplejwt.settings import api_settings

    scheme = auth.SimpleJwt()
    assert await run_read(lambda: scheme.still_good(["jwt:1"])) == {"jwt:1"}
    monkeypatch.setattr(api_settings, "CHECK_REVOKE_TOKEN", True, raising=False)
    assert await run_read(lambda: scheme.still_good(["jwt:1"])) == set()


def test_sweeping_takes_ended_chat_sessions(ada: Any, chat: Authenticator) -> None:
    from backchannel.accounts import sweeping

    secret, _ = async_to_sync(_issue)(chat)
    assert secret
    ChatSession.objects.update(expires=timezone.now() - timedelta(seconds=1))
    sweeping.sweep()
    assert ChatSession.objects.count() == 0


async def _issue(chat: Authenticator) -> tuple[str, int]:
    return await chat.issue_chat_session(await simple(chat))


def test_a_substitute_is_stored_as_a_hash(ada: Any, chat: Authenticator) -> None:
    secret, _ = async_to_sync(_issue)(chat)
    assert secret not in str(list(ChatSession.objects.values()))
    assert substitutes.by_chat_session("bs_nothing", Schemes([])) is None
