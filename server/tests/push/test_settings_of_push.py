"""What a site sets for push messages, and what is said about it."""

import importlib.util
from typing import Any

import pytest
from django.test import override_settings

from backchannel.checks import check_settings
from backchannel.config import ConfigError, read_config

CONTACT = "mailto:admin@shop.example.com"


def test_a_site_sends_no_push_messages_by_default() -> None:
    assert read_config({}).push_contact is None


def test_a_contact_and_more_services_are_read() -> None:
    config = read_config({"PUSH_CONTACT": CONTACT, "PUSH_SERVICES": ["up.example.org", "*.push.example.org"]})
    assert config.push_contact == CONTACT
    assert config.push_services == ("up.example.org", "*.push.example.org")


@pytest.mark.parametrize(
    "given",
    [
        {"PUSH_CONTACT": "root@localhost"},
        {"PUSH_SERVICES": ["https://up.example.org/"]},
        {"PUSH_SERVICES": ["*"]},
        {"PUSH_SERVICES": ["*.org"]},
        {"PUSH_SERVICES": ["10.0.0.1"]},
        {"PUSH_SERVICES": ["localhost"]},
    ],
)
def test_what_cannot_be_used_is_named(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(given))):
        read_config(given)


def test_push_messages_without_their_packages_are_an_error_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    with override_settings(BACKCHANNEL={"PUSH_CONTACT": CONTACT}):
        assert check_settings() == []
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "py_vapid" else object())
        (found,) = check_settings()
    assert found.id == "backchannel.E020"
    assert found.hint == "pip install 'backchannel[push]'"
