"""The chat in a site with its own users: nothing of the standalone app is installed."""

import subprocess
import sys
from pathlib import Path

SITE = """
import asyncio, sys
import backchannel
from django.conf import settings

settings.configure(
    SECRET_KEY="x" * 50,
    ALLOWED_HOSTS=["site"],
    INSTALLED_APPS=[
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages",
        "django.contrib.sessions", "backchannel.store", "backchannel.accounts",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
        "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                               "django.contrib.messages.context_processors.messages"]}}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1], "OPTIONS": backchannel.sqlite_options()}},
    ROOT_URLCONF="django.contrib.auth.urls",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
import django
django.setup()
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection
from django.test import Client

call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)
call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
assert admin.site.is_registered(Group), "the site's own admin pages stay"
assert "backchannel_accounts_user" not in connection.introspection.table_names()

from backchannel.accounts import lookup
from backchannel.accounts.authenticate import Authenticator
from backchannel.store.read_pool import ReadPool

authenticate = Authenticator(ReadPool()).authenticate

ada = User.objects.create_user("Ada.L@example.com", password="secret", first_name="Ada", last_name="L")
browser = Client()
browser.force_login(ada)
cookie = f"sessionid={browser.cookies['sessionid'].value}".encode()
by_cookie = {"type": "websocket", "headers": [(b"host", b"site"), (b"origin", b"https://site"), (b"cookie", cookie)]}
token = lookup.issue_token(ada)
by_token = {"type": "http", "headers": [(b"host", b"site"), (b"authorization", b"Bearer " + token.encode())]}
for scope in (by_cookie, by_token):
    identity = asyncio.run(authenticate(scope))
    assert (identity.user.username, identity.user.display_name) == ("ada.l", "Ada L"), identity
print("well")
"""


def test_an_embedding_site_keeps_its_own_user_model(tmp_path: Path) -> None:
    script = tmp_path / "site_of_ones_own.py"
    script.write_text(SITE)
    done = subprocess.run(
        [sys.executable, script, tmp_path / "db.sqlite3"],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["well"], done.stdout + done.stderr
