"""The chat with the user models that sites have: any key of up to 64 characters, and AbstractBaseUser suffices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.embedding.site import Shop

pytestmark = pytest.mark.prove


@pytest.mark.parametrize(
    ("model", "logins", "shown"),
    [
        ("users.Numbered", ("ada", "ben"), "ada"),
        ("users.ByAddress", ("Ada.L@shop.example", "ada.l@rival.example"), "ada.l"),
        ("users.Staff", ("C-1001", "C-1002"), "C-1001"),
        ("shop.Customer", ("ada@shop.example", "ben@shop.example"), "ada"),
    ],
)
def test_two_users_of_any_model_talk(model: str, logins: tuple[str, str], shown: str, tmp_path: Path) -> None:
    # The admin pages need permissions, which not every model has.
    shop = Shop(
        tmp_path, SHOP_USERS=model, SHOP_FIRST_APPS="users", SHOP_ADMIN="" if model.startswith("users") else "yes"
    )
    shop.done("django", "migrate", "--verbosity", "0", "--run-syncdb")
    shop.done("django", "check", "--fail-level", "WARNING")
    shop.done("django", "makemigrations", "--check", "--dry-run", "backchannel", "backchannel_accounts")
    assert f"walked as {shown}" in shop.done("users.walk", *logins)
    assert shop.done("django", "backchannel", "token", logins[0].lower() if "@" in shown else logins[0]).startswith(
        "bc_"
    )


def test_a_user_model_with_long_keys_is_refused(tmp_path: Path) -> None:
    ran = Shop(tmp_path, SHOP_USERS="users.LongKey", SHOP_FIRST_APPS="users", SHOP_ADMIN="").run("django", "check")
    assert ran.returncode != 0
    assert "backchannel.E014" in ran.stderr


def test_the_admin_pages_of_tokens_work_with_a_custom_user_model(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.migrate()
    code = """
from django.contrib.auth import get_user_model
from django.test import Client
from backchannel import api
users = get_user_model().objects
boss = users.create_user("boss", email="boss@shop.example", is_staff=True, is_superuser=True)
api.token(users.create_user("ada", email="ada@shop.example"), "till")
browser = Client(headers={"host": "127.0.0.1"})
browser.force_login(boss)
pages = "/admin/backchannel_accounts/token/"
found, none = (browser.get(pages, {"q": text}).content.decode() for text in ("ada@shop", "eve"))
print("found", "1 token" in found, "1 token" in none)
added = browser.post(pages + "add/", {"user": str(boss.pk), "name": "new"}, follow=True)
print("added", added.status_code, "bc_" in added.content.decode())
"""
    lines = shop.done("django", "shell", "--verbosity", "0", "-c", code).splitlines()
    assert lines == ["found True False", "added 200 True"]


def test_everything_the_chat_makes_in_the_database_carries_its_prefix(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.migrate()
    code = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT name FROM sqlite_master WHERE tbl_name LIKE 'backchannel%' AND sql IS NOT NULL")
    print(*(name for (name,) in cursor.fetchall()))
"""
    names = shop.done("django", "shell", "--verbosity", "0", "-c", code).split()
    assert len(names) > 20
    assert [name for name in names if not name.startswith("backchannel_")] == []
