"""Two session cookies: Django's pages and /api use the same one, and an invalid one does not lock the user out."""

import itertools
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from backchannel.accounts.session_cookie import session_keys
from backchannel.protocol.errors import CommandError
from tests.accounts.authenticator import AUTHENTICATOR
from tests.accounts.conftest import SignIn, session_key
from tests.reading import run_read

NAME = settings.SESSION_COOKIE_NAME
STALE = "0123456789abcdefghijklmnopqrstuv"
BAD = ("", '""', '"\\000"', "x", "\u00ff" * 32, "a b", "y" * 200, STALE, "%00" * 8)


def header(*values: str) -> str:
    return "theme=dark; " + "; ".join(f"{NAME}={value}" for value in values) + "; csrftoken=x"


def of_django(cookies: str) -> str | None:
    user = Client().get("/account/state", headers={"cookie": cookies}).json()["user"]
    return user and str(user["username"])


async def of_api(cookies: str) -> str | None:
    scope = {
        "type": "http",
        "method": "GET",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"cookie", cookies.encode("latin-1"))],
    }
    try:
        return (await AUTHENTICATOR.authenticate(scope)).user.username
    except CommandError:
        return None


async def both(cookies: str) -> str | None:
    django, api = await run_read(of_django, cookies), await of_api(cookies)
    assert django == api, cookies
    return api


@pytest.mark.parametrize("bad", BAD)
async def test_an_invalid_second_cookie_does_not_lock_the_user_out(ada: Any, sign_in: SignIn, bad: str) -> None:
    good = session_key(await run_read(sign_in, "ada"))
    for cookies in (header(bad, good), header(good, bad), header(bad, good, bad), header(bad, bad, f'"{good}"')):
        assert await both(cookies) == "ada"
        assert await both(cookies) == "ada"
    assert await both(header(bad)) is None


async def test_the_first_of_two_valid_cookies_counts_everywhere(owner: Any, ada: Any, sign_in: SignIn) -> None:
    keys = {name: session_key(await run_read(sign_in, name)) for name in ("ada", "owner")}
    for first, second in itertools.permutations(keys):
        assert await both(header(STALE, keys[first], keys[second])) == first
        await both(header(keys[second]))
        assert await both(header(keys[first], keys[second])) == first


def test_signing_out_ends_every_session_that_the_browser_sends(ada: Any, sign_in: SignIn) -> None:
    keys = [session_key(sign_in("ada")) for _ in range(2)]
    cookies = header(*keys)
    assert of_django(cookies) == "ada"
    answer = Client().delete("/_allauth/browser/v1/auth/session", headers={"cookie": cookies})
    assert answer.status_code == 401
    assert of_django(cookies) is None
    assert of_django(header(*reversed(keys))) is None


def test_the_number_of_examined_cookies_is_bounded() -> None:
    assert len(session_keys(header(*(f"{number:032}" for number in range(100))))) == 16
    assert session_keys(header(STALE, STALE)) == (STALE,)
    assert session_keys(f"not{NAME}={STALE}; {NAME}x={STALE}") == ()


@pytest.mark.parametrize("address", ["/account/state", "/_allauth/browser/v1/auth/session", "/admin/login/"])
def test_an_answer_to_an_old_cookie_does_not_delete_the_new_one(
    owner: Any, ada: Any, sign_in: SignIn, address: str
) -> None:
    # A key ended by a password change in another tab: by now the browser has the new cookie of the same name.
    browser = sign_in("ada")
    old = session_key(browser)
    import_module(settings.SESSION_ENGINE).SessionStore(old).delete()
    answer = Client().get(address, headers={"cookie": header(old)})
    assert NAME not in answer.cookies


def test_signing_out_deletes_the_cookie(owner: Any, ada: Any, sign_in: SignIn) -> None:
    browser = sign_in("ada")
    answer = browser.delete("/_allauth/browser/v1/auth/session")
    assert answer.cookies[NAME]["max-age"] == 0
