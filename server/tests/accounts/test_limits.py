"""Guessing passwords is slow, and affects nobody but the guesser."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client, override_settings

from backchannel.accounts import limits
from backchannel.accounts.addresses import network_of
from backchannel.accounts.onboarding import NewAccount, create_account
from tests.accounts.conftest import PASSWORD, SignIn
from tests.accounts.test_views import LOGIN, OWNER, SIGNUP, post

RESET = "/_allauth/browser/v1/auth/password/request"
REAUTHENTICATE = "/_allauth/browser/v1/auth/reauthenticate"
CHANGE = "/_allauth/browser/v1/account/password/change"


pytestmark = pytest.mark.usefixtures("stopped_rates")


def at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def sign_in_at(browser: Client, name: str, password: str) -> Any:
    return post(browser, LOGIN, {"username": name, "password": password})


def guess(address: str, times: int, name: str = "ada") -> list[int]:
    return [sign_in_at(at(address), name, f"wrong {n}").status_code for n in range(times)]


def is_rate_limited(answer: Any) -> bool:
    problem = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert (problem["code"], problem["status"]) == ("rate_limited", 429)
    assert int(answer["Retry-After"]) >= 1
    assert re.fullmatch(r"Too many attempts\. Retry in \d+ (s|minutes)\.", problem["detail"])
    return bool(answer.status_code == 429)


def test_wrong_passwords_from_elsewhere_do_not_lock_the_owner_out(ada: Any) -> None:
    assert guess("203.0.113.9", 8) == [400] * 5 + [429] * 3
    assert is_rate_limited(sign_in_at(at("203.0.113.77"), "ada", PASSWORD))
    assert sign_in_at(at("198.51.100.1"), "ada", PASSWORD).status_code == 200
    assert sign_in_at(at("2001:db8::1"), "ada", PASSWORD).status_code == 200


def test_a_known_browser_can_sign_in_whatever_others_try(ada: Any) -> None:
    known = at("203.0.113.9")
    assert sign_in_at(known, "ada", PASSWORD).status_code == 200
    known.delete("/_allauth/browser/v1/auth/session")
    # From its own network, and from enough others to reach the account's own limit.
    guess("203.0.113.9", 8)
    for network in range(12):
        guess(f"10.0.{network}.1", 5)
    assert is_rate_limited(sign_in_at(at("192.0.2.1"), "ada", PASSWORD))
    assert sign_in_at(known, "ada", PASSWORD).status_code == 200
    assert sign_in_at(known, "Ada ", PASSWORD).status_code in (200, 409)


def test_a_known_browser_guesses_no_faster_and_is_known_for_one_account_only(ada: Any) -> None:
    create_account(NewAccount(username="eve", password=PASSWORD))
    known = at("203.0.113.9")
    sign_in_at(known, "eve", PASSWORD)
    known.delete("/_allauth/browser/v1/auth/session")
    assert [sign_in_at(known, "eve", str(n)).status_code for n in range(12)] == [400] * 10 + [429] * 2
    assert [sign_in_at(known, "ada", str(n)).status_code for n in range(7)] == [400] * 5 + [429] * 2


def test_a_forged_known_browser_cookie_is_ignored(ada: Any) -> None:
    first = at("203.0.113.9")
    sign_in_at(first, "ada", PASSWORD)
    value = first.cookies["backchannel-device"].value
    guess("198.51.100.1", 5)
    for forged in ("", "x", value[:-1], value[1:], value.replace(":", ".")):
        thief = at("198.51.100.1")
        thief.cookies["backchannel-device"] = forged
        assert sign_in_at(thief, "ada", "wrong").status_code == 429


def test_a_signed_in_user_guesses_another_password_no_faster(ada: Any) -> None:
    create_account(NewAccount(username="eve", password=PASSWORD))
    thief = at("203.0.113.9")
    sign_in_at(thief, "eve", PASSWORD)
    answers = [sign_in_at(thief, "ada", str(n)).status_code for n in range(7)]
    assert answers[5:] == [429, 429]


def test_a_limit_outlives_any_number_of_other_requests(ada: Any) -> None:
    guess("203.0.113.9", 6)
    for n in range(70):
        sign_in_at(at(f"10.{n}.0.1"), f"nobody{n}", "x")
    for n in range(400):
        post(at(f"10.{n % 250}.1.1"), RESET, {"email": f"nobody{n}@example.com"})
    assert sign_in_at(at("203.0.113.9"), "ada", PASSWORD).status_code == 429


def test_successful_sign_ins_do_not_consume_attempts(ada: Any) -> None:
    assert [sign_in_at(at("203.0.113.9"), "ada", PASSWORD).status_code for _ in range(10)] == [200] * 10


def test_unknown_names_are_limited_and_answered_like_known_ones(ada: Any) -> None:
    assert guess("203.0.113.9", 7, "ada") == guess("203.0.113.9", 7, "nobody")


@pytest.mark.parametrize("name", ["ada", "nobody", "bot", "left"])
def test_every_refusal_costs_one_hash(ada: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    create_account(NewAccount(username="bot", password=None))
    left = create_account(NewAccount(username="left", password=PASSWORD))
    left.is_active = False
    left.save()
    hashed: list[str] = []
    for way in ("encode", "verify"):
        real = getattr(Argon2PasswordHasher, way)

        def counting(*arguments: Any, real: Any = real, **named: Any) -> Any:
            hashed.append(real.__name__)
            return real(*arguments, **named)

        monkeypatch.setattr(Argon2PasswordHasher, way, counting)
    assert sign_in_at(Client(), name, "wrong").status_code == 400
    assert len(hashed) == 1


def test_setup_is_limited_and_reveals_nothing_without_the_secret(secret: str) -> None:
    tries = [post(at("203.0.113.9"), "/account/setup", {**OWNER, "setup": "x"}) for _ in range(12)]
    assert [answer.status_code for answer in tries] == [403] * 10 + [429] * 2
    assert is_rate_limited(tries[-1])
    odd = [{**OWNER, "username": "all"}, {**OWNER, "password": "x"}, {"workspace": ""}]
    said = {post(at("198.51.100.1"), "/account/setup", {**body, "setup": "x"}).content for body in odd}
    assert said == {tries[0].content}
    assert post(at("198.51.100.2"), "/account/setup", {**OWNER, "setup": secret}).status_code == 201


def test_sign_up_reveals_taken_names_only_to_those_who_may_sign_up(owner: Any) -> None:
    taken, free = {"username": "owner", "password": PASSWORD}, {"username": "free", "password": "x"}
    for invitation in ({}, {"invitation": ""}, {"invitation": "invented"}):
        answers = [post(at("203.0.113.9"), SIGNUP, {**body, **invitation}) for body in (taken, free)]
        assert [answer.status_code for answer in answers] == [400, 400]
        assert answers[0].content == answers[1].content
        assert [error["param"] for error in answers[0].json()["errors"]] == ["invitation"]
    with override_settings(BACKCHANNEL_SIGNUP="closed"):
        answers = [post(at("203.0.113.9"), SIGNUP, body) for body in (taken, free)]
        assert {(answer.status_code, answer.content) for answer in answers} == {(403, answers[0].content)}


def test_sign_up_invitations_and_resets_are_limited_by_network(owner: Any) -> None:
    with override_settings(BACKCHANNEL_SIGNUP="open"):
        answers = [post(at("203.0.113.9"), SIGNUP, {"username": "owner"}) for _ in range(32)]
    assert [answer.status_code for answer in answers[28:]] == [400, 400, 429, 429]
    shown = [at("203.0.113.9").get(f"/account/invitations/x{n}") for n in range(62)]
    assert [answer.status_code for answer in shown[58:]] == [404, 404, 429, 429]
    asked = [post(at("203.0.113.9"), RESET, {"email": f"x{n}@example.com"}) for n in range(12)]
    assert [answer.status_code for answer in asked[8:]] == [200, 200, 429, 429]
    keyed = [
        post(at("203.0.113.9"), "/_allauth/browser/v1/auth/password/reset", {"key": "x-y", "password": "z"})
        for _ in range(22)
    ]
    assert [answer.status_code for answer in keyed[18:]] == [400, 400, 429, 429]
    assert all(map(is_rate_limited, (answers[-1], shown[-1], asked[-1], keyed[-1])))


def test_a_reset_answers_alike_for_known_and_unknown_addresses(ada: Any, mailoutbox: list[Any]) -> None:
    ada.email = "ada@example.com"
    ada.save()
    asked = [
        [post(at(f"10.0.{n}.1"), RESET, {"email": each}) for n in range(4)] for each in ("ada@example.com", "b@c.de")
    ]
    assert (
        [answer.status_code for answer in asked[0]] == [answer.status_code for answer in asked[1]] == [200] * 3 + [429]
    )
    assert asked[0][0].content == asked[1][0].content
    # And no mail is sent to an unknown address.
    assert {address for mail in mailoutbox for address in mail.to} == {"ada@example.com"}


def test_a_password_reset_by_mail_lifts_the_accounts_limit(ada: Any) -> None:
    for network in range(12):
        guess(f"10.0.{network}.1", 5)
    assert sign_in_at(at("192.0.2.1"), "ada", PASSWORD).status_code == 429
    from allauth.account.forms import default_token_generator as tokens
    from allauth.account.utils import user_pk_to_url_str

    key = f"{user_pk_to_url_str(ada)}-{tokens.make_token(ada)}"
    fresh = "another horse battery"
    done = post(at("192.0.2.1"), "/_allauth/browser/v1/auth/password/reset", {"key": key, "password": fresh})
    assert done.status_code in (200, 401)
    assert sign_in_at(at("192.0.2.1"), "ada", fresh).status_code == 200


def test_confirming_the_password_is_limited_per_session(ada: Any, sign_in: SignIn) -> None:
    thief, owner = sign_in("ada"), sign_in("ada")
    assert [post(thief, REAUTHENTICATE, {"password": str(n)}).status_code for n in range(12)] == [400] * 10 + [429] * 2
    wrong = {"current_password": "x", "new_password": "another horse battery"}
    assert is_rate_limited(post(thief, CHANGE, wrong))
    assert post(owner, CHANGE, {**wrong, "current_password": PASSWORD}).status_code == 200


def test_signing_in_needs_no_redis(ada: Any) -> None:
    with override_settings(BACKCHANNEL={"REDIS_URLS": ("redis://127.0.0.1:1/0",)}):
        limits.attempts.cache_clear()
        assert guess("203.0.113.9", 7) == [400] * 5 + [429] * 2
        assert sign_in_at(at("198.51.100.1"), "ada", PASSWORD).status_code == 200
    limits.attempts.cache_clear()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2ff:3::4", "2001:db8:1:200::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_neighbouring_addresses_are_counted_as_one_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_the_accounts_page_documents_every_rule() -> None:
    text = (Path(__file__).parents[3] / "docs/reference/accounts.md").read_text("utf-8")
    for rule in limits.RULES:
        assert re.search(rf"`{re.escape(rule.name)}` \| {rule.burst} \| {rule.every_s:g} s \|", text), rule
