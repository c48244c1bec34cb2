"""What `manage.py check` says of the methods of a site's classes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from django.test import override_settings

from backchannel.accounts.hook_checks import check_methods
from backchannel.accounts.schemes import Authentication, Grant
from backchannel.people import PersonAdapter
from backchannel.policy import Draft, Policy, Refusal, RoomInfo, Verdict


class Well(Policy):
    def may_post(self, user: Any, room: RoomInfo) -> Verdict:
        return self.of_company(user)

    def may_add(self, *given: Any) -> Verdict:
        return True

    @staticmethod
    def may_connect(user: Any) -> Verdict:
        return True

    def before_send(self, draft: Draft, more: str = "") -> Draft | Refusal:
        return draft

    def of_company(self, user: Any) -> bool:
        return True


class Misspelt(Policy):
    def may_pots(self, user: Any, room: RoomInfo) -> Verdict:
        return False


class Invented(Policy):
    def can_read(self, user: Any) -> Verdict:
        return False


class Async(Policy):
    async def may_post(self, user: Any, room: RoomInfo) -> Verdict:  # type: ignore[override]
        return False


class TooFew(Policy):
    def may_post(self, user: Any) -> Verdict:  # type: ignore[override]
        return False


class AsyncNames(PersonAdapter):
    async def username(self, user: Any) -> str:  # type: ignore[override]
        return "ada"


class MisspeltNames(PersonAdapter):
    def displayname(self, user: Any) -> str:
        return "Ada"


class AsyncScheme(Authentication):
    async def authenticate(self, secret: str) -> Grant | None:  # type: ignore[override]
        return None


class WellScheme(Authentication):
    def authenticate(self, secret: str) -> Grant | None:
        return None

    def still_good(self, credentials: Collection[str]) -> set[str]:
        return set()


async def space_of(user: Any) -> str:
    return ""


def named(key: str, name: str) -> Any:
    path = f"{__name__}.{name}"
    return override_settings(BACKCHANNEL={key: [path] if key == "AUTHENTICATION" else path})


@pytest.mark.parametrize(
    ("key", "name", "id_", "advice"),
    [
        ("POLICY", "Misspelt", "W013", "Did you mean may_post?"),
        ("POLICY", "Invented", "W013", "may_connect"),
        ("POLICY", "Async", "E019", "in a thread"),
        ("POLICY", "TooFew", "E019", "def may_post(self, user, room)."),
        ("PERSON", "AsyncNames", "E019", "in a thread"),
        ("PERSON", "MisspeltNames", "W013", "Did you mean display_name?"),
        ("AUTHENTICATION", "AsyncScheme", "E019", "in a thread"),
        ("SPACE", "space_of", "E019", "in a thread"),
    ],
)
def test_a_method_that_would_never_do_what_it_says_is_named(key: str, name: str, id_: str, advice: str) -> None:
    with named(key, name):
        [message] = check_methods()
    assert message.id == f"backchannel.{id_}"
    assert f"{name}" in message.msg
    assert advice in (message.hint or "")


@pytest.mark.parametrize(("key", "name"), [("POLICY", "Well"), ("AUTHENTICATION", "WellScheme"), ("POLICY", "missing")])
def test_methods_that_fit_are_not_named(key: str, name: str) -> None:
    with named(key, name):
        assert check_methods() == []
