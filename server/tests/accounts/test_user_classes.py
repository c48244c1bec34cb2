"""Users that a site saves and deletes by a proxy or a child of its user model are the same users for the chat."""

import subprocess
import sys
from pathlib import Path

MODELS = """
from django.contrib.auth.models import AbstractUser
from django.db import models


class Account(AbstractUser):
    blocked = models.BooleanField(default=False)


class Customer(Account):
    class Meta:
        proxy = True


class Seller(Account):
    shop = models.CharField(max_length=9)


class Clerk(Account):
    number = models.AutoField(primary_key=True)
    user = models.OneToOneField(Account, models.CASCADE, parent_link=True)
"""
ADAPTER = """
from backchannel.people import PersonAdapter


class Adapter(PersonAdapter):
    def is_active(self, user):
        return user.is_active and not user.blocked
"""
SITE = """
import sys
import backchannel
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x" * 50,
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "people",
        "backchannel.store", "backchannel.accounts",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1], "OPTIONS": backchannel.sqlite_options()}},
    AUTH_USER_MODEL=sys.argv[2],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    BACKCHANNEL={"PERSON": "people.chat.Adapter"},
)
django.setup()
from django.core.management import call_command
from backchannel import api
from backchannel.accounts import revocation
from backchannel.store.models import Person
from people.models import Account, Clerk, Customer, Seller

call_command("migrate", run_syncdb=True, verbosity=0)
announced = []
revocation.announce_ended = announced.append


def state(id_):
    return Person.objects.values_list("account", "display_name", "active").get(pk=id_)


"""


def check(tmp_path: Path, steps: str, user_model: str = "people.Account") -> None:
    app = tmp_path / "people"
    app.mkdir()
    (app / "__init__.py").touch()
    (app / "models.py").write_text(MODELS)
    (app / "chat.py").write_text(ADAPTER)
    script = tmp_path / "site_of_ones_own.py"
    script.write_text(f"{SITE}{steps}\nprint('well')\n")
    done = subprocess.run(
        [sys.executable, script, tmp_path / "db.sqlite3", user_model],
        env={"PYTHONPATH": ":".join([str(tmp_path), *sys.path]), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["well"], done.stdout + done.stderr


def test_a_proxy_or_child_that_is_saved_is_renamed_deactivated_and_disconnected(tmp_path: Path) -> None:
    check(
        tmp_path,
        """
for number, model in enumerate((Customer, Seller)):
    key = model.objects.create_user(f"user{number}", first_name="Ada").pk
    person = api.person(Account.objects.get(pk=key)).id
    user = model.objects.get(pk=key)
    user.first_name = "Ada B."
    user.save()
    assert state(person) == (str(key), "Ada B.", True), state(person)
    user.is_active = False
    user.save()
    assert state(person)[2] is False
    assert [each.user_id for each in announced] == [person], announced
    user.is_active = True
    user.save()
    assert state(person)[2] is True
    announced.clear()
""",
    )


def test_a_user_who_is_deleted_by_a_proxy_or_child_is_anonymised(tmp_path: Path) -> None:
    check(
        tmp_path,
        """
for number, model in enumerate((Customer, Seller)):
    key = model.objects.create_user(f"user{number}", first_name="Ada").pk
    person = api.person(Account.objects.get(pk=key)).id
    model.objects.get(pk=key).delete()
    assert state(person) == (None, "Deleted user", False), state(person)
seller = Seller.objects.create_user("seller", first_name="Ada")
person = api.person(seller).id
seller.delete(keep_parents=True)
assert state(person)[1:] == ("Ada", True), "the user is still there"
""",
    )


def test_a_child_with_a_key_of_its_own_is_not_taken_for_another_user(tmp_path: Path) -> None:
    check(
        tmp_path,
        """
other = Account.objects.create_user("other", first_name="Other")
person = api.person(other).id
clerk = Clerk.objects.create_user("clerk", first_name="Clerk")
assert clerk.pk == other.pk != clerk.user_id
clerk.is_active = False
clerk.save()
assert state(person) == (str(other.pk), "Other", True)
clerk.delete()
assert state(person) == (str(other.pk), "Other", True)
""",
    )


def test_the_adapter_decides_at_a_save_who_can_be_found(tmp_path: Path) -> None:
    check(
        tmp_path,
        """
user = Account.objects.create_user("ada", first_name="Ada")
person = api.person(user).id
for blocked in (True, False):
    user.blocked = blocked
    user.save()
    assert state(person)[2] is not blocked
user.blocked, user.is_active = True, False
user.save()
user.is_active = True
user.save()
assert state(person)[2] is False, "the column alone opens nothing"
""",
    )


def test_a_proxy_may_be_the_user_model(tmp_path: Path) -> None:
    check(
        tmp_path,
        """
for number, model in enumerate((Account, Customer, Seller)):
    key = model.objects.create_user(f"user{number}", first_name="Ada").pk
    person = api.person(Customer.objects.get(pk=key)).id
    user = model.objects.get(pk=key)
    user.first_name = "Ada B."
    user.save()
    assert state(person) == (str(key), "Ada B.", True), state(person)
    model.objects.get(pk=key).delete()
    assert state(person) == (None, "Deleted user", False), state(person)
""",
        "people.Customer",
    )
