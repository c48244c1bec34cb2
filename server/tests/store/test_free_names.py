"""A username names one person of a space, however many come at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from backchannel.commands.update_person import UpdatePerson
from backchannel.protocol.shapes import User
from backchannel.store import people
from backchannel.store.log import commit
from backchannel.store.models import NameKey, Person
from backchannel.store.operation import NOBODY, result_of
from backchannel.store.people import Profile

migration: Any = import_module("backchannel.store.migrations.0017_usernames")
AT_ONCE = 8

pytestmark = pytest.mark.django_db(transaction=True)


def visit(account: str, username: str, space: str = "") -> User:
    return people.person_for_account(Profile(account, username, space=space)).user


def usernames() -> list[str]:
    return list(Person.objects.order_by("pk").values_list("username", flat=True))


@pytest.mark.parametrize("in_one_transaction", [False, True])
def test_first_visits_at_the_same_moment_get_different_names(in_one_transaction: bool) -> None:
    ready = threading.Barrier(AT_ONCE)

    def first_visit(account: int) -> User:
        ready.wait()
        with closing(connection), transaction.atomic() if in_one_transaction else nullcontext():
            return visit(str(account), "ada")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = list(pool.map(first_visit, range(AT_ONCE)))
    assert len({user.username for user in made}) == AT_ONCE == Person.objects.count()
    assert all(people.person_for_account(Profile(str(n), "ada")).user == user for n, user in enumerate(made))


def test_the_loser_of_a_race_takes_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    visit("1", "ada")
    monkeypatch.setattr(people, "free_name", lambda *_, skipped=0, **__: ["ada", "ada.2"][min(skipped, 1)])
    monkeypatch.setattr(people, "crc32", lambda _: 1)
    assert visit("2", "ada").username == "ada.2"


def test_a_visit_that_finds_no_free_name_is_refused_and_leaves_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    visit("1", "ada")
    monkeypatch.setattr(people, "free_name", lambda *_, **__: "ada")
    with pytest.raises(IntegrityError):
        visit("2", "ada")
    assert usernames() == ["ada"]


def test_people_of_other_spaces_have_the_same_name() -> None:
    assert [visit(str(n), "ada", space).username for n, space in enumerate(("", "acme", "rival"))] == ["ada"] * 3


def test_names_of_the_longest_size_are_numbered_too() -> None:
    names = [visit(str(n), "a" * 200).username for n in range(3)]
    assert len(set(names)) == 3
    assert max(map(len, names)) == 150
    assert [visit(str(n), "a" * 200).username for n in range(3)] == names


def test_two_renames_at_the_same_moment_get_different_names() -> None:
    ben, cyd = visit("1", "ben"), visit("2", "cyd")
    wanted = [people.person_for_account(Profile(account, "sam")).user for account in ("1", "2")]
    assert [user.username for user in wanted] == ["sam", "sam"]
    for outcome in commit([UpdatePerson(actor=NOBODY, user=user) for user in wanted]):
        result_of(outcome)
    assert [people.user_in_any_state(user.id).username for user in (ben, cyd)] == ["sam", "sam.2"]
    assert people.user_in_any_state(cyd.id).display_name == "sam.2"
    # The number stays, and nothing is written again.
    assert not people.person_for_account(Profile("2", "sam")).is_outdated


def test_nobody_has_the_name_of_somebody_who_is_erased() -> None:
    ada = visit("1", "ada")
    assert visit("2", f"deleted-{ada.id}").username == f"deleted-{ada.id}.2"
    result_of(commit([UpdatePerson(actor=NOBODY, user=people.anonymous(ada.id))])[0])
    assert people.user_in_any_state(ada.id) == people.anonymous(ada.id)


def test_the_site_itself_is_called_system_and_no_user_is() -> None:
    assert visit("1", "system").username == "system.person"
    first = people.system_person()
    assert first.username == "system"
    assert people.system_person() == first


def test_the_site_itself_gets_a_number_if_an_older_person_is_called_system() -> None:
    Person.objects.create(account="1", username="system", display_name="system")
    assert people.system_person().username == "system.2"


def test_the_migration_numbers_those_who_share_a_name() -> None:
    executor = MigrationExecutor(connection)
    leaves = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] == "backchannel"]
    executor.migrate([("backchannel", "0016_threads")])
    try:
        for account, username, display_name, space in [
            ("1", "ada", "Ada", ""),
            ("2", "ada", "ada", ""),
            ("3", "ada", "Ada", "acme"),
            ("4", "ada.2", "Ada", ""),
            ("5", "ada", "Ada L.", ""),
            ("6", "deleted-1", "Eve", ""),
        ]:
            Person.objects.create(account=account, username=username, display_name=display_name, space=space)
    finally:
        MigrationExecutor(connection).migrate(leaves)
    assert usernames() == ["ada", "ada.3", "ada", "ada.2", "ada.4", "deleted-1.2"]
    assert NameKey.objects.filter(person__username="ada.3", key__startswith="ada.3").exists()
    assert [user.username for user in people.find_people("ada.3", 5, Person.objects.get(account="1").pk)] == ["ada.3"]
    migration.number(apps, None)
    assert usernames() == ["ada", "ada.3", "ada", "ada.2", "ada.4", "deleted-1.2"]
