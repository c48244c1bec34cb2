"""People can list and end their own sessions and tokens, and no one else's."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client, override_settings
from django.utils import timezone

from backchannel.accounts import credential_uses, lookup, sweeping
from backchannel.accounts.devices import device_of
from backchannel.accounts.identity import Ended
from backchannel.accounts.models import SignIn, Token
from tests.accounts.conftest import PASSWORD, session_key
from tests.accounts.test_views import LOGIN, post

NEW = "another horse battery"
CHANGE = "/_allauth/browser/v1/account/password/change"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1"


def signed_in(username: str, agent: str = FIREFOX, address: str = "192.0.2.7") -> Client:
    tab = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    assert post(tab, LOGIN, {"username": username, "password": PASSWORD}).status_code == 200
    return tab


def sessions(tab: Client) -> list[dict[str, Any]]:
    answer = tab.get("/account/sessions")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    return list(answer.json()["sessions"])


def tokens(tab: Client) -> list[dict[str, Any]]:
    return list(tab.get("/account/tokens").json()["tokens"])


def is_in(tab: Client) -> bool:
    return tab.get("/account/state").json()["user"] is not None


def test_own_sessions_are_listed_with_address_and_device(ada: Any) -> None:
    desk, phone = signed_in("ada"), signed_in("ada", IPHONE, "2001:db8::7")
    listed = sessions(desk)
    assert [(each["device"], each["address"], each["this_device"]) for each in listed] == [
        ("Safari on iPhone", "2001:db8::7", False),
        ("Firefox on Linux", "192.0.2.7", True),
    ]
    assert listed[1]["agent"] == FIREFOX
    assert listed[0]["created_at"].endswith("Z")
    assert [each["this_device"] for each in sessions(phone)] == [True, False]
    # Neither the cookie's value nor the key it is stored under is sent.
    assert session_key(phone) not in str(listed)


def test_signing_out_another_session_ends_it_at_once(ada: Any, ended: list[Ended]) -> None:
    desk, phone = signed_in("ada"), signed_in("ada", IPHONE)
    [other] = [each for each in sessions(desk) if not each["this_device"]]
    identity = lookup.by_secret("session", session_key(phone))
    assert identity is not None
    assert desk.delete(f"/account/sessions/{other['id']}").status_code == 204
    assert Ended(credential=identity.credential) in ended
    assert lookup.by_secret("session", session_key(phone)) is None
    assert not is_in(phone)
    assert is_in(desk)
    assert len(sessions(desk)) == 1
    assert desk.delete(f"/account/sessions/{other['id']}").status_code == 404


def test_all_other_sessions_can_be_ended_together(ada: Any) -> None:
    desk, phone, tablet = (signed_in("ada") for _ in range(3))
    assert desk.delete("/account/sessions").status_code == 204
    assert [is_in(tab) for tab in (desk, phone, tablet)] == [True, False, False]


def test_the_current_session_can_be_ended_too(ada: Any) -> None:
    desk = signed_in("ada")
    [own] = sessions(desk)
    assert desk.delete(f"/account/sessions/{own['id']}").status_code == 204
    assert not is_in(desk)


def test_a_changed_password_keeps_this_session_and_ends_the_others(ada: Any) -> None:
    desk, phone = signed_in("ada"), signed_in("ada", IPHONE)
    [before] = [each for each in sessions(desk) if each["this_device"]]
    assert post(desk, CHANGE, {"current_password": PASSWORD, "new_password": NEW}).status_code == 200
    [after] = sessions(desk)
    assert (after["id"], after["created_at"], after["this_device"]) == (before["id"], before["created_at"], True)
    assert not is_in(phone)


def test_a_token_is_listed_with_its_end_until_then(ada: Any) -> None:
    lookup.issue_token(ada, "bot", timezone.now() + timedelta(days=1))
    desk = signed_in("ada")
    assert tokens(desk)[0]["expires_at"].endswith("Z")
    Token.objects.update(expires=timezone.now())
    assert tokens(desk) == []


def test_own_tokens_are_listed_and_revoked(ada: Any, ended: list[Ended]) -> None:
    secret, other = lookup.issue_token(ada, "bot"), lookup.issue_token(ada, "import")
    desk = signed_in("ada")
    assert [each["name"] for each in tokens(desk)] == ["import", "bot"]
    assert (tokens(desk)[1]["last_used_at"], tokens(desk)[1]["expires_at"]) == (None, None)
    lookup.by_secret("token", secret)
    credential_uses.write()
    bot = tokens(desk)[1]
    assert bot["last_used_at"].endswith("Z")
    assert desk.delete(f"/account/tokens/{bot['id']}").status_code == 204
    assert Ended(credential=f"token:{bot['id']}") in ended
    assert lookup.by_secret("token", secret) is None
    assert lookup.by_secret("token", other) is not None
    assert desk.delete(f"/account/tokens/{bot['id']}").status_code == 404
    assert desk.delete("/account/tokens").status_code == 204
    assert tokens(desk) == []


def test_another_persons_credentials_are_not_found(owner: Any, ada: Any) -> None:
    lookup.issue_token(ada, "bot")
    desk, boss = signed_in("ada"), signed_in("owner")
    [hers], [bot] = sessions(desk), tokens(desk)
    assert [each["this_device"] for each in sessions(boss)] == [True]
    assert tokens(boss) == []
    for path in (
        f"/account/sessions/{hers['id']}",
        f"/account/tokens/{bot['id']}",
        "/account/sessions/999",
        "/account/tokens/0",
    ):
        answer = boss.delete(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert boss.delete("/account/tokens").status_code == 204
    assert is_in(desk)
    assert len(tokens(desk)) == 1


@pytest.mark.parametrize("path", ["/account/sessions", "/account/sessions/1", "/account/tokens", "/account/tokens/1"])
def test_the_endpoints_require_a_sign_in_and_the_apps_own_origin(ada: Any, path: str) -> None:
    assert Client().delete(path).json()["code"] == "unauthenticated"
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    assert strict.delete(path).status_code == 403
    bearer = {"authorization": f"Bearer {lookup.issue_token(ada)}"}
    assert Client().delete(path, headers=bearer).status_code == 401
    assert signed_in("ada").post(path).status_code == 405


def test_requests_are_limited_per_person(ada: Any, stopped_rates: None) -> None:
    desk = signed_in("ada")
    statuses = [desk.delete("/account/tokens/1").status_code for _ in range(62)]
    assert statuses[:60] == [404] * 60
    assert statuses[-1] == 429


@pytest.mark.parametrize("which", ["all", "one", "none"])
def test_a_password_change_revokes_tokens_on_request(ada: Any, which: str) -> None:
    lookup.issue_token(ada, "bot")
    lookup.issue_token(ada, "import")
    desk = signed_in("ada")
    chosen = {"all": True, "one": [Token.objects.get(name="bot").pk], "none": False}[which]
    body = {"current_password": PASSWORD, "new_password": NEW, "revoke_tokens": chosen}
    assert post(desk, CHANGE, body).status_code == 200
    left = {"all": [], "one": ["import"], "none": ["import", "bot"]}[which]
    assert [each["name"] for each in tokens(desk)] == left


def test_a_wrong_password_revokes_nothing(ada: Any) -> None:
    lookup.issue_token(ada, "bot")
    desk = signed_in("ada")
    body = {"current_password": "wrong", "new_password": NEW, "revoke_tokens": True}
    assert post(desk, CHANGE, body).status_code == 400
    assert len(tokens(desk)) == 1


def test_a_password_reset_revokes_tokens_on_request(ada: Any) -> None:
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str

    lookup.issue_token(ada, "bot")
    phone = signed_in("ada", IPHONE)
    ada.refresh_from_db()
    key = f"{user_pk_to_url_str(ada)}-{default_token_generator.make_token(ada)}"
    body = {"key": key, "password": NEW, "revoke_tokens": True}
    answer = post(Client(), "/_allauth/browser/v1/auth/password/reset", body)
    assert answer.status_code in {200, 401}, answer.content
    ada.refresh_from_db()
    assert ada.check_password(NEW)
    assert Token.objects.get().revoked is not None
    assert not is_in(phone)


def test_last_use_of_a_session_is_recorded_eventually(ada: Any) -> None:
    desk = signed_in("ada")
    row = SignIn.objects.get()
    old = row.last_used.replace(year=2020)
    SignIn.objects.update(last_used=old)
    lookup.by_secret("session", session_key(desk))
    lookup.by_secret("session", session_key(desk))
    assert len(credential_uses._noted_sessions) == 1
    credential_uses.write()
    assert SignIn.objects.get().last_used > old


def test_a_session_from_before_an_upgrade_is_listed_once_it_is_used(ada: Any) -> None:
    tab = Client(HTTP_USER_AGENT=FIREFOX)
    tab.force_login(ada)
    assert not SignIn.objects.exists()
    assert [each["device"] for each in sessions(tab)] == ["Firefox on Linux"]


def test_a_request_of_a_recorded_session_writes_nothing(ada: Any, django_assert_max_num_queries: Any) -> None:
    desk = signed_in("ada")
    is_in(desk)
    with django_assert_max_num_queries(8) as queries:
        is_in(desk)
    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)


def test_rows_of_ended_sessions_are_swept(ada: Any) -> None:
    desk, phone = signed_in("ada"), signed_in("ada", IPHONE)
    phone.delete("/_allauth/browser/v1/auth/session")
    SignIn.objects.update(last_used=timezone.now() - sweeping.KEEP_SIGN_INS * 2)
    sweeping.sweep()
    assert [each.agent for each in SignIn.objects.all()] == [FIREFOX]
    assert is_in(desk)


@override_settings(SESSION_ENGINE="django.contrib.sessions.backends.db")
def test_sessions_of_engines_that_store_the_cookies_value_are_not_recorded(ada: Any) -> None:
    tab = Client()
    tab.force_login(get_user_model()._default_manager.get(username="ada"))
    assert is_in(tab)
    assert not SignIn.objects.exists()


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18.0 Safari/605.1", "Safari on Mac"),
        ("curl/8.14.1", "curl"),
        ("", "Unknown program"),
    ],
)
def test_a_browser_is_described_by_product_and_system(agent: str, device: str) -> None:
    assert device_of(agent) == device
