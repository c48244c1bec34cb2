"""Sign-ins and refusals are logged with user and address, without secrets or anything that a visitor could forge."""

import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
from django.test import Client

from backchannel.accounts import auth_log, lookup
from backchannel.accounts.invitations import create_invitation
from backchannel.accounts.models import Token
from backchannel.accounts.tokens import revoke_tokens
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import CommandError
from backchannel.site import logging as module
from tests.accounts.authenticator import AUTHENTICATOR
from tests.accounts.conftest import PASSWORD, SignIn, scope
from tests.accounts.test_views import LOGIN, OWNER, SIGNUP, post

DEPLOY = Path(__file__).parents[3] / "deploy/fail2ban"
DOCS = Path(__file__).parents[3] / "docs/reference/auth-log.md"
ADDRESS = "203.0.113.9"

Lines = Callable[[], list[str]]


@pytest.fixture(params=["console", "json"])
def lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines of the auth log so far, in the format of the parameter."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(auth_log, "_log", ProcessLog("backchannel.auth"))
    module.configure(request.param, "info")
    yield lambda: [line for line in stream.getvalue().splitlines() if "backchannel.auth" in line]
    root.handlers, root.level = handlers, level


def events(lines: Lines) -> list[tuple[str, str, str]]:
    """(event, address, user) of each line."""
    found = []
    for line in lines():
        if line.startswith("{"):
            said = json.loads(line)
            found.append((said["event"], said["address"], said["user"]))
        else:
            match = re.search(r"\] (\w+) +\[backchannel\.auth\] address=(\S+) .*\buser=(\S+)", line)
            assert match, line
            found.append((match[1], match[2], match[3]))
    return found


def counted(event: str) -> float:
    return prometheus_client.REGISTRY.get_sample_value("backchannel_auth_events_total", {"event": event}) or 0.0


def test_sign_ins_and_failures_are_logged_with_address_and_name(ada: Any, lines: Lines) -> None:
    browser = Client(REMOTE_ADDR=ADDRESS)
    before = counted("sign_in_failed")
    post(browser, LOGIN, {"username": "Ada", "password": "my secret guess"})
    post(browser, LOGIN, {"username": "ada", "password": PASSWORD})
    browser.delete("/_allauth/browser/v1/auth/session")
    assert events(lines)[-3:] == [
        ("sign_in_failed", ADDRESS, "ada"),
        ("signed_in", ADDRESS, "ada"),
        ("signed_out", ADDRESS, "ada"),
    ]
    assert counted("sign_in_failed") == before + 1
    assert PASSWORD not in "".join(lines())
    assert "my secret guess" not in "".join(lines())


def test_what_a_visitor_types_cannot_forge_a_line(owner: Any, lines: Lines) -> None:
    for name in (
        "x address=198.51.100.1",
        'x","address":"198.51.100.1',
        "x\nsign_in_failed address=198.51.100.1",
        "é" * 9,
    ):
        post(Client(REMOTE_ADDR=ADDRESS), LOGIN, {"username": name, "password": "x"})
    assert {event[1:] for event in events(lines) if event[0] == "sign_in_failed"} == {(ADDRESS, "-")}
    assert "198.51.100.1" not in "".join(lines())


def test_every_refused_request_is_logged(ada: Any, sign_in: SignIn, lines: Lines) -> None:
    visitor = Client(REMOTE_ADDR=ADDRESS)
    post(visitor, "/account/setup", {**OWNER, "setup": "x"})
    post(visitor, SIGNUP, {"username": "eve", "invitation": "x"})
    visitor.get("/account/invitations/x")
    for n in range(7):
        post(visitor, LOGIN, {"username": "ada", "password": str(n)})
    sign_in("ada").get("/admin/", follow=True, REMOTE_ADDR=ADDRESS)
    logged = [event for event, address, _ in events(lines) if address == ADDRESS]
    assert [logged.count(event) for event in ("setup_refused", "invitation_refused")] == [1, 2]
    assert [logged.count(event) for event in ("sign_in_failed", "sign_in_limited", "admin_refused")] == [5, 2, 1]


async def test_refused_handshakes_and_tokens_are_logged(transactional_db: None, lines: Lines) -> None:
    for given in (
        {"type": "websocket"},
        {"type": "websocket", "origin": "http://evil.example", "cookie": "x" * 32},
        {"authorization": "Bearer bc_wrong"},
        {"cookie": "x" * 32, "sec_fetch_site": "same-origin", "method": "POST"},
    ):
        with pytest.raises(CommandError):
            await AUTHENTICATOR.authenticate({**scope(**given), "client": (ADDRESS, 1234)})
    assert events(lines) == [
        ("handshake_refused", ADDRESS, "-"),
        ("handshake_refused", ADDRESS, "-"),
        ("credential_refused", ADDRESS, "-"),
    ]


def test_every_change_of_access_is_logged(ada: Any, sign_in: SignIn, lines: Lines) -> None:
    token = lookup.issue_token(ada, "bot")
    revoke_tokens(ada)
    create_invitation(ada)
    browser = sign_in("ada")
    change = {"current_password": PASSWORD, "new_password": "another horse battery"}
    post(browser, "/_allauth/browser/v1/account/password/change", change)
    ada.refresh_from_db()
    ada.is_staff = True
    ada.save()
    ada.is_active = False
    ada.save()
    logged = [event for event, _, _ in events(lines) if not event.startswith("signed_")]
    assert logged == [
        "token_made",
        "token_revoked",
        "invitation_made",
        "password_changed",
        "rights_changed",
        "account_closed",
    ]
    assert token not in "".join(lines())
    assert Token.objects.count() == 1


def test_a_rehash_at_sign_in_is_not_logged_as_a_changed_password(ada: Any, lines: Lines) -> None:
    from django.contrib.auth.hashers import make_password

    type(ada)._default_manager.filter(pk=ada.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    assert post(Client(), LOGIN, {"username": "ada", "password": PASSWORD}).status_code == 200
    ada.refresh_from_db()
    assert ada.password.startswith("argon2")
    assert "password_changed" not in [event for event, _, _ in events(lines)]


def test_a_flood_of_refusals_is_counted_completely_and_logged_partly(ada: Any, lines: Lines) -> None:
    before = counted("handshake_refused")
    for _ in range(500):
        auth_log.note("handshake_refused", address=ADDRESS)
    auth_log.note("handshake_refused", address="198.51.100.1")
    assert counted("handshake_refused") == before + 501
    written = [address for _, address, _ in events(lines)]
    assert 60 <= written.count(ADDRESS) < 100
    assert written.count("198.51.100.1") == 1


def test_the_fail2ban_filter_matches_exactly_these_lines(ada: Any, lines: Lines) -> None:
    text = (DEPLOY / "filter.conf").read_text("utf-8")
    rules = re.search(r"failregex = (.*?)\nignoreregex", text, re.DOTALL)
    assert rules
    patterns = [re.compile(rule.strip().replace("<HOST>", r"(?P<host>[0-9a-f.:]+)")) for rule in rules[1].splitlines()]
    bad = ("sign_in_failed", "sign_in_limited", "setup_refused", "credential_refused", "handshake_refused")
    for event in bad:
        auth_log.note(event, user="ada", address=ADDRESS, code="x")  # type: ignore[arg-type]
    auth_log.note("sign_in_failed", user="x", address="2001:db8::7")
    auth_log.note("signed_in", user="ada", address=ADDRESS)
    found = [match["host"] for line in lines() for rule in patterns if (match := rule.search(line))]
    assert found == [ADDRESS] * len(bad) + ["2001:db8::7"]


def test_the_auth_log_page_documents_every_event() -> None:
    text = DOCS.read_text("utf-8")
    assert [event for event in auth_log.EVENTS if f"`{event}`" not in text] == []
