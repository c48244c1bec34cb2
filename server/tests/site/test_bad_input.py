"""Sends unexpected input to every URL that Django answers, signed in and not: none fails with 500."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from backchannel.accounts.models import Setup
from backchannel.accounts.onboarding import NewAccount, create_account, set_up
from backchannel.site.logging import _QUIET

PASSWORD = "correct horse battery"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
JSON = "application/json"

# Bodies that are invalid at every URL.
UNREADABLE: dict[str, bytes] = {
    "half a JSON": b'{"username":',
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"7",
    "null": b"null",
    "not UTF-8": b'{"username": "\xff\xfe"}',
    "UTF-8 of a surrogate": b'{"username": "\xed\xa0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "NaN": b'{"username": NaN}',
    "a list 100,000 deep": b"[" * 100_000,
    "an object 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "900 deep": b'{"username":' + b"[" * 900 + b"]" * 900 + b"}",
    "a member twice": b'{"username": "a", "username": "b"}',
    "a number of 5,000 digits": b'{"days": ' + b"9" * 5_000 + b"}",
}
# Values that no field accepts.
UNTAKEN: dict[str, bytes] = {
    "half a character": rb'"\ud800"',
    "half a character in a list": rb'["\udfff"]',
    "NUL": rb'"a\u0000b"',
    "2^64": b"18446744073709551616",
    "1e400": b"1e400",
    "an object": b'{"a": 1}',
    "a list": b'["x"]',
    "a number": b"7",
}
FIELDS = (
    "username", "password", "email", "phone", "key", "code", "display_name", "invitation", "workspace", "current_password",
    "new_password", "days", "max_uses", "primary", "revoke_tokens",
)  # fmt: skip


def addresses(patterns: list[Any] | None = None, before: str = "") -> Iterator[str]:
    """Every URL under account/ and _allauth/, with its parameters filled in."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and not path.startswith("admin/"):
            yield from addresses(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith(("account/", "_allauth/")):
            yield "/" + path.replace("<str:secret>", "x").replace("<int:id>", "7").removeprefix("^").removesuffix("$")


ADDRESSES = sorted(set(addresses()))


@pytest.fixture(scope="module")
def people(module_database: None) -> None:
    set_up("Lab", NewAccount(username="owner", password=PASSWORD))
    create_account(NewAccount(username="ada", password=PASSWORD))


def visitor(username: str | None) -> Client:
    tab = Client(raise_request_exception=False)
    if username is not None:
        tab.force_login(get_user_model()._default_manager.get(username=username))
    return tab


def test_the_test_finds_every_url() -> None:
    assert len(ADDRESSES) >= 18
    assert {"/account/setup", "/account/profile", "/_allauth/browser/v1/auth/login"} <= set(ADDRESSES)


@pytest.mark.parametrize("who", [None, "owner"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_unreadable_bodies_are_answered_with_problem_json(people: None, path: str, who: str | None) -> None:
    for method in METHODS[1:]:
        tab = visitor(who)
        for name, body in UNREADABLE.items():
            answer = tab.generic(method, path, body, content_type=JSON)
            assert 400 <= answer.status_code < 500, (method, name, answer.status_code)
            assert answer["Content-Type"].startswith(("application/problem+json", "application/json")), (method, name)
            assert b"<" not in answer.content, (method, name)


@pytest.mark.parametrize("who", [None, "owner"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_no_value_of_a_field_breaks_an_address(people: None, path: str, who: str | None) -> None:
    for method in METHODS[1:]:
        tab = visitor(who)
        for name, value in UNTAKEN.items():
            for field in FIELDS if (method, who) == ("POST", "owner") else FIELDS[:2] + FIELDS[-6:]:
                if name == "a number" and field in {"days", "max_uses"}:
                    continue
                body = b'{"' + field.encode() + b'": ' + value + b"}"
                answer = tab.generic(method, path, body, content_type=JSON)
                assert 400 <= answer.status_code < 500, (method, field, name, answer.status_code)
                json.loads(answer.content)


@pytest.mark.parametrize("path", ADDRESSES)
def test_no_header_or_query_breaks_an_address(people: None, path: str) -> None:
    strange: dict[str, Any] = {
        "HTTP_X_EMAIL_VERIFICATION_KEY": "\u00ff:zzzz:\x7f",
        "HTTP_X_PASSWORD_RESET_KEY": "zzzzzzzzzzzzz-x",
        "HTTP_COOKIE": 'backchannel="\\000\\377"; csrftoken="\\000"; messages="x"',
        "HTTP_USER_AGENT": "\u00ff" * 5_000,
    }
    for who in (None, "owner"):
        assert visitor(who).get(path).status_code < 500
    tab = visitor(None)
    for query in ("?next=%00", "?q=%ff", "?a=" + "x" * 5_000):
        for method in METHODS:
            answer = tab.generic(method, path + query, **strange)
            assert answer.status_code < 500, (method, query)


@pytest.mark.parametrize(
    "key",
    ["-x", " -x", "-", "--", "x", "\u00e9-x", "1 -x", "z" * 14 + "-x", "z" * 13 + "-x", ":", "::", "a:b", "MQ:1:x"],
)
def test_no_key_of_a_mailed_link_breaks_an_address(people: None, key: str) -> None:
    tab = visitor(None)
    for name, path in (("password-reset", "password/reset"), ("email-verification", "email/verify")):
        address = f"/_allauth/browser/v1/auth/{path}"
        answers = [
            tab.get(address, headers={f"x-{name}-key": key}),
            tab.post(address, {"key": key, "password": "correct horse battery"}, content_type=JSON),
        ]
        for answer in answers:
            assert answer.status_code in {400, 429}, answer.content
            json.loads(answer.content)


def test_a_form_is_not_accepted_as_a_json_body(people: None) -> None:
    """Another site can send a form with the visitor's cookie, but JSON only if CORS allows it."""
    for path in ("/account/profile", "/_allauth/browser/v1/auth/login"):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            method = "PATCH" if path.endswith("profile") else "POST"
            answer = visitor("ada").generic(method, path, b'{"display_name": "Eve"}', content_type=kind)
            assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type"), (path, kind)


FORMS = {
    "3,000 fields": (b"&".join(b"f%d=x" % number for number in range(3_000)), "application/x-www-form-urlencoded"),
    "200 files": (
        b"".join(
            b'--x\r\nContent-Disposition: form-data; name="f%d"; filename="n"\r\n\r\nx\r\n' % number
            for number in range(200)
        )
        + b"--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "no boundary": (b"--x", "multipart/form-data"),
    "half a form": (b'--x\r\nContent-Disposition: form-data; name="f', "multipart/form-data; boundary=x"),
}


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("path", [*ADDRESSES, "/admin/", "/admin/login/", "/nothing"])
def test_an_unexpected_form_breaks_nothing_and_does_not_fill_the_log(
    people: None, path: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    body, content_type = FORMS[kind]
    for who in (None, "owner"):
        tab = Client(raise_request_exception=False, enforce_csrf_checks=True)
        if who is not None:
            tab.force_login(get_user_model()._default_manager.get(username=who))
        answer = tab.generic("POST", path, body, content_type=content_type)
        assert 400 <= answer.status_code < 500
        assert answer["Content-Type"].startswith("application/problem+json"), answer.content
    written = [each for each in caplog.records if _QUIET.get(each.name, logging.NOTSET) <= each.levelno]
    assert not [each for each in written if each.levelno >= logging.ERROR]


@pytest.mark.parametrize("field", ["workspace", "username", "display_name", "password"])
def test_setup_refuses_text_that_cannot_be_stored_by_field(field: str, db: None) -> None:
    good = {"workspace": "Lab", "username": "grace", "display_name": "Grace", "password": PASSWORD}
    for bad in ("a\x00b", "a\ud800b"):
        answer = Client().post("/account/setup", json.dumps({**good, field: bad}), content_type=JSON)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert not Setup.objects.exists()


def test_a_name_that_cannot_be_stored_is_refused_on_either_database(people: None) -> None:
    for bad in ("Ada\x00", "\ud83d", "Ada \udc00 L."):
        answer = visitor("ada").patch("/account/profile", json.dumps({"display_name": bad}), content_type=JSON)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert list(answer.json()["errors"]) == ["display_name"]


def test_there_are_no_telephone_numbers(people: None) -> None:
    for path in ("account/phone", "auth/phone/verify", "auth/phone/verify/resend"):
        for method in METHODS:
            answer = visitor("ada").generic(method, "/_allauth/browser/v1/" + path, b'{"phone": "+491701234567"}', JSON)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (path, method)
