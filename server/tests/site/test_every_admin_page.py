"""Every page of the admin site opens, with any query in its URL."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from backchannel.accounts import invitations, lookup
from backchannel.accounts.onboarding import NewAccount, create_account, set_up

PASSWORD = "correct horse battery"
QUERIES = (
    "", "?q=a", "?q=", "?q=%00", "?q=%F0%9F%A9%B7", "?q=%ff", "?q=%22%27%3B--", "?q=" + "x" * 3_000, "?p=999999999999999999999",
    "?p=-1", "?p=x", "?all=", "?o=1", "?o=-1.2.3", "?o=99", "?o=x", "?e=1", "?nothing=1", "?id=x", "?id=99999999999999999999",
    "?id=%00", "?pk__in=1,x", "?created__gte=x", "?_popup=1", "?_to_field=x", "?_facets=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def tab(module_database: None) -> Client:
    admin.autodiscover()  # as the first request does
    owner = set_up("Lab", NewAccount(username="owner", password=PASSWORD))
    ada = create_account(NewAccount(username="ada", password=PASSWORD))
    EmailAddress.objects.create(user=ada, email="ada@example.com")
    lookup.issue_token(ada, "bot")
    invitations.create_invitation(owner)
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    return client


def changelists() -> list[str]:
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]


def test_every_list_can_be_searched_ordered_and_filtered(tab: Client) -> None:
    assert len(changelists()) >= 5
    for path, query in itertools.product(changelists(), QUERIES):
        answer = tab.get(path + query)
        assert answer.status_code in {200, 302, 400}, (path, query, answer.status_code)


def test_every_filter_of_every_list_can_be_chosen(tab: Client) -> None:
    for model, page in admin.site._registry.items():
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        listed = tab.get(path)
        for spec in listed.context["cl"].filter_specs:
            for choice in spec.choices(listed.context["cl"]):
                assert tab.get(path + choice["query_string"]).status_code == 200, (path, choice)
        for column in range(1, len(page.list_display) + 2):
            assert tab.get(f"{path}?o=-{column}").status_code == 200, (path, column)


def test_every_form_history_and_deletion_opens_or_refuses(tab: Client) -> None:
    for model in admin.site._registry:
        names = model._meta.app_label, model._meta.model_name
        keys = [str(key) for key in model._default_manager.values_list("pk", flat=True)[:3]]
        for key in (*keys, "0", "x", "99999999999999999999", "_00", "_FF", "a b"):
            for view in ("change", "history", "delete"):
                path = reverse("admin:{}_{}_{}".format(*names, view), args=[key])
                assert tab.get(path).status_code in {200, 302, 403, 404}, (path, view)
        assert tab.get(reverse("admin:{}_{}_add".format(*names))).status_code in {200, 403}
    for path in (
        "",
        "password_change/",
        "jsi18n/",
        "autocomplete/",
        "autocomplete/?term=%00",
        "r/1/1/",
        "backchannel_accounts/",
        "nowhere/",
    ):
        assert tab.get("/admin/" + path).status_code < 500, path


SITE = """
import backchannel
import sys
from django.conf import settings

settings.configure(
    SECRET_KEY="x" * 50, ALLOWED_HOSTS=["*"], ROOT_URLCONF="custom_users", AUTH_USER_MODEL="custom_users.Staff", USE_TZ=True,
    INSTALLED_APPS=[
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages",
        "django.contrib.sessions", "custom_users", "backchannel.store", "backchannel.accounts",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
        "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                               "django.contrib.messages.context_processors.messages"]}}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1],
                           "OPTIONS": backchannel.sqlite_options()}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField", BACKCHANNEL={"PERSON": "backchannel.people.PersonAdapter"},
)
import django
django.setup()
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.test import Client
from custom_users.models import Staff

call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0, run_syncdb=True)
staff = Staff.objects.create_superuser("ada@example.com", "secret")
tab = Client()
tab.force_login(staff)
page = "/admin/backchannel_accounts/token/"
made = tab.post(page + "add/", {"user": staff.pk, "name": "bot"})
assert made.status_code == 200 and b"bc_" in made.content, made
for query in ("?q=ada", "?q=bot", "?q=%F0%9F%A9%B7", "?o=1.2", "?revoked__isnull=True"):
    answer = tab.get(page + query)
    assert answer.status_code == 200, (query, answer)
assert b"1 token" in tab.get(page + "?q=ADA%40example").content
call_command("makemigrations", "backchannel", "backchannel_accounts", check_changes=True, dry_run=True, verbosity=0)
with connection.cursor() as cursor:
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name LIKE 'backchannel%' AND sql IS NOT NULL")
    names = [name for (name,) in cursor.fetchall()]
assert names and all(name.startswith("backchannel") for name in names), names
print("well")
"""

MODELS = """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

class Manager(BaseUserManager):
    def create_superuser(self, email, password):
        user = self.model(email=email, is_staff=True, is_superuser=True)
        user.set_password(password)
        user.save()
        return user

class Staff(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    USERNAME_FIELD = "email"
    objects = Manager()
"""


def test_tokens_can_be_searched_in_a_site_without_usernames(tmp_path: Path) -> None:
    app = tmp_path / "custom_users"
    app.mkdir()
    (app / "__init__.py").touch()
    (app / "models.py").write_text(MODELS)
    script = tmp_path / "site_of_ones_own.py"
    script.write_text(SITE.replace('ROOT_URLCONF="custom_users"', 'ROOT_URLCONF="custom_urls"'))
    (tmp_path / "custom_urls.py").write_text(
        "from django.contrib import admin\nfrom django.urls import path\nurlpatterns = [path('admin/', admin.site.urls)]\n"
    )
    done = subprocess.run(
        [sys.executable, script, tmp_path / "db.sqlite3"],
        env={"PYTHONPATH": ":".join([str(tmp_path), *sys.path]), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["well"], done.stdout + done.stderr


def test_names_of_indexes_and_constraints_are_prefixed(db: None) -> None:
    for app in ("backchannel", "backchannel_accounts"):
        for model in apps.get_app_config(app).get_models():
            for each in (*model._meta.indexes, *model._meta.constraints):
                assert each.name.startswith("backchannel_"), each.name
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = i.indrelid "
                "WHERE t.relname LIKE 'backchannel%'"
            )
            names = [name for (name,) in cursor.fetchall()]
        assert names
        assert [name for name in names if not name.startswith("backchannel")] == []
