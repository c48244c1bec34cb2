import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from backchannel.accounts import lookup
from backchannel.accounts.models import Invitation, Token
from backchannel.accounts.onboarding import NewAccount, create_account, set_up
from backchannel.accounts.people import person_of
from backchannel.accounts.running_chats import write
from backchannel.commands.create_room import CreateRoom
from backchannel.store import rooms

PASSWORD = "correct horse battery"


@pytest.fixture
def owner(transactional_db: None) -> Any:
    return set_up("Lab", NewAccount(username="owner", password=PASSWORD))


def confirm(client: Client) -> None:
    """Enter the password, which every change in the admin pages requires."""
    answer = client.post(
        "/_allauth/browser/v1/auth/reauthenticate", {"password": PASSWORD}, content_type="application/json"
    )
    assert answer.status_code == 200


@pytest.fixture
def tab(owner: Any) -> Client:
    client = Client()
    client.force_login(owner)
    confirm(client)
    return client


@pytest.mark.parametrize("path", ["", *(f"{name}/" for name in (
    "backchannel_accounts/user", "backchannel_accounts/token", "backchannel_accounts/invitation",
    "backchannel_accounts/user/add", "backchannel_accounts/token/add", "backchannel_accounts/invitation/add",
    "backchannel/room", "backchannel/message",
))])  # fmt: skip
def test_every_page_opens(tab: Client, path: str) -> None:
    assert tab.get(f"/admin/{path}").status_code == 200


def test_the_admin_sign_in_is_rate_limited(owner: Any) -> None:
    answer = Client().get("/admin/", follow=False)
    assert answer["Location"] == "/admin/login/?next=/admin/"
    assert Client().get("/admin/login/")["Location"] == "/?next=%2Fadmin%2F"
    posted = Client().post("/admin/login/", {"username": "owner", "password": PASSWORD})
    assert posted["Location"] == "/?next=%2Fadmin%2F"
    visitor = Client()
    visitor.force_login(create_account(NewAccount(username="ada", password=PASSWORD)))
    assert visitor.get("/admin/login/").status_code == 403


def test_a_token_is_shown_once_and_works_until_it_is_revoked(tab: Client, owner: Any) -> None:
    made = tab.post("/admin/backchannel_accounts/token/add/", {"user": owner.pk, "name": "bot"}, follow=True)
    shown = re.search(r"bc_[A-Za-z0-9_-]{43}", made.content.decode())
    assert shown is not None
    assert lookup.by_secret("token", shown[0]) is not None
    assert shown[0] not in tab.get("/admin/backchannel_accounts/token/").content.decode()
    row = Token.objects.get()
    tab.post("/admin/backchannel_accounts/token/", {"action": "revoke", "_selected_action": [row.pk]})
    assert lookup.by_secret("token", shown[0]) is None


def test_an_invitation_link_is_shown_once(tab: Client, owner: Any) -> None:
    made = tab.post("/admin/backchannel_accounts/invitation/add/", {"max_uses": 3, "days": 2}, follow=True)
    assert re.search(r"http://testserver/invite/[A-Za-z0-9_-]{43}", made.content.decode())
    row = Invitation.objects.get()
    assert (row.max_uses, row.created_by) == (3, owner)


def test_a_person_made_here_is_in_the_first_channel(tab: Client) -> None:
    form = {"username": "ada", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    tab.post("/admin/backchannel_accounts/user/add/", form)
    ada = get_user_model()._default_manager.get(username="ada")
    assert [room.name for room in rooms.rooms_of(person_of(ada).id)] == ["general"]
    assert tab.get(f"/admin/backchannel_accounts/user/{ada.pk}/change/").status_code == 200
    assert tab.get(f"/admin/backchannel_accounts/user/{ada.pk}/delete/").status_code == 403


def test_rooms_and_messages_can_be_viewed(tab: Client, owner: Any) -> None:
    room = rooms.rooms_of(person_of(owner).id)[0]
    assert tab.get(f"/admin/backchannel/room/{room.id}/change/").status_code == 200
    assert tab.get("/admin/backchannel/room/add/").status_code == 403
    assert tab.post(f"/admin/backchannel/room/{room.id}/change/", {"name": "x"}).status_code == 403
    assert tab.get(f"/admin/backchannel/room/{room.id}/delete/").status_code == 403
    assert tab.get("/admin/backchannel/message/add/").status_code == 403


@pytest.mark.parametrize("query", ["анн", "АННА", "лин", "Ли\u0301н", "ａnna"])
def test_people_and_rooms_are_found_as_in_the_app(tab: Client, owner: Any, query: str) -> None:
    someone = create_account(NewAccount(username="anna", display_name="Анна Лин", password=PASSWORD))
    write(CreateRoom(actor=person_of(owner), kind="channel", name="Анна Лин, Anna", topic="", members=[]))
    get_user_model().objects.filter(pk=someone.pk).update(is_active=False)
    assert "Анна Лин" in tab.get("/admin/backchannel_accounts/user/", {"q": query}).content.decode()
    assert "Анна Лин, Anna" in tab.get("/admin/backchannel/room/", {"q": query}).content.decode()
    assert "Анна Лин" not in tab.get("/admin/backchannel_accounts/user/", {"q": "bob"}).content.decode()


def test_direct_rooms_are_hidden(tab: Client, owner: Any) -> None:
    ada = person_of(create_account(NewAccount(username="ada", password=PASSWORD)))
    direct = write(CreateRoom(actor=person_of(owner), kind="direct", name=None, topic="", members=[ada.id])).room
    assert tab.get(f"/admin/backchannel/room/{direct.id}/change/").status_code == 302


def test_setting_a_password_reports_the_tokens_that_remain_valid(tab: Client) -> None:
    ada = create_account(NewAccount(username="ada", password=PASSWORD))
    lookup.issue_token(ada, "bot")
    new = {"password1": PASSWORD + "!", "password2": PASSWORD + "!", "usable_password": "true"}
    page = tab.post(f"/admin/backchannel_accounts/user/{ada.pk}/password/", new, follow=True)
    assert "1 token remains valid" in page.content.decode()
    tab.post("/admin/backchannel_accounts/user/", {"action": "revoke_tokens", "_selected_action": [ada.pk]})
    assert Token.objects.get().revoked is not None
