"""Without the password, a session cannot change how an account is recovered, nor its rights."""

import json
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client, override_settings

from backchannel.accounts.models import Invitation, Token
from backchannel.accounts.onboarding import NewAccount, create_account, set_up

PASSWORD = "correct horse battery"
NEW = "another horse battery"
V1 = "/_allauth/browser/v1/"
MAIL = override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend")


def person(username: str) -> Any:
    return get_user_model()._default_manager.get(username=username)


def send(tab: Client, method: str, path: str, body: Any) -> Any:
    return tab.generic(method, V1 + path, json.dumps(body), "application/json")


def signed_in(username: str) -> Client:
    """Signed in by password a moment ago, as a stolen session would be."""
    tab = Client()
    assert send(tab, "POST", "auth/login", {"username": username, "password": PASSWORD}).status_code == 200
    return tab


def confirm(tab: Client) -> None:
    assert send(tab, "POST", "auth/reauthenticate", {"password": PASSWORD}).status_code == 200


@pytest.fixture
def owner(transactional_db: None) -> Any:
    return set_up("Lab", NewAccount(username="owner", password=PASSWORD))


@pytest.fixture
def ada(owner: Any) -> Any:
    user = create_account(NewAccount(username="ada", password=PASSWORD))
    user.email = "ada@example.com"
    user.save()
    EmailAddress.objects.create(user=user, email="ada@example.com", primary=True, verified=True)
    EmailAddress.objects.create(user=user, email="second@example.com", verified=True)
    mail.outbox = []
    return user


CHANGES = [
    ("POST", {"email": "eve@example.com"}),
    ("PATCH", {"email": "second@example.com", "primary": True}),
    ("DELETE", {"email": "second@example.com"}),
]


@pytest.mark.parametrize(("method", "body"), CHANGES)
def test_changing_an_address_requires_the_password(ada: Any, method: str, body: Any) -> None:
    def rows() -> set[Any]:
        return set(EmailAddress.objects.values_list("email", "primary"))

    before = rows()
    tab = signed_in("ada")
    refused = send(tab, method, "account/email", body)
    assert refused.status_code == 401
    assert {"id": "reauthenticate"} in refused.json()["data"]["flows"]
    assert rows() == before
    confirm(tab)
    assert send(tab, method, "account/email", body).status_code == 200
    assert rows() != before


@MAIL
@pytest.mark.parametrize(("method", "body"), CHANGES)
def test_the_old_address_is_notified(ada: Any, method: str, body: Any) -> None:
    tab = signed_in("ada")
    confirm(tab)
    assert send(tab, method, "account/email", body).status_code == 200
    recipients = {address for each in mail.outbox for address in each.to}
    assert "ada@example.com" in recipients
    assert (method != "DELETE") or "second@example.com" in recipients


@MAIL
def test_a_changed_password_is_notified_by_mail(ada: Any) -> None:
    tab = signed_in("ada")
    wrong = send(tab, "POST", "account/password/change", {"current_password": "x", "new_password": NEW})
    none = send(tab, "POST", "account/password/change", {"new_password": NEW})
    assert wrong.status_code == none.status_code == 400
    right = send(tab, "POST", "account/password/change", {"current_password": PASSWORD, "new_password": NEW})
    assert right.status_code == 200
    assert [each.to for each in mail.outbox] == [["ada@example.com"]]


def test_an_account_without_a_password_cannot_set_one_by_session(ada: Any) -> None:
    ada.set_unusable_password()
    ada.save()
    tab = Client()
    tab.force_login(ada)
    assert send(tab, "POST", "account/password/change", {"new_password": NEW}).status_code == 400
    assert not person("ada").has_usable_password()


@MAIL
@override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=9)
def test_a_password_can_be_changed_without_the_mail_server(ada: Any) -> None:
    tab = signed_in("ada")
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert send(tab, "POST", "account/password/change", body).status_code == 200


ADMIN_CHANGES = {
    "token/add/": {"user": "{ada}", "name": "bot"},
    "invitation/add/": {"max_uses": "3", "days": "2"},
    "user/add/": {"username": "eve", "password1": NEW, "password2": NEW, "usable_password": "true"},
    "user/{ada}/change/": {"username": "ada", "email": "eve@example.com", "is_active": "on", "is_staff": "on", "is_superuser": "on"},
    "user/{ada}/password/": {"password1": NEW, "password2": NEW, "usable_password": "true"},
    "token/": {"action": "delete_selected", "_selected_action": "1"},
}  # fmt: skip


def state() -> tuple[Any, ...]:
    users = get_user_model()._default_manager.values_list("username", "email", "is_staff", "password").order_by("pk")
    return Token.objects.count(), Invitation.objects.count(), *users


@pytest.mark.parametrize("path", ADMIN_CHANGES)
def test_admin_pages_require_the_password_for_every_change(ada: Any, path: str) -> None:
    tab = signed_in("owner")
    address = "/admin/backchannel_accounts/" + path.format(ada=ada.pk)
    form = {name: value.format(ada=ada.pk) for name, value in ADMIN_CHANGES[path].items()}
    before = state()
    asked = tab.post(address, form)
    assert asked.status_code == 403
    assert 'name="confirm_password"' in asked.content.decode()
    wrong = tab.post(address, {**form, "confirm_password": "wrong"})
    assert "This is not your password." in wrong.content.decode()
    assert state() == before
    if path == "token/":
        return
    # The page keeps everything that was filled in, so that only the password is left to enter.
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.content.decode()))
    kept.pop("csrfmiddlewaretoken", None)
    assert kept == form
    assert tab.post(address, {**kept, "confirm_password": PASSWORD}).status_code in {200, 302}
    assert state() != before


def test_a_confirmation_in_the_app_counts_for_the_admin_pages(ada: Any) -> None:
    tab = signed_in("owner")
    confirm(tab)
    made = tab.post("/admin/backchannel_accounts/token/add/", {"user": ada.pk, "name": "bot"})
    assert made.status_code == 200
    assert Token.objects.count() == 1


@MAIL
def test_an_address_replaced_by_staff_is_notified_and_cannot_recover_the_account(ada: Any) -> None:
    tab = signed_in("owner")
    confirm(tab)
    form = {"username": "ada", "email": "eve@example.com", "is_active": "on"}
    assert tab.post(f"/admin/backchannel_accounts/user/{ada.pk}/change/", form).status_code == 302
    assert person("ada").email == "eve@example.com"
    assert "ada@example.com" in {address for each in mail.outbox for address in each.to}
    assert not EmailAddress.objects.filter(email="ada@example.com").exists()


@pytest.mark.parametrize("path", ["token/add/", "invitation/add/"])
def test_a_new_secret_is_on_the_page_and_nowhere_else(ada: Any, path: str) -> None:
    tab = signed_in("owner")
    confirm(tab)
    form = {"user": str(ada.pk), "name": "bot", "max_uses": "3", "days": "2"}
    made = tab.post("/admin/backchannel_accounts/" + path, form)
    shown = re.search(r"(?:bc_|/invite/)([A-Za-z0-9_-]{43})", made.content.decode())
    assert shown is not None
    assert "no-store" in made["Cache-Control"]
    assert shown[1] not in made.cookies.output()
    assert "messages" not in tab.cookies
    assert shown[1] not in str(dict(tab.session))
    listed = tab.get("/admin/backchannel_accounts/" + path.removesuffix("add/"))
    assert shown[1] not in listed.content.decode()
