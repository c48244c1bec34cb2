import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client, override_settings
from django.utils import timezone

from backchannel.accounts.models import Invitation, Setup
from backchannel.accounts.people import person_of
from backchannel.store import rooms
from tests.accounts.conftest import PASSWORD, SignIn

SIGNUP = "/_allauth/browser/v1/auth/signup"
LOGIN = "/_allauth/browser/v1/auth/login"

OWNER = {"workspace": "Lab", "username": "Grace", "display_name": "Grace H.", "password": PASSWORD}


def post(tab: Client, path: str, body: Any) -> Any:
    return tab.post(path, body, content_type="application/json")


def rooms_of(username: str) -> list[str | None]:
    user = get_user_model()._default_manager.get(username=username)
    return [room.name for room in rooms.rooms_of(person_of(user).id)]


def sign_up(body: dict[str, Any]) -> Any:
    return post(Client(), SIGNUP, {"password": PASSWORD, **body})


@pytest.fixture
def link(owner: Any, sign_in: SignIn) -> str:
    answer = post(sign_in("owner"), "/account/invitations", {"max_uses": 2})
    assert answer.status_code == 201
    return str(answer.json()["url"]).rsplit("/", 1)[1]


def test_a_new_server_asks_for_its_owner_and_makes_the_first_channel(secret: str) -> None:
    tab = Client()
    before = tab.get("/account/state")
    assert before.json() == {"setup_required": True, "signup": "invitation", "workspace": "Backchannel", "user": None}
    assert before["Cache-Control"] == "no-store"
    assert "csrftoken" in before.cookies
    made = post(tab, "/account/setup", {**OWNER, "setup": secret})
    assert made.status_code == 201
    after = tab.get("/account/state").json()
    assert after == made.json()
    assert (after["setup_required"], after["workspace"]) == (False, "Lab")
    assert (after["user"]["username"], after["user"]["display_name"], after["user"]["staff"]) == (
        "grace",
        "Grace H.",
        True,
    )
    assert rooms_of("grace") == ["general"]


def test_concurrent_setups_create_a_single_owner(secret: str) -> None:
    statuses: list[int] = []

    def race(number: int) -> None:
        from django.db import connection

        body = {**OWNER, "setup": secret, "username": f"owner{number}"}
        statuses.append(post(Client(), "/account/setup", body).status_code)
        connection.close()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [403] * 5
    assert get_user_model()._default_manager.filter(is_superuser=True).count() == 1
    assert Setup.objects.count() == 1
    late = post(Client(), "/account/setup", {**OWNER, "setup": secret})
    assert (late.status_code, late.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "two words"}, "username"),
        ({"username": "-dash"}, "username"),
        ({"username": "all"}, "username"),
        ({"username": "x" * 33}, "username"),
        ({"username": 7}, "username"),
        ({"username": ""}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "12345678901"}, "password"),
        ({"display_name": "x" * 81}, "display_name"),
        ({"workspace": " "}, "workspace"),
        ({"color": "red"}, "color"),
    ],
)
def test_setup_reports_errors_by_field(secret: str, change: dict[str, Any], field: str) -> None:
    answer = post(Client(), "/account/setup", {**OWNER, "setup": secret, **change})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [field]
    assert not get_user_model()._default_manager.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_not_json_or_not_the_method_is_a_problem() -> None:
    assert Client().post("/account/setup", "{", content_type="application/json").json()["code"] == "bad_frame"
    assert Client().post("/account/setup", "[]", content_type="application/json").json()["code"] == "bad_frame"
    wrong = Client().get("/account/setup")
    assert (wrong.status_code, wrong["Allow"]) == (405, "POST")


def test_a_page_elsewhere_cannot_set_the_server_up(secret: str) -> None:
    owner = {**OWNER, "setup": secret}
    strict = Client(enforce_csrf_checks=True)
    answer = post(strict, "/account/setup", owner)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    foreign = strict.post(
        "/account/setup", owner, content_type="application/json", headers={"origin": "https://evil.example"}
    )
    assert foreign.json()["code"] == "wrong_origin"
    token = strict.get("/account/state").cookies["csrftoken"].value
    ours = strict.post("/account/setup", owner, content_type="application/json", headers={"x-csrftoken": token})
    assert ours.status_code == 201


def test_an_invitation_admits_as_many_as_it_allows(link: str) -> None:
    shown = Client().get(f"/account/invitations/{link}")
    assert shown.json()["valid"] is True
    first = sign_up({"username": "Eve", "display_name": "Eve  E.", "invitation": link})
    assert first.status_code == 200, first.content
    assert rooms_of("eve") == ["general"]
    assert person_of(get_user_model()._default_manager.get(username="eve")).display_name == "Eve E."
    assert sign_up({"username": "fay", "invitation": link}).status_code == 200
    third = sign_up({"username": "gus", "invitation": link})
    assert third.status_code == 400
    assert [error["param"] for error in third.json()["errors"]] == ["invitation"]
    assert not get_user_model()._default_manager.filter(username="gus").exists()


def test_used_expired_and_invented_invitations_are_indistinguishable(link: str) -> None:
    Invitation.objects.update(uses=2)
    used_up = Client().get(f"/account/invitations/{link}")
    Invitation.objects.update(uses=0, expires=timezone.now() - timedelta(seconds=1))
    ended = Client().get(f"/account/invitations/{link}")
    invented = Client().get("/account/invitations/nothing")
    assert {answer.status_code for answer in (used_up, ended, invented)} == {404}
    assert used_up.content == ended.content == invented.content


def test_a_refused_sign_up_does_not_consume_the_invitation(link: str) -> None:
    assert sign_up({"username": "owner", "invitation": link}).status_code == 400
    assert sign_up({"username": "no spaces", "invitation": link}).status_code == 400
    assert Invitation.objects.get().uses == 0


def test_one_of_many_concurrent_users_gets_the_last_use(link: str) -> None:
    Invitation.objects.update(max_uses=1)
    statuses: list[int] = []

    def race(number: int) -> None:
        from django.db import connection

        statuses.append(sign_up({"username": f"eve{number}", "invitation": link}).status_code)
        connection.close()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 400, 400, 400]


def test_the_ways_of_signing_up(owner: Any) -> None:
    assert sign_up({"username": "eve"}).status_code == 400
    with override_settings(BACKCHANNEL_SIGNUP="open"):
        assert sign_up({"username": "eve"}).status_code == 200
    with override_settings(BACKCHANNEL_SIGNUP="closed"):
        assert sign_up({"username": "fay"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_nobody_signs_up_before_there_is_an_owner() -> None:
    with override_settings(BACKCHANNEL_SIGNUP="open"):
        assert sign_up({"username": "eve"}).status_code == 403


def test_only_staff_invites(ada: Any, sign_in: SignIn) -> None:
    assert post(Client(), "/account/invitations", {}).json()["code"] == "unauthenticated"
    assert post(sign_in("ada"), "/account/invitations", {}).json()["code"] == "forbidden"
    assert post(sign_in("owner"), "/account/invitations", {"days": 0}).status_code == 422
    assert post(sign_in("owner"), "/account/invitations", {"max_uses": 100_000}).status_code == 422


def test_a_link_is_made_with_the_address_that_people_open(owner: Any, sign_in: SignIn) -> None:
    with override_settings(BACKCHANNEL={"ORIGINS": ("https://chat.example.com",)}):
        url = post(sign_in("owner"), "/account/invitations", {}).json()["url"]
    assert url.startswith("https://chat.example.com/invite/")


def test_signing_in_ignores_case_and_reveals_nothing(ada: Any) -> None:
    tab = Client()
    wrong = post(tab, LOGIN, {"username": "ada", "password": "wrong"})
    nobody = post(tab, LOGIN, {"username": "nobody", "password": "wrong"})
    assert wrong.status_code == nobody.status_code == 400
    assert wrong.json() == nobody.json()
    right = post(tab, LOGIN, {"username": "Ada", "password": PASSWORD})
    assert right.status_code == 200
    assert right.json()["data"]["user"]["user_id"] == tab.get("/account/state").json()["user"]["id"]


def test_guessing_a_password_is_slowed_down(ada: Any) -> None:
    statuses = [post(Client(), LOGIN, {"username": "ada", "password": str(n)}).status_code for n in range(40)]
    assert 429 in statuses or post(Client(), LOGIN, {"username": "ada", "password": PASSWORD}).status_code != 200


def test_a_person_can_change_their_own_display_name(ada: Any, sign_in: SignIn) -> None:
    tab = sign_in("ada")
    path, kind = "/account/profile", "application/json"
    assert tab.patch(path, {"display_name": " Ada   Lovelace "}, content_type=kind).json()["user"]["display_name"] == (
        "Ada Lovelace"
    )
    assert tab.patch(path, {"display_name": " "}, content_type=kind).status_code == 422
    assert Client().patch(path, {"display_name": "X"}, content_type=kind).status_code == 401


def test_a_session_in_use_is_extended(ada: Any, sign_in: SignIn) -> None:
    tab = sign_in("ada")
    soon = timezone.now() + timedelta(days=1)
    Session.objects.update(expire_date=soon)
    tab.get("/account/state")
    assert Session.objects.get().expire_date > soon
