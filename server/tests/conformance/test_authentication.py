"""Who may open a socket, and what happens to it when they may not any more. The same rules as for a call over HTTP."""

import asyncio
import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from backchannel.accounts import lookup
from backchannel.accounts.models import Ticket, Token
from backchannel.accounts.sessions import stored_key
from tests.running import PATIENCE_S, Device, Running, Someone, somebody


def session_of(who: Someone) -> tuple[Client, str]:
    """A browser in which `who` is signed in, and the cookie it sends."""
    from django.conf import settings

    browser = Client()
    browser.force_login(who.account)
    name = settings.SESSION_COOKIE_NAME
    return browser, f"{name}={browser.cookies[name].value}"


def refusal(server: Running, who: Someone | None = None, query: str = "", **options: Any) -> tuple[int, str]:
    """The answer to a handshake that must fail: before the upgrade, with the words of the API."""
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


def test_nobody_is_refused_before_the_upgrade(server: Running) -> None:
    assert refusal(server) == (401, "unauthenticated")
    assert refusal(server, headers={"Authorization": "Bearer bc_nonsense"}) == (401, "unauthenticated")
    assert refusal(server, headers={"Cookie": "backchannel=nonsense"}, origin=server.url) == (401, "unauthenticated")


def test_a_cookie_opens_the_socket_from_its_own_origin_alone(server: Running) -> None:
    ada = somebody("ada")
    _, cookie = session_of(ada)
    opens(server.dial(headers={"Cookie": cookie}, origin=server.url), ada)
    for origin in (None, "https://evil.example", server.url + "0", "null", f"http://localhost:{server.port}"):
        assert refusal(server, headers={"Cookie": cookie}, origin=origin) == (403, "wrong_origin"), origin


def test_a_cookie_speaks_over_http_under_the_same_rule(server: Running) -> None:
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


def test_a_ticket_that_is_too_old_opens_nothing(server: Running) -> None:
    ada = somebody("ada")
    ticket = server.http.post("/api/auth/ticket", headers=ada.headers).json()["ticket"]
    Ticket.objects.update(expires=timezone.now())
    assert refusal(server, query=f"?token={ticket}") == (401, "unauthenticated")


def test_a_token_in_an_address_is_refused(server: Running) -> None:
    ada = somebody("ada")
    assert refusal(server, query=f"?token={ada.token}") == (401, "unauthenticated")
    assert refusal(server, ada, query=f"?token={ada.token}") == (401, "unauthenticated")


def test_cookies_that_come_in_several_lines_are_read_alike_everywhere(server: Running) -> None:
    ada = somebody("ada")
    _, cookie = session_of(ada)
    for lines in ([cookie, "look=dark"], ["look=dark", cookie], ["look=dark", cookie, "size=2"]):
        headers = [("Cookie", line) for line in lines]
        assert server.http.get("/api/me", headers=headers).status_code == 200
        assert server.http.get("/account/state", headers=headers).json()["user"]["username"] == ada.user.username


def test_a_ticket_of_a_cookie_is_bound_to_its_session(server: Running) -> None:
    ada = somebody("ada")
    browser, cookie = session_of(ada)
    answer = server.http.post("/api/auth/ticket", headers={"Cookie": cookie, "Origin": server.url})
    with server.dial(query=f"?token={answer.json()['ticket']}") as device:
        device.hello()
        device.until("caught_up")
        browser.delete("/_allauth/browser/v1/auth/session")
        assert device.closed() == (4401, "session_over")


class TestWhenItEnds:
    """Sockets close and polls end, at once; the next try gets the same answer on both transports."""

    def _follow(self, server: Running, who: Someone, end: Any, **handshake: Any) -> None:
        from concurrent.futures import ThreadPoolExecutor

        headers = handshake.get("headers") or who.headers
        resume = _resume(server, headers)
        with server.dial(**{"headers": headers, **handshake}) as device, ThreadPoolExecutor(1) as thread:
            device.hello()
            device.until("caught_up")
            poll = thread.submit(
                server.http.post, "/api/sync", json={"resume": resume, "wait": 25}, headers=_fetching(server, headers)
            )
            server.wait_until(lambda: server.polls_of(who) == 1)
            end()
            assert device.closed() == (4401, "session_over")
            assert poll.result().status_code == 401
            assert poll.result().json()["code"] == "unauthenticated"
        assert refusal(server, **{"headers": headers, **handshake}) == (401, "unauthenticated")
        assert server.http.get("/api/me", headers=headers).status_code == 401

    def test_with_a_token_that_is_revoked(self, server: Running) -> None:
        ada = somebody("ada")

        def revoke() -> None:
            token = Token.objects.get(user=ada.account)
            token.revoked = timezone.now()
            token.save()

        self._follow(server, ada, revoke)

    def test_with_a_token_that_is_deleted(self, server: Running) -> None:
        ada = somebody("ada")
        self._follow(server, ada, lambda: Token.objects.get(user=ada.account).delete())

    def test_by_signing_out(self, server: Running) -> None:
        ada = somebody("ada")
        browser, cookie = session_of(ada)
        self._follow(
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

        self._follow(server, ada, change, headers={"Cookie": cookie}, origin=server.url)

    def test_by_a_ban(self, server: Running) -> None:
        ada = somebody("ada")

        def ban() -> None:
            account = get_user_model()._default_manager.get(pk=ada.account.pk)
            account.is_active = False
            account.save()

        self._follow(server, ada, ban)


def _revoke_untold(who: Someone, _: str) -> None:
    Token.objects.filter(user=who.account).update(revoked=timezone.now())


def _ban_untold(who: Someone, _: str) -> None:
    type(who.account)._default_manager.filter(pk=who.account.pk).update(is_active=False)


def _sign_out_untold(_: Someone, cookie: str) -> None:
    from django.contrib.sessions.models import Session

    rows = Session.objects.filter(session_key=stored_key(cookie.partition("=")[2]))
    rows._raw_delete(rows.db)


def _change_password_untold(who: Someone, _: str) -> None:
    from django.contrib.auth.hashers import make_password

    rows = type(who.account)._default_manager.filter(pk=who.account.pk)
    rows.update(password=make_password("another one entirely"))


class TestWhereTheWordOfItIsLost:
    """Another node's word that the bus lost, or a change that nobody announced: the next round of every node notices."""

    @pytest.mark.parametrize("by_cookie", [False, True], ids=["token", "cookie"])
    @pytest.mark.parametrize("end", [_revoke_untold, _ban_untold, _sign_out_untold, _change_password_untold])
    def test_the_next_round_ends_it_on_both_transports(self, server: Running, end: Any, by_cookie: bool) -> None:
        from concurrent.futures import ThreadPoolExecutor

        ada = somebody("ada")
        _, cookie = session_of(ada)
        handshake: dict[str, Any] = (
            {"headers": {"Cookie": cookie}, "origin": server.url} if by_cookie else {"headers": ada.headers}
        )
        headers = _fetching(server, handshake["headers"])
        resume = _resume(server, headers)
        ends = end is _ban_untold or (end is _revoke_untold) != by_cookie
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
    def test_the_next_round_leaves_alone_what_is_not_remembered_any_more(
        self, server: Running, by_ticket: bool
    ) -> None:
        ada = somebody("ada")
        ticket = server.http.post("/api/auth/ticket", headers=ada.headers).json()["ticket"]
        with server.dial(query=f"?token={ticket}") if by_ticket else server.dial(ada) as device:
            device.hello()
            device.until("caught_up")
            server.forget_identities()
            round_ = asyncio.run_coroutine_threadsafe(server.chat.maintenance.revalidate_all(), server.chat.log._loop)
            round_.result(PATIENCE_S)
            assert device.call("ping").ok


def test_others_of_the_same_user_stay_open(server: Running) -> None:
    ada = somebody("ada")
    other = Someone(ada.user, lookup.issue_token(ada.account), ada.account)
    with server.device(ada) as ends, server.device(other) as stays:
        Token.objects.filter(user=ada.account).earliest("pk").delete()
        assert ends.closed()[0] == 4401
        assert stays.call("ping").ok


def test_no_line_of_the_log_shows_an_address_with_a_secret(server: Running, capsys: pytest.CaptureFixture[str]) -> None:
    ada = somebody("ada")
    ticket = server.http.post("/api/auth/ticket", headers=ada.headers).json()["ticket"]
    opens(server.dial(query=f"?token={ticket}"), ada)
    refusal(server, query=f"?token={ticket}")
    refusal(server, query=f"?token={ada.token}")
    captured = capsys.readouterr()
    said = captured.out + captured.err
    assert "connection_opened" in said
    assert ticket not in said
    assert ada.token not in said


def _resume(server: Running, headers: dict[str, str]) -> dict[str, Any]:
    first = server.http.post("/api/sync", json={}, headers=_fetching(server, headers)).json()
    return {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": {}}


def _fetching(server: Running, headers: dict[str, str]) -> dict[str, str]:
    return {**headers, "Origin": server.url} if "Cookie" in headers else headers
