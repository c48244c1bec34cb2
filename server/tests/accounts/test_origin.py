from typing import Any

import pytest
from django.test import Client

from backchannel.accounts.origin import may_use_cookie

HOST = "chat.example.com"


def may(**given: Any) -> bool:
    return may_use_cookie(
        **{"websocket": False, "method": "GET", "host": HOST, "origin": None, "fetch_site": None, **given}
    )


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("https://chat.example.com", HOST, True),
        ("http://chat.example.com", HOST, True),
        ("http://chat.example.com:80", HOST, True),
        ("https://chat.example.com:443", HOST, True),
        ("https://chat.example.com:8443", HOST, False),
        ("https://chat.example.com:8443", HOST + ":8443", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("https://evil.example.com", HOST, False),
        ("https://chat.example.com.evil.com", HOST, False),
        ("https://evilchat.example.com", HOST, False),
        ("null", HOST, False),
        ("", HOST, False),
        ("https://", HOST, False),
        ("chrome-extension://chat.example.com", HOST, False),
        ("https://chat.example.com:port", HOST, False),
        ("https://x", "", False),
    ],
)
def test_without_a_list_the_origin_must_be_that_of_the_host(origin: str, host: str, allowed: bool) -> None:
    assert may(websocket=True, origin=origin, host=host) is allowed
    assert may(method="POST", origin=origin, host=host) is allowed
    assert may(method="GET", origin=origin, host=host) is allowed


def test_a_list_is_exact_and_the_host_counts_for_nothing() -> None:
    listed = ("https://chat.example.com",)
    assert may(websocket=True, origin="https://chat.example.com", allowed=listed)
    assert not may(websocket=True, origin="http://chat.example.com", allowed=listed)
    assert not may(websocket=True, origin="https://other.example.com", host="other.example.com", allowed=listed)


def test_behind_https_an_http_page_of_the_same_host_is_refused() -> None:
    assert may(websocket=True, origin="https://chat.example.com", https=True)
    assert not may(websocket=True, origin="http://chat.example.com", https=True)


def test_a_socket_without_an_origin_is_refused_whatever_else_it_sends() -> None:
    assert not may(websocket=True)
    assert not may(websocket=True, fetch_site="same-origin")


@pytest.mark.parametrize(
    ("method", "fetch_site", "allowed"),
    [
        ("GET", None, True),
        ("GET", "same-origin", True),
        ("GET", "none", True),
        ("GET", "same-site", False),
        ("GET", "cross-site", False),
        ("POST", None, False),
        ("POST", "none", False),
        ("POST", "same-origin", True),
        ("POST", "same-site", False),
        ("DELETE", "cross-site", False),
    ],
)
def test_without_an_origin_the_fetch_site_decides(method: str, fetch_site: str | None, allowed: bool) -> None:
    assert may(method=method, fetch_site=fetch_site) is allowed


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil@chat.example.com",
        "http://chat.example.com@evil.example",
        "http://user:secret@chat.example.com",
        "http://chat.example.com/",
        "http://chat.example.com/path",
        "http://chat.example.com?x",
        "http://chat.example.com#x",
        "http://chat.example.com.",
        "http://chat.example.com:0",
        "http://chat.example.com:",
        "http://chat.example.com:99999",
        "http://chat.example.com\n",
        " http://chat.example.com",
        "http:chat.example.com",
        "http:/chat.example.com",
        "http:\\\\chat.example.com",
        "//chat.example.com",
        "chat.example.com",
        "file://",
        "ws://chat.example.com",
        "http://chat.example.com http://evil.example",
    ],
)
def test_an_origin_is_scheme_host_and_port_and_nothing_else(origin: str) -> None:
    for asked in ({"websocket": True}, {"method": "POST"}, {"method": "GET"}):
        assert not may(origin=origin, **asked)
        assert not may(origin=origin, allowed=("http://chat.example.com",), **asked)


@pytest.mark.parametrize("fetch_site", ["cross-site", "same-site", "nonsense"])
def test_a_good_origin_does_not_outweigh_another_site(fetch_site: str) -> None:
    own = f"https://{HOST}"
    for asked in ({"websocket": True}, {"method": "POST"}, {"method": "GET"}):
        assert not may(origin=own, fetch_site=fetch_site, **asked)
        assert not may(origin=own, fetch_site=fetch_site, allowed=(own,), **asked)
        assert may(origin=own, fetch_site="same-origin", **asked)


def test_a_listed_page_of_another_site_is_allowed() -> None:
    listed = ("https://shop.example",)
    assert may(websocket=True, origin="https://shop.example", fetch_site="cross-site", allowed=listed)
    assert may(method="POST", origin="https://shop.example", fetch_site="same-site", allowed=listed)


def test_case_and_a_default_port_do_not_count() -> None:
    assert may(websocket=True, origin="HTTPS://Chat.Example.com", host="CHAT.example.com:443")
    assert may(websocket=True, origin="https://shop.example", allowed=("https://Shop.example:443",))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/account/setup", "/account/profile", "/_allauth/browser/v1/auth/login", "/admin/login/"]
)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "none"])
def test_the_pages_refuse_requests_marked_as_from_another_site(path: str, site: str) -> None:
    method = "patch" if path.endswith("profile") else "post"
    for origin in ("http://testserver", None):
        headers = {"host": "testserver", "sec-fetch-site": site, **({"origin": origin} if origin else {})}
        answer = getattr(Client(), method)(path, "{}", content_type="application/json", headers=headers)
        is_refused = answer.status_code == 403 and b'"wrong_origin"' in answer.content
        assert is_refused is (site in {"cross-site", "same-site"}), answer.content
    assert Client().get("/account/state", headers={"host": "testserver", "sec-fetch-site": site}).status_code == 200
