"""`manage.py check` in a Django site: each mistake is named, with what to write instead. Starting with it is refused."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from backchannel.config import KEYS, LIMITS
from tests.embedding.site import BOTH_APPS, SERVER, Shop

pytestmark = pytest.mark.prove


def test_a_well_configured_site_passes_the_checks(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.migrate()
    shop.done("django", "check", "--fail-level", "WARNING", "--database", "default")
    shop.done("django", "makemigrations", "--check", "--dry-run")


def test_migrations_make_the_row_that_names_the_installation(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.migrate()
    code = "from backchannel.store.models import Workspace as W; print(len(W.objects.get(pk=1).epoch))"
    assert shop.done("django", "shell", "--verbosity", "0", "-c", code).strip() == "32"


@pytest.mark.parametrize(
    ("settings", "code", "advice"),
    [
        ({"SHOP_CHAT_APPS": "backchannel"}, "backchannel.E001", '"backchannel.store" and "backchannel.accounts"'),
        ({"SHOP_CHAT_APPS": f"backchannel {BOTH_APPS}"}, "backchannel.E001", "not an app"),
        ({"SHOP_CHAT_APPS": "backchannel.store"}, "backchannel.E008", '"backchannel.accounts" is not in'),
        ({"SHOP_CHAT_APPS": "backchannel.accounts"}, "ImproperlyConfigured", 'needs "backchannel.store" in'),
        ({"SHOP_BACKCHANNEL": '{"HEARTBEATS": 7}'}, "backchannel.E007", "did you mean HEARTBEAT_S?"),
        ({"SHOP_BACKCHANNEL": '{"PATH": "chat"}'}, "backchannel.E007", 'write it like "/chat"'),
        ({"SHOP_BACKCHANNEL": '{"METRICS": true}'}, "backchannel.E007", 'expected "open", "token" or False'),
        ({"SHOP_BACKCHANNEL": '{"PATH": "/api"}'}, "backchannel.W006", "the site's /api/orders"),
        ({"SHOP_URLS": "^chat/(?P<room>.+)/$"}, "backchannel.W006", "the site's /chat/ "),
        ({"SHOP_BACKCHANNEL": '{"PATH": "/files"}'}, "backchannel.W006", "/files/ (STATIC_URL)"),
        ({"SHOP_BACKCHANNEL": '{"AUTHENTICATION": ["shop.chat.Jwt"]}'}, "backchannel.E015", "cannot be imported"),
        ({"SHOP_BACKCHANNEL": '{"AUTHENTICATION": ["shop.urls.orders"]}'}, "backchannel.E015", "Name a subclass of"),
        (
            {"SHOP_BACKCHANNEL": '{"AUTHENTICATION": ["backchannel.auth.DrfToken"]}'},
            "backchannel.E015",
            'needs "rest_framework.authtoken" in INSTALLED_APPS',
        ),
        ({"SHOP_BACKCHANNEL": '{"POLICY": "shop.chat.Policy"}'}, "backchannel.E016", "cannot be imported"),
        (
            {"SHOP_BACKCHANNEL": '{"POLICY": "backchannel.policy.Refusal"}'},
            "backchannel.E016",
            "a subclass of backchannel.policy.Policy",
        ),
        ({"SHOP_BACKCHANNEL": '{"SPACE": "shop.urls.urlpatterns"}'}, "backchannel.E016", "returns the tenant as text"),
        ({"SHOP_LEFT_OUT": "PERSON"}, "backchannel.W005", "shop.Customer signs in by e-mail address"),
        ({"SHOP_PLAIN_SQLITE": "yes"}, "backchannel.W003", "backchannel.sqlite_options()"),
        ({"SHOP_SESSIONS": "django.contrib.sessions.backends.signed_cookies"}, "backchannel.E009", "cached_db"),
        ({"SHOP_OTHER_SETTINGS": "BACKCHANEL"}, "backchannel.W010", "Write BACKCHANNEL = {…}"),
        ({"SHOP_OTHER_SETTINGS": "BACKCHANNEL_ORIGINS"}, "backchannel.W010", "its keys are "),
        ({"SHOP_DATABASE": ":memory:"}, "backchannel.W012", "Name a file"),
    ],
)
def test_a_check_names_each_mistake_and_its_fix(
    settings: dict[str, str], code: str, advice: str, tmp_path: Path
) -> None:
    ran = Shop(tmp_path, **settings).run("django", "check", "--fail-level", "WARNING")
    assert ran.returncode != 0
    assert code in ran.stderr
    assert advice in ran.stderr


@pytest.mark.parametrize("pattern", ["^.*$", "^(?P<page>.*)$", "^chat-rooms/$", "^[a-z]+/$", "^chat[a-z]+/$"])
def test_a_url_of_the_site_that_the_chat_does_not_hide_is_no_mistake(pattern: str, tmp_path: Path) -> None:
    Shop(tmp_path, SHOP_URLS=pattern).done("django", "check", "--fail-level", "WARNING")


def test_runserver_without_asgi_reports_that_the_chat_does_not_run(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.migrate()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        probe.listen()
        ran = shop.run(
            "django", "runserver", "--noreload", f"127.0.0.1:{probe.getsockname()[1]}"
        )  # the port is taken, so that it exits at once
    assert "backchannel.W011" in ran.stderr
    assert 'Put "daphne" first' in ran.stderr


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"SHOP_CHAT_APPS": "backchannel"}, '"backchannel.store", "backchannel.accounts"'),
        ({"SHOP_CHAT_APPS": ""}, '"backchannel.store", "backchannel.accounts"'),
        ({"SHOP_BACKCHANNEL": '{"HEARTBEATS": 7}'}, "did you mean HEARTBEAT_S?"),
    ],
)
def test_mount_refuses_an_unusable_configuration(settings: dict[str, str], advice: str, tmp_path: Path) -> None:
    ran = Shop(tmp_path, **settings).run("shop.asgi")
    assert ran.returncode != 0
    assert "ImproperlyConfigured" in ran.stderr
    assert advice in ran.stderr


def test_the_page_on_django_sites_names_every_key_and_limit() -> None:
    page = (SERVER.parent / "docs/embed/settings.md").read_text()
    for name in (*KEYS, *LIMITS):
        assert f"`{name}`" in page, name
