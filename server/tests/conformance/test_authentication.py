"""Credentials open a socket by the same rules as an HTTP request, and revoking one closes its sockets and ends its polls."""

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from backchannel import auth
from backchannel.accounts import lookup
from backchannel.accounts.models import Ticket, Token
from backchannel.accounts.sessions import stored_key
from tests.running import PATIENCE_S, Device, Running, Someone, running, somebody


def session_of(who: Someone) -> tuple[Client, str]:
    """A browser in which `who` is signed in, and its session cookie."""
    from django.conf import settings

    browser = Client()
    browser.force_login(who.account)
    name = settings.SESSION_COOKIE_NAME
    return browser, f"{name}={browser.cookies[name].value}"


def refusal(server: Running, who: Someone | None = None, query: str = "", **options: Any) -> tuple[int, str]:
    """Status and code of a handshake that must be refused before the upgrade, with an error of the API."""
    with pytest.raises(InvalidStatus) as caught:
        server.dial(who, query, **options)
    response = caught.value.response
    assert response.headers["Content-Type"] == "application/problem+json"
    body = json.loads(response.body)
    assert body["status"] == response.status_code
    return response.status_code, body["code"]


def opens(device: Device, who: Someone) -> None:
    with device:
        device.hello()
        assert device.until("hello")["user"]["id"] == who.id


def test_a_token_opens_the_socket(server: Running) -> None:
    ada = somebody("ada")
    opens(server.dial(ada), ada)


def test_a_handshake_without_a_credential_is_refused_before_the_upgrade(server: Running) -> None:
    assert refusal(server) == (401, "unauthenticated")
    assert refusal(server, headers={"Authorization": "Bearer bc_nonsense"}) == (401, "unauthenticated")
    assert refusal(server, headers={"Cookie": "backchannel=nonsense"}, origin=server.url) == (401, "unauthenticated")


def test_a_cookie_opens_the_socket_only_from_the_servers_own_origin(server: Running) -> None:
    ada = somebody("ada")
    _, cookie = session_of(ada)
    opens(server.dial(headers={"Cookie": cookie}, origin=server.url), ada)
    for origin in (None, "https://evil.example", server.url + "0", "null", f"http://localhost:{server.port}"):
        assert refusal(server, headers={"Cookie": cookie}, origin=origin) == (403, "wrong_origin"), origin


def test_a_cookie_changes_something_over_http_only_from_the_servers_own_origin(server: Running) -> None:
    ada = somebody("ada")
    _, cookie = session_of(ada)

    def create(**headers: str) -> int:
        given = {"Cookie": cookie, **headers}
        return server.http.post("/api/rooms", json={"kind": "group"}, headers=given).status_code

    assert create(Origin=server.url) == 201
    assert create(**{"Sec-Fetch-Site": "same-origin"}) == 201
    assert create() == 403
    assert create(Origin="https://evil.example") == 403
    assert create(**{"Sec-Fetch-Site": "same-site"}) == 403
    assert server.http.get("/api/me", headers={"Cookie": cookie}).status_code == 200


def test_a_ticket_opens_one_socket_and_nothing_else(server: Running) -> None:
    ada = somebody("ada")
    ticket = server.http.post("/api/auth/ticket", headers=ada.headers).json()["ticket"]
    assert server.http.get("/api/me", params={"token": ticket}).status_code == 401
    opens(server.dial(query=f"?token={ticket}"), ada)
    assert refusal(server, query=f"?token={ticket}") == (401, "unauthenticated")


def test_an_expired_ticket_opens_nothing(server: Running) -> None:
    ada = somebody("ada")
    ticket = server.http.post("/api/auth/ticket", headers=ada.headers).json()["ticket"]
    Ticket.objects.update(expires=timezone.now())
    assert refusal(server, query=f"?token={ticket}") == (401, "unauthenticated")


def test_a_token_in_the_url_is_refused(server: Running) -> None:
    ada = somebody("ada")
    assert refusal(server, query=f"?token={ada.token}") == (401, "unauthenticated")
    assert refusal(server, ada, query=f"?token={ada.token}") == (401, "unauthenticated")


def test_cookies_in_several_header_lines_are_read_alike_on_both_transports(server: Running) -> None:
    ada = somebody("ada")
    _, cookie = session_of(ada)
    for lines in ([cookie, "look=dark"], ["look=dark", cookie], ["look=dark", cookie, "size=2"]):
        headers = [("Cookie", line) for line in lines]
        assert server.http.get("/api/me", headers=headers).status_code == 200
        assert server.http.get("/account/state", headers=headers).json()["user"]["username"] == ada.user.username


def test_a_ticket_issued_by_cookie_ends_with_its_sign_in(server: Running) -> None:
    ada = somebody("ada")
    browser, cookie = session_of(ada)
    answer = server.http.post("/api/auth/ticket", headers={"Cookie": cookie, "Origin": server.url})
    with server.dial(query=f"?token={answer.json()['ticket']}") as device:
        device.hello()
        device.until("caught_up")
        browser.delete("/_allauth/browser/v1/auth/session")
        assert device.closed() == (4401, "session_over")


class TestRevokedCredential:
    """Sockets close and polls end at once; the next attempt gets the same refusal on both transports."""

    def _check_ends(self, server: Running, who: Someone, revoke: Any, **handshake: Any) -> None:
        from concurrent.futures import ThreadPoolExecutor

        headers = handshake.get("headers") or who.headers
        resume = _resume(server, headers)
        with server.dial(**{"headers": headers, **handshake}) as device, ThreadPoolExecutor(1) as thread:
            device.hello()
            device.until("caught_up")
            poll = thread.submit(
                server.http.post,
                "/api/sync",
                json={"resume": resume, "wait": 25},
                headers=_with_origin(server, headers),
            )
            server.wait_until(lambda: server.polls_of(who) == 1)
            revoke()
            assert device.closed() == (4401, "session_over")
            assert poll.result().status_code == 401
            assert poll.result().json()["code"] == "unauthenticated"
        assert refusal(server, **{"headers": headers, **handshake}) == (401, "unauthenticated")
        assert server.http.get("/api/me", headers=headers).status_code == 401

    def test_by_revoking_a_token(self, server: Running) -> None:
        ada = somebody("ada")

        def revoke() -> None:
            token = Token.objects.get(user=ada.account)
            token.revoked = timezone.now()
            token.save()

        self._check_ends(server, ada, revoke)

    def test_by_deleting_a_token(self, server: Running) -> None:
        ada = somebody("ada")
        self._check_ends(server, ada, lambda: Token.objects.get(user=ada.account).delete())

    def test_by_signing_out(self, server: Running) -> None:
        ada = somebody("ada")
        browser, cookie = session_of(ada)
        self._check_ends(
            server, ada, lambda: browser.delete("/_allauth/browser/v1/auth/session"),
            headers={"Cookie": cookie}, origin=server.url,
        )  # fmt: skip

    def test_by_a_new_password(self, server: Running) -> None:
        ada = somebody("ada")
        _, cookie = session_of(ada)

        def change() -> None:
            account = get_user_model()._default_manager.get(pk=ada.account.pk)
            account.set_password("another one entirely")
            account.save()

        self._check_ends(server, ada, change, headers={"Cookie": cookie}, origin=server.url)

    def test_by_deactivating_the_account(self, server: Running) -> None:
        ada = somebody("ada")

        def deactivate() -> None:
            account = get_user_model()._default_manager.get(pk=ada.account.pk)
            account.is_active = False
            account.save()

        self._check_ends(server, ada, deactivate)


def _revoke_unannounced(who: Someone, _: str) -> None:
    Token.objects.filter(user=who.account).update(revoked=timezone.now())


def _deactivate_unannounced(who: Someone, _: str) -> None:
    type(who.account)._default_manager.filter(pk=who.account.pk).update(is_active=False)


def _sign_out_unannounced(_: Someone, cookie: str) -> None:
    from django.contrib.sessions.models import Session

    rows = Session.objects.filter(session_key=stored_key(cookie.partition("=")[2]))
    rows._raw_delete(rows.db)


def _change_password_unannounced(who: Someone, _: str) -> None:
    from django.contrib.auth.hashers import make_password

    rows = type(who.account)._default_manager.filter(pk=who.account.pk)
    rows.update(password=make_password("another one entirely"))


class TestUnannouncedRevocation:
    """A revocation whose announcement was lost or never made is found by the next periodic check of every node."""

    @pytest.mark.parametrize("by_cookie", [False, True], ids=["token", "cookie"])
    @pytest.mark.parametrize(
        "end", [_revoke_unannounced, _deactivate_unannounced, _sign_out_unannounced, _change_password_unannounced]
    )
    def test_the_next_check_ends_it_on_both_transports(self, server: Running, end: Any, by_cookie: bool) -> None:
        from concurrent.futures import ThreadPoolExecutor

        ada = somebody("ada")
        _, cookie = session_of(ada)
        handshake: dict[str, Any] = (
            {"headers": {"Cookie": cookie}, "origin": server.url} if by_cookie else {"headers": ada.headers}
        )
        headers = _with_origin(server, handshake["headers"])
        resume = _resume(server, headers)
        ends = end is _deactivate_unannounced or (end is _revoke_unannounced) != by_cookie
        with server.dial(**handshake) as device, ThreadPoolExecutor(1) as thread:
            device.hello()
            device.until("caught_up")
            poll = thread.submit(server.http.post, "/api/sync", json={"resume": resume, "wait": 25}, headers=headers)
            server.wait_until(lambda: server.polls_of(ada) == 1)
            end(ada, cookie)
            assert device.call("ping").ok
            server.in_loop(lambda: asyncio.ensure_future(server.chat.maintenance.revalidate_all()))
            if ends:
                assert device.closed() == (4401, "session_over")
            else:
                assert device.call("ping").ok
                assert server.http.post("/api/rooms", json={"kind": "group"}, headers=headers).status_code == 201
            assert poll.result().status_code == (401 if ends else 200)

    @pytest.mark.parametrize("by_ticket", [False, True], ids=["token", "ticket"])
    def test_the_next_check_keeps_connections_whose_cached_identity_is_gone(
        self, server: Running, by_ticket: bool
    ) -> None:
        ada = somebody("ada")
        ticket = server.http.post("/api/auth/ticket", headers=ada.headers).json()["ticket"]
        with server.dial(query=f"?token={ticket}") if by_ticket else server.dial(ada) as device:
            device.hello()
            device.until("caught_up")
            server.forget_identities()
            check = asyncio.run_coroutine_threadsafe(server.chat.maintenance.revalidate_all(), server.chat.log._loop)
            check.result(PATIENCE_S)
            assert device.call("ping").ok


def test_connections_with_other_credentials_of_the_user_stay_open(server: Running) -> None:
    ada = somebody("ada")
    other = Someone(ada.user, lookup.issue_token(ada.account), ada.account)
    with server.device(ada) as ends, server.device(other) as stays:
        Token.objects.filter(user=ada.account).earliest("pk").delete()
        assert ends.closed()[0] == 4401
        assert stays.call("ping").ok


def test_no_log_line_contains_a_secret_from_a_url(
    server: Running, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "backchannel")
    ada = somebody("ada")
    ticket = server.http.post("/api/auth/ticket", headers=ada.headers).json()["ticket"]
    opens(server.dial(query=f"?token={ticket}"), ada)
    refusal(server, query=f"?token={ticket}")
    refusal(server, query=f"?token={ada.token}")
    captured = capsys.readouterr()
    logged = captured.out + captured.err + caplog.text
    assert "connection_opened" in logged
    assert ticket not in logged
    assert ada.token not in logged


def _resume(server: Running, headers: dict[str, str]) -> dict[str, Any]:
    first = server.http.post("/api/sync", json={}, headers=_with_origin(server, headers)).json()
    return {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": {}}


def _with_origin(server: Running, headers: dict[str, str]) -> dict[str, str]:
    return {**headers, "Origin": server.url} if "Cookie" in headers else headers


class OrderKeys(auth.Authentication):
    """ "Bearer order:<username>": a credential of a site's own."""

    def authenticate(self, secret: str) -> auth.Grant | None:
        user = get_user_model()._default_manager.filter(username=secret.removeprefix("order:")).first()
        return None if user is None else auth.Grant(user, secret)


def test_a_credential_of_the_sites_own_is_ended_on_both_transports_when_announced(module_database: None) -> None:
    ada = somebody("ada")
    secret = f"order:{ada.user.username}"
    bearer = {"Authorization": f"Bearer {secret}"}
    with running(authentication=(f"{__name__}.OrderKeys",)) as server:
        session = {"Authorization": f"Bearer {server.http.post('/api/auth/session', headers=bearer).json()['token']}"}
        with server.dial(headers=bearer) as device, ThreadPoolExecutor(1) as other:
            device.hello()
            device.until("caught_up")
            first = server.http.post("/api/sync", json={"wait": 0}, headers=session).json()
            resume = {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": {}}
            poll = other.submit(server.http.post, "/api/sync", json={"wait": 25, "resume": resume}, headers=session)
            server.wait_until(lambda: server.polls_of(ada))
            auth.end_credential(secret)
            assert device.closed() == (4401, "session_over")
            assert poll.result(PATIENCE_S).status_code == 401
        assert server.http.get("/api/me", headers=session).status_code == 401
