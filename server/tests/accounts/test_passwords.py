"""A password is the text as typed, wherever it is set or entered."""

import unicodedata
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password, make_password
from django.test import Client, override_settings

from backchannel.accounts.onboarding import NewAccount, Refused, create_account
from backchannel.accounts.passwords import prepared
from tests.accounts.test_views import LOGIN, OWNER, SIGNUP, post

SPACED = ("  correct horse", "correct horse  ", "\tcorrect horse\u3000", "correct\u00a0horse ")
CHANGE = "/_allauth/browser/v1/account/password/change"
REAUTHENTICATE = "/_allauth/browser/v1/auth/reauthenticate"


def signs_in(username: str, password: str) -> bool:
    return bool(post(Client(), LOGIN, {"username": username, "password": password}).status_code == 200)


@pytest.mark.parametrize("password", SPACED)
def test_a_password_set_at_the_command_line_is_accepted_at_sign_in(owner: Any, password: str) -> None:
    create_account(NewAccount(username="ada", password=password))
    assert signs_in("ada", password)
    assert not signs_in("ada", password.strip())


@pytest.mark.parametrize("password", SPACED)
def test_a_password_of_the_setup_page_is_accepted_at_sign_in(secret: str, password: str) -> None:
    assert post(Client(), "/account/setup", {**OWNER, "setup": secret, "password": password}).status_code == 201
    assert signs_in("grace", password)


@pytest.mark.parametrize("password", SPACED)
def test_a_password_of_the_sign_up_is_accepted_at_sign_in(owner: Any, password: str) -> None:
    with override_settings(BACKCHANNEL_SIGNUP="open"):
        assert post(Client(), SIGNUP, {"username": "eve", "password": password}).status_code == 200
    assert signs_in("eve", password)
    assert not signs_in("eve", password.strip())


def test_a_changed_password_is_taken_as_typed_and_asked_for_as_typed(ada: Any, sign_in: Any) -> None:
    tab = sign_in("ada")
    ada.set_password(SPACED[0])
    ada.save()
    tab.force_login(ada)
    trimmed = {"current_password": SPACED[0].strip(), "new_password": SPACED[1]}
    assert post(tab, CHANGE, trimmed).status_code == 400
    assert post(tab, CHANGE, {**trimmed, "current_password": SPACED[0]}).status_code == 200
    assert signs_in("ada", SPACED[1])
    assert post(tab, REAUTHENTICATE, {"password": SPACED[1].strip()}).status_code == 400
    assert post(tab, REAUTHENTICATE, {"password": SPACED[1]}).status_code == 200


def test_the_same_characters_written_by_another_keyboard_are_the_same_password(owner: Any) -> None:
    composed = "über Ångström 한국"
    create_account(NewAccount(username="ada", password=unicodedata.normalize("NFD", composed)))
    assert signs_in("ada", composed)
    assert signs_in("ada", composed.replace(" ", "\u00a0"))
    assert not signs_in("ada", composed.casefold())


def test_a_hash_of_an_uncomposed_password_still_works(ada: Any) -> None:
    from django.contrib.auth.hashers import Argon2PasswordHasher

    decomposed = unicodedata.normalize("NFD", "über die Brücke")
    assert prepared(decomposed) != decomposed
    hasher = Argon2PasswordHasher()
    old = hasher.encode(decomposed, hasher.salt())
    get_user_model()._default_manager.filter(pk=ada.pk).update(password=old)
    assert signs_in("ada", decomposed)


def test_wide_letters_are_not_narrow_ones() -> None:
    assert not check_password("ｐａｓｓｗｏｒｄ", make_password("password"))


@pytest.mark.parametrize("password", ["", "correct\x00horse", "correct\udcffhorse"])
def test_a_password_nobody_could_sign_in_with_is_refused(owner: Any, password: str) -> None:
    with pytest.raises(Refused) as refused:
        create_account(NewAccount(username="ada", password=password, weak_password=True))
    assert list(refused.value.errors) == ["password"]


def test_hash_parameters_follow_rfc_9106_for_limited_memory() -> None:
    """The other tests run with cheaper parameters, which conftest.py sets in `params` only."""
    from backchannel.accounts.hashers import Argon2

    assert (Argon2.time_cost, Argon2.memory_cost, Argon2.parallelism) == (3, 64 * 1024, 1)
