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
