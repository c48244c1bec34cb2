import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from backchannel.accounts import identity_cache, lookup
from backchannel.accounts.authenticate import Authenticator
from backchannel.accounts.identity import Ended, Identity
from backchannel.accounts.models import Ticket, Token
from backchannel.accounts.people import person_of
from backchannel.accounts.sessions import stored_key
from backchannel.protocol.errors import Code, CommandError
from tests.accounts.authenticator import AUTHENTICATOR
from tests.accounts.conftest import SignIn, scope, session_key
from tests.reading import READS, run_read

ORIGIN = "http://testserver"
authenticate, issue_ticket = AUTHENTICATOR.authenticate, AUTHENTICATOR.issue_ticket


async def refusal(by: Authenticator = AUTHENTICATOR, **given: Any) -> Code:
    with pytest.raises(CommandError) as caught:
        await by.authenticate(scope(**given))
    return caught.value.code


@pytest.fixture
def tab(ada: Any, sign_in: SignIn) -> Client:
    return sign_in("ada")


@pytest.fixture
def token(ada: Any) -> str:
    return lookup.issue_token(ada, "bot")


async def test_a_session_cookie_identifies_the_caller(ada: Any, tab: Client) -> None:
    identity = await authenticate(scope(type="websocket", origin=ORIGIN, cookie=session_key(tab)))
    person = await run_read(person_of, ada)
    assert (identity.user_id, identity.user.username, identity.user.display_name) == (person.id, "ada", "Ada L.")
    assert identity.via == "cookie"
    assert identity.account == str(ada.pk)
    row = await run_read(Session.objects.get, session_key=stored_key(session_key(tab)))
    assert identity.expires_at == int(row.expire_date.timestamp() * 1_000_000)


async def test_a_credentials_name_does_not_contain_the_secret(tab: Client, token: str) -> None:
    by_cookie = await authenticate(scope(origin=ORIGIN, cookie=session_key(tab)))
    by_token = await authenticate(scope(authorization=f"Bearer {token}"))
    for identity, secret in ((by_cookie, session_key(tab)), (by_token, token)):
        assert secret not in identity.credential
        assert secret not in repr(identity)
    assert by_cookie.credential.startswith("session:")
    assert by_token.credential.startswith("token:")


async def test_a_bearer_token_works_on_both_transports_without_an_origin(token: str) -> None:
    for transport in ("http", "websocket"):
        identity = await authenticate(scope(type=transport, method="POST", authorization=f"bearer {token}"))
        assert (identity.user.username, identity.via, identity.expires_at) == ("ada", "bearer", None)


async def test_a_token_takes_precedence_over_a_cookie(tab: Client, token: str) -> None:
    identity = await authenticate(scope(cookie=session_key(tab), authorization=f"Bearer {token}"))
    assert identity.via == "bearer"
    assert await refusal(cookie=session_key(tab), authorization="Bearer bc_wrong") is Code.UNAUTHENTICATED


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"authorization": "Bearer bc_nothing"},
        {"authorization": "Bearer"},
        {"authorization": "Basic YTpi"},
        {"cookie": "no-such-session", "origin": ORIGIN},
        {"cookie": "", "origin": ORIGIN},
        {"cookie": "\u00e9'\";--", "origin": ORIGIN},
        {"type": "websocket", "query": "token="},
        {"type": "websocket", "query": "token=bt_nothing"},
    ],
)
async def test_an_invalid_or_missing_credential_is_refused(transactional_db: None, given: dict[str, Any]) -> None:
    assert await refusal(**given) is Code.UNAUTHENTICATED


async def test_a_cookie_works_only_from_our_own_pages(tab: Client) -> None:
    key = session_key(tab)
    assert await refusal(type="websocket", cookie=key) is Code.WRONG_ORIGIN
    assert await refusal(type="websocket", cookie=key, origin="http://evil.example") is Code.WRONG_ORIGIN
    assert await refusal(method="POST", cookie=key, origin="null") is Code.WRONG_ORIGIN
    assert await refusal(method="POST", cookie=key) is Code.WRONG_ORIGIN
    assert (await authenticate(scope(method="POST", cookie=key, sec_fetch_site="same-origin"))).user.username == "ada"
    listed = Authenticator(READS, ("https://chat.example.com",))
    assert await refusal(listed, type="websocket", cookie=key, origin=ORIGIN) is Code.WRONG_ORIGIN
    from_page = scope(type="websocket", cookie=key, origin="https://chat.example.com")
    assert (await listed.authenticate(from_page)).user_id


async def test_a_duplicate_credential_header_is_refused(token: str) -> None:
    doubled = scope(authorization=f"Bearer {token}")
    doubled["headers"].append((b"authorization", b"Bearer bc_other"))
    with pytest.raises(CommandError) as caught:
        await authenticate(doubled)
    assert caught.value.code is Code.BAD_FRAME


async def test_an_ended_session_or_one_before_a_password_change_is_refused(ada: Any, tab: Client) -> None:
    key = session_key(tab)
    await run_read(
        Session.objects.filter(session_key=stored_key(key)).update, expire_date=timezone.now() - timedelta(seconds=1)
    )
    assert await refusal(cookie=key, origin=ORIGIN) is Code.UNAUTHENTICATED
    await run_read(
        Session.objects.filter(session_key=stored_key(key)).update, expire_date=timezone.now() + timedelta(hours=1)
    )
    assert (await authenticate(scope(cookie=key, origin=ORIGIN))).user.username == "ada"
    ada.set_password("another horse battery")
    await run_read(ada.save)
    assert await refusal(cookie=key, origin=ORIGIN) is Code.UNAUTHENTICATED


async def test_an_inactive_user_is_refused(ada: Any, tab: Client, token: str) -> None:
    ada.is_active = False
    await run_read(ada.save)
    assert await refusal(cookie=session_key(tab), origin=ORIGIN) is Code.UNAUTHENTICATED
    assert await refusal(authorization=f"Bearer {token}") is Code.UNAUTHENTICATED


async def test_a_ticket_opens_one_socket_as_its_maker(tab: Client) -> None:
    maker = await authenticate(scope(cookie=session_key(tab), origin=ORIGIN))
    ticket, expires_at = await issue_ticket(maker)
    assert 0 < expires_at / 1_000_000 - timezone.now().timestamp() <= 30
    identity = await authenticate(scope(type="websocket", query=f"token={ticket}", origin="https://elsewhere.example"))
    assert (identity.user_id, identity.credential, identity.via) == (maker.user_id, maker.credential, "ticket")
    assert await refusal(type="websocket", query=f"token={ticket}") is Code.UNAUTHENTICATED


async def test_only_one_of_many_connections_can_use_a_ticket(token: str) -> None:
    import asyncio

    ticket, _ = await issue_ticket(await authenticate(scope(authorization=f"Bearer {token}")))
    attempts = [authenticate(scope(type="websocket", query=f"token={ticket}")) for _ in range(8)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(outcome, Identity) for outcome in outcomes) == 1


async def test_a_ticket_expires_and_ends_with_its_credential(token: str) -> None:
    maker = await authenticate(scope(authorization=f"Bearer {token}"))
    late, _ = await issue_ticket(maker)
    await run_read(Ticket.objects.update, expires=timezone.now() - timedelta(seconds=1))
    assert await refusal(type="websocket", query=f"token={late}") is Code.UNAUTHENTICATED
    orphaned, _ = await issue_ticket(maker)
    await run_read(Token.objects.update, revoked=timezone.now())
    assert await refusal(type="websocket", query=f"token={orphaned}") is Code.UNAUTHENTICATED


async def test_a_ticket_works_only_for_the_socket_and_a_token_never_in_an_address(token: str) -> None:
    ticket, _ = await issue_ticket(await authenticate(scope(authorization=f"Bearer {token}")))
    assert await refusal(type="http", query=f"token={ticket}") is Code.UNAUTHENTICATED
    assert await refusal(type="websocket", query=f"token={token}") is Code.UNAUTHENTICATED
    assert (await authenticate(scope(type="websocket", query=f"x=1&token={ticket}"))).user.username == "ada"


async def test_an_answer_is_cached_for_a_while_but_not_beyond_the_session(
    tab: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = session_key(tab)
    first = await authenticate(scope(cookie=key, origin=ORIGIN))
    assert await authenticate(scope(cookie=key, origin=ORIGIN)) is first
    later = time.monotonic() + identity_cache.REMEMBER_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert await authenticate(scope(cookie=key, origin=ORIGIN)) is not first
    assert first.expires_at is not None
    monkeypatch.setattr(time, "time", lambda: first.expires_at / 1_000_000 + 1)
    again = await authenticate(scope(cookie=key, origin=ORIGIN))
    assert await authenticate(scope(cookie=key, origin=ORIGIN)) is not again


async def test_a_cached_answer_holds_until_its_credential_ends(tab: Client, token: str) -> None:
    by_token: dict[str, Any] = {"method": "POST", "authorization": f"Bearer {token}"}
    by_cookie: dict[str, Any] = {"method": "POST", "origin": ORIGIN, "cookie": session_key(tab)}
    for given in (by_token, by_cookie):
        identity = await authenticate(scope(**given))
        assert await authenticate(scope(**given)) is identity
        AUTHENTICATOR.forget(Ended(credential=identity.credential))
        assert await authenticate(scope(**given)) is not identity


async def test_a_cached_answer_opens_nothing_to_a_request_that_is_refused(tab: Client, token: str) -> None:
    await authenticate(scope(authorization=f"Bearer {token}"))
    await authenticate(scope(cookie=session_key(tab)))
    refused: list[dict[str, Any]] = [
        {},
        {"authorization": "Bearer bc_wrong", "cookie": session_key(tab)},
        {"method": "POST", "cookie": session_key(tab), "origin": "https://elsewhere.example"},
        {"query": f"token={token}", "authorization": f"Bearer {token}"},
    ]
    for given in refused:
        with pytest.raises(CommandError):
            await authenticate(scope(**given))


async def test_what_was_read_from_a_head_does_not_outlive_its_credential(token: str) -> None:
    head = {"authorization": f"Bearer {token}"}
    shown = scope(**head)
    identity = await authenticate(shown)
    assert await authenticate(scope(**head)) == identity
    AUTHENTICATOR.forget(Ended(credential=identity.credential))
    await run_read(Token.objects.all().delete)
    for again in (shown, scope(**head)):
        with pytest.raises(CommandError):
            await authenticate(again)


async def test_a_remembered_head_is_another_one_with_another_origin_method_or_host(ada: Any, tab: Client) -> None:
    cookie = session_key(tab)
    assert (await authenticate(scope(method="POST", origin=ORIGIN, cookie=cookie))).via == "cookie"
    assert await refusal(method="POST", origin="http://elsewhere", cookie=cookie) is Code.WRONG_ORIGIN
    assert await refusal(method="POST", cookie=cookie) is Code.WRONG_ORIGIN
    assert (await authenticate(scope(method="GET", cookie=cookie))).via == "cookie"
    assert await refusal(method="POST", cookie=cookie) is Code.WRONG_ORIGIN
    elsewhere = scope(method="POST", origin=ORIGIN, cookie=cookie)
    elsewhere["headers"] = [(b"host", b"elsewhere"), *elsewhere["headers"][1:]]
    with pytest.raises(CommandError):
        await authenticate(elsewhere)
    assert await refusal(type="websocket", cookie=cookie) is Code.WRONG_ORIGIN


async def test_no_secret_is_kept_in_memory(token: str) -> None:
    await authenticate(scope(authorization=f"Bearer {token}"))
    assert token not in repr(AUTHENTICATOR._keys)
    assert token not in repr(AUTHENTICATOR.cache._found)
