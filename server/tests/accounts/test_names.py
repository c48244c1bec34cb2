"""Usernames and display names, which everyone sees."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from backchannel.accounts.attempts import Rule
from backchannel.accounts.onboarding import NewAccount, Refused, create_account
from backchannel.accounts.personal_rates import PersonalRates
from backchannel.protocol.errors import CommandError
from backchannel.store import people
from backchannel.store.models import Event, Person, Room
from tests.accounts.conftest import PASSWORD, SignIn


def names(account: str, username: str, full_name: str = "") -> tuple[str, str]:
    user = people.person_for_account(people.Profile(account, username, full_name)).user
    return user.username, user.display_name


def test_an_address_used_as_login_is_never_shown(transactional_db: None) -> None:
    assert names("1", "Ada.L+chat@example.com", "Ada L") == ("ada.l", "Ada L")
    assert names("2", "bob@corp", "bob@corp.example") == ("bob", "bob")
    assert names("3", "søren@example.com", "") == ("sren", "sren")
    assert names("4", "+@example.com") == ("person", "person")
    assert names("5", "all@example.com") == ("all.person", "all.person")
    assert names("6", "grace", "Grace <grace@example.com>") == ("grace", "grace")


def test_two_similar_addresses_get_distinct_stable_names(transactional_db: None) -> None:
    assert names("1", "ada@one.example")[0] == "ada"
    assert names("2", "ada@two.example")[0] == "ada.2"
    assert names("3", "ada@three.example")[0] == "ada.3"
    Person.objects.filter(account="1").delete()
    assert [names(str(number), f"ada@{number}.example")[0] for number in (2, 3)] == ["ada.2", "ada.3"]


def test_addresses_that_became_names_before_are_replaced_everywhere(transactional_db: None) -> None:
    ada = Person.objects.create(account="1", username="ada@example.com", display_name="ada@example.com")
    bob = Person.objects.create(account="2", username="bob", display_name="Bob")
    room = Room.objects.create(kind="group", name="mail me@example.com")
    said = {
        "actor": {"id": ada.pk, "username": "ada@example.com", "display_name": "ada@example.com"},
        "name": "me@example.com",
    }
    Event.objects.create(room=room, seq=1, kind="room_updated", at_us=1, body=json.dumps(said))
    import_module("backchannel.store.migrations.0006_no_addresses_as_names").replace(apps, None)
    ada.refresh_from_db()
    bob.refresh_from_db()
    assert (ada.username, ada.display_name) == ("ada", "ada")
    assert (bob.username, bob.display_name) == ("bob", "Bob")
    body = json.loads(Event.objects.get(room=room).body)
    assert body == {"actor": {"id": ada.pk, "username": "ada", "display_name": "ada"}, "name": "me@example.com"}
    assert names("1", "ada@example.com")[0] == "ada"


@pytest.mark.parametrize("name", ["a\x00b", "a\udc00b", "ada@example.com", "Ada <ada@example.com>", "x" * 81])
def test_a_display_name_is_checked_alike_everywhere(owner: Any, sign_in: SignIn, name: str) -> None:
    with pytest.raises(Refused) as refused:
        create_account(NewAccount(username="ada", display_name=name, password=PASSWORD))
    assert list(refused.value.errors) == ["display_name"]
    tab = sign_in("owner")
    answer = tab.patch("/account/profile", json.dumps({"display_name": name}), content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["display_name"])


def test_a_display_name_is_stored_without_disguising_characters(owner: Any, sign_in: SignIn) -> None:
    def change(name: str) -> Any:
        return sign_in("owner").patch(
            "/account/profile", json.dumps({"display_name": name}), content_type="application/json"
        )

    assert change(" The\u202e  \u200bOwner ").json()["user"]["display_name"] == "The Owner"
    assert change("\u200b\u2060").status_code == 422


def test_profile_changes_are_limited_with_a_time_to_wait(owner: Any, sign_in: SignIn, stopped_rates: None) -> None:
    tab = sign_in("owner")
    answers = [
        tab.patch("/account/profile", json.dumps({"display_name": f"O {number}"}), content_type="application/json")
        for number in range(12)
    ]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert answers[-1].json()["code"] == "rate_limited"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 6
    assert tab.get("/account/state").json()["user"]["display_name"] == "O 9"


def test_a_rate_is_per_person_and_refills() -> None:
    now = 100.0
    rates, rule = PersonalRates(clock=lambda: now), Rule("any", burst=2, every_s=5)
    rates.take(rule, "1")
    rates.take(rule, "1")
    with pytest.raises(CommandError) as refused:
        rates.take(rule, "1")
    assert refused.value.retry_after == 5
    rates.take(rule, "2")
    now = 105.0
    rates.take(rule, "1")
    with pytest.raises(CommandError):
        rates.take(rule, "1")


def test_signed_out_visitors_change_nothing(owner: Any) -> None:
    assert Client().patch("/account/profile", "{}", content_type="application/json").status_code == 401
