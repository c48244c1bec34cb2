"""People from before external ids get theirs by a migration, so that their first visit writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import override_settings

from backchannel.accounts.people import profile_of
from backchannel.people import PersonAdapter
from backchannel.store import people
from backchannel.store.models import Person

migration: Any = import_module("backchannel.accounts.migrations.0008_external_ids")

pytestmark = pytest.mark.django_db(transaction=True)


class HidesKeys(PersonAdapter):
    def external_id(self, user: Any) -> str:
        return ""


def old_person(account: str | None, username: str, external_id: str = "") -> Person:
    return Person.objects.create(
        account=account, username=username, display_name=username.title(), external_id=external_id
    )


def external_ids() -> dict[str, str]:
    return dict(Person.objects.values_list("username", "external_id"))


APP = "backchannel_accounts"


@pytest.fixture
def before() -> Iterator[None]:
    """The accounts' tables as they were before the migration; in the end as they are now."""
    leaves = [leaf for leaf in MigrationExecutor(connection).loader.graph.leaf_nodes() if leaf[0] == APP]
    MigrationExecutor(connection).migrate([(APP, "0007_token_expires")])
    yield
    MigrationExecutor(connection).migrate(leaves)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "_AT_ONCE", 2)


def test_the_first_visit_after_the_upgrade_writes_nothing(before: None) -> None:
    users = [
        get_user_model().objects.create(username=name, display_name=name.title()) for name in ("ada", "ben", "cyd")
    ]
    for user in users:
        old_person(str(user.pk), user.username)
    MigrationExecutor(connection).migrate([(APP, "0008_external_ids")])
    assert external_ids() == {user.username: str(user.pk) for user in users}
    assert not any(people.person_for_account(profile_of(user)).is_outdated for user in users)


def test_keys_that_are_addresses_are_not_shown_and_nobody_gets_an_id_back() -> None:
    old_person("ada@shop.example", "ada")
    old_person("ben@shop.example", "ben", "ben@shop.example")
    old_person("line\nfeed", "cyd")
    old_person("4", "dan", "customer-4")
    old_person(None, "system")
    erased = old_person("6", "eve")
    Person.objects.filter(pk=erased.pk).update(username=f"deleted-{erased.pk}", display_name="Deleted user")
    migration.fill(apps, None)
    once = external_ids()
    assert once == {"ada": "", "ben": "", "cyd": "", "dan": "customer-4", "system": "", f"deleted-{erased.pk}": ""}
    migration.fill(apps, None)
    assert external_ids() == once


def test_a_site_with_ids_of_its_own_is_left_alone() -> None:
    old_person("1", "ada")
    with override_settings(BACKCHANNEL={"PERSON": f"{__name__}.HidesKeys"}):
        migration.fill(apps, None)
    assert external_ids() == {"ada": ""}
