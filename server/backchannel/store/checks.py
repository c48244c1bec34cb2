"""System checks for an embedding Django site. `manage.py check` names each mistake and what to write instead.

E002  a database that is neither SQLite nor PostgreSQL       W003  SQLite configured so that acked messages may be lost
E007  an unknown or unusable key of BACKCHANNEL              W004  PostgreSQL configured so that acked messages may be lost
E008  one of the two apps is missing                                (only with --database)
E009  sessions that cannot be looked up                       W010  a setting that looks like a misspelt BACKCHANNEL
                                                              W011  `runserver` without ASGI
                                                              W012  SQLite in memory
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands
from django.db import DatabaseError, connections

from backchannel.config import KEYS, ConfigError, read_config

APPS: Final = ("backchannel.store", "backchannel.accounts")
SYNCED_BY: Final = ("fsync", "full_page_writes", "synchronous_commit")
"""PostgreSQL settings without which acked messages may be lost in a power cut."""


def register_checks() -> None:
    """Register the checks. Called when the app is ready."""
    register(check_settings)
    register(check_apps)
    register(check_spelling)
    register(check_sessions)
    register(check_server)
    register(check_vendor)
    register(check_durability, Tags.database)


def check_settings(**_: Any) -> list[CheckMessage]:
    try:
        read_config(getattr(settings, "BACKCHANNEL", {}))
    except ConfigError as error:
        return [Error(f"{problem}.", id="backchannel.E007") for problem in error.problems]
    return []


def check_spelling(**_: Any) -> list[CheckMessage]:
    if apps.is_installed("backchannel.site"):
        return []  # the standalone server has its own settings
    return [
        checks.Warning(
            f"The setting {name} does not exist; the chat ignores it.",
            hint="Write BACKCHANNEL = {…}; its keys are " + ", ".join(KEYS) + ".",
            id="backchannel.W010",
        )
        for name in dir(settings)
        if name.startswith("BACKCHANNEL_")
        or (name.isupper() and name != "BACKCHANNEL" and difflib.get_close_matches(name, ["BACKCHANNEL"], 1, 0.85))
    ]


def check_sessions(**_: Any) -> list[CheckMessage]:
    if settings.SESSION_ENGINE != "django.contrib.sessions.backends.signed_cookies":
        return []
    return [
        Error(
            "The chat cannot use sessions in signed cookies: they cannot be ended by the server.",
            hint='Set SESSION_ENGINE to "django.contrib.sessions.backends.cached_db", or another that keeps sessions on the server.',
            id="backchannel.E009",
        )
    ]


def check_server(**_: Any) -> list[CheckMessage]:
    if sys.argv[1:2] != ["runserver"] or get_commands().get("runserver") not in {
        "django.core",
        "django.contrib.staticfiles",
    }:
        return []
    return [
        checks.Warning(
            "This `runserver` serves WSGI only: the chat does not run, and /ws and /api answer 404.",
            hint='Put "daphne" first in INSTALLED_APPS and set ASGI_APPLICATION, or run an ASGI server: '
            "uvicorn yoursite.asgi:application --reload.",
            id="backchannel.W011",
        )
    ]


def missing_apps() -> list[str]:
    return [name for name in APPS if not apps.is_installed(name)]


def require_apps() -> None:
    """Raise `ImproperlyConfigured` unless both of the chat's apps are installed."""
    absent = ", ".join(f'"{name}"' for name in missing_apps())
    if absent:
        raise ImproperlyConfigured(f"The chat needs {absent} in INSTALLED_APPS. Add it, then run: manage.py migrate.")


def check_apps(**_: Any) -> list[CheckMessage]:
    return [
        Error(f'"{name}" is not in INSTALLED_APPS; the chat needs both of its apps.', id="backchannel.E008")
        for name in missing_apps()
    ]


def check_vendor(**_: Any) -> list[CheckMessage]:
    connection = connections["default"]
    if connection.vendor not in {"sqlite", "postgresql"}:
        return [
            Error(
                f"The chat cannot keep its messages in {connection.display_name}.",
                hint="Use PostgreSQL 14 or later, or SQLite, as the default database.",
                id="backchannel.E002",
            )
        ]
    if connection.settings_dict.get("NAME") == ":memory:":
        return [
            checks.Warning(
                "The SQLite database is in memory: each thread would have its own, and the chat uses several.",
                hint='Name a file in DATABASES["default"].',
                id="backchannel.W012",
            )
        ]
    if connection.vendor == "sqlite":
        return _sqlite_settings(connection.settings_dict.get("OPTIONS", {}))
    return []


def _sqlite_settings(options: dict[str, Any]) -> list[CheckMessage]:
    pragmas = str(options.get("init_command", "")).replace(" ", "").lower()
    lacking = [
        name
        for name, is_there in (
            ("journal_mode=WAL", "journal_mode=wal" in pragmas),
            ("synchronous=FULL", "synchronous=full" in pragmas or "synchronous=extra" in pragmas),
            ("transaction_mode IMMEDIATE", str(options.get("transaction_mode", "")).upper() == "IMMEDIATE"),
        )
        if not is_there
    ]
    if not lacking:
        return []
    return [
        checks.Warning(
            f"The SQLite database is not configured for the chat: {', '.join(lacking)}. Acked messages may be lost in a "
            "power cut, and a send may fail while another program writes.",
            hint='Write "OPTIONS": backchannel.sqlite_options() in DATABASES["default"].',
            id="backchannel.W003",
        )
    ]


def check_durability(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    connection = connections["default"]
    if "default" not in (databases or ()) or connection.vendor != "postgresql":
        return []
    try:
        return [
            checks.Warning(
                f"PostgreSQL is set to {name} = off: acked messages may be lost in a power cut.",
                hint=f"Set {name} = on.",
                id="backchannel.W004",
            )
            for name in switched_off(connection)
        ]
    except DatabaseError:
        return []  # the next one to connect reports the error


def switched_off(connection: Any) -> list[str]:
    """The settings of `SYNCED_BY` that are off on this PostgreSQL connection."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(['current_setting(%s)'] * len(SYNCED_BY))}", SYNCED_BY)
        return [name for name, value in zip(SYNCED_BY, cursor.fetchone(), strict=True) if value == "off"]
