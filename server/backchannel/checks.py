"""System checks for an embedding Django site. `manage.py check` names each mistake and what to write instead.

E001  the package itself in INSTALLED_APPS                    W003  SQLite configured so that acked messages may be lost
E002  a database that is neither, or without AUTOCOMMIT        W004  PostgreSQL configured so that acked messages may be lost
E007  an unknown or unusable key of BACKCHANNEL                     (only with --database)
E008  one of the two apps is missing                          W006  PATH hides addresses of the site
E009  sessions that cannot be looked up                       W005  people named after e-mail addresses
E013  REDIS_URLS without the package redis                    W010  a setting that looks like a misspelt BACKCHANNEL
                                                              W011  `runserver` without ASGI
E014  a user model whose keys do not fit                      W012  SQLite in memory
E015  AUTHENTICATION that cannot be used
E016  PERSON, SPACE or POLICY that cannot be used
E017  files of the chat in a folder that the site serves
E018  FILES in an S3 service without the package for it
E019, W013  methods of a named class that cannot be called, or look misspelt: accounts/hook_checks.py
E020  PUSH_CONTACT without the packages for push messages

The next free numbers are E021 and W014; errors and warnings have one row each, and a number is not used again.

Longer than 300 lines: it is one list of checks, each with the hint that it prints.
"""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, storages
from django.core.management import get_commands
from django.db import DatabaseError, connections, models
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils.module_loading import import_string

from backchannel.config import KEYS, S3, ConfigError, read_config
from backchannel.people import PersonAdapter
from backchannel.policy import Policy

APPS: Final = ("backchannel.store", "backchannel.accounts")
ACCOUNT_LENGTH: Final = 64
"""The longest key: the length of `Person.account`."""
SYNCED_BY: Final = ("fsync", "full_page_writes", "synchronous_commit")
"""PostgreSQL settings without which acked messages may be lost in a power cut."""


def register_checks() -> None:
    """Register the checks. Called when the app is ready."""
    register(check_settings)
    register(check_apps)
    register(check_spelling)
    register(check_names)
    register(check_keys)
    register(check_path, Tags.urls)
    register(check_sessions)
    register(check_authentication)
    register(check_hooks)
    register(check_files)
    register(check_server)
    register(check_vendor)
    register(check_durability, Tags.database)


def register_check_of_umbrella() -> None:
    """Register the check that refuses the package itself as an app. Called by that app alone."""
    register(refuse_umbrella)


def refuse_umbrella(**_: Any) -> list[CheckMessage]:
    return [
        Error(
            'INSTALLED_APPS lists "backchannel", which is not an app.',
            hint='Write "backchannel.store" and "backchannel.accounts" instead.',
            id="backchannel.E001",
        )
    ]


def check_settings(**_: Any) -> list[CheckMessage]:
    try:
        config = read_config(getattr(settings, "BACKCHANNEL", {}))
    except ConfigError as error:
        return [Error(f"{problem}.", id="backchannel.E007") for problem in error.problems]
    found: list[CheckMessage] = []
    if config.redis_urls and importlib.util.find_spec("redis") is None:
        found.append(
            Error(
                'BACKCHANNEL["REDIS_URLS"] needs the package redis, which is not installed.',
                hint="pip install 'backchannel[redis]'",
                id="backchannel.E013",
            )
        )
    if config.push_contact and None in map(importlib.util.find_spec, ("http_ece", "py_vapid")):
        found.append(
            Error(
                'BACKCHANNEL["PUSH_CONTACT"] needs the packages http-ece and py-vapid, which are not installed.',
                hint="pip install 'backchannel[push]'",
                id="backchannel.E020",
            )
        )
    return found


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


def check_names(**_: Any) -> list[CheckMessage]:
    model = get_user_model()
    signs_in_by = model._meta.get_field(model.USERNAME_FIELD)
    by_address = isinstance(signs_in_by, models.EmailField) or "email" in signs_in_by.name
    if not by_address or "PERSON" in (getattr(settings, "BACKCHANNEL", None) or {}):
        return []
    return [
        checks.Warning(
            f"{model._meta.label} signs in by e-mail address: others see what stands before the @ as username.",
            hint='Write BACKCHANNEL = {"PERSON": "mysite.chat.PersonAdapter"}, a backchannel.people.PersonAdapter whose username() returns '
            'what others may see; "backchannel.people.PersonAdapter" itself if that is right as it is.',
            id="backchannel.W005",
        )
    ]


def check_keys(**_: Any) -> list[CheckMessage]:
    model = get_user_model()
    longest = getattr(model._meta.pk, "max_length", None) or 0
    is_composite = len(getattr(model._meta, "pk_fields", [model._meta.pk])) > 1
    if longest <= ACCOUNT_LENGTH and not is_composite:
        return []
    return [
        Error(
            f"The chat stores the primary key of {model._meta.label} as text of up to {ACCOUNT_LENGTH} characters.",
            hint="Use a user model with one number, UUID or short text as its primary key.",
            id="backchannel.E014",
        )
    ]


def check_path(**_: Any) -> list[CheckMessage]:
    try:
        path = read_config(getattr(settings, "BACKCHANNEL", {})).path
    except ConfigError:
        return []  # E007
    if apps.is_installed("backchannel.site") or not getattr(settings, "ROOT_URLCONF", None):
        return []
    named = {name: getattr(settings, name) or "" for name in ("STATIC_URL", "MEDIA_URL")}
    hidden = [
        *(address for address in _addresses(get_resolver().url_patterns) if f"{address}/".startswith(f"{path}/")),
        *(f"{address} ({name})" for name, address in named.items() if address.startswith(f"{path}/")),
    ]
    return [
        checks.Warning(
            f"Everything below {path} is the chat's, and the site's {address} with it.",
            hint='Set BACKCHANNEL["PATH"] to an address that the site does not use.',
            id="backchannel.W006",
        )
        for address in hidden
    ]


def _addresses(patterns: Sequence[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """The addresses of the URL configuration, those with a variable part up to the last slash before it. A catch-all is only "/", and so
    nothing hides it."""
    for each in patterns:
        text = str(each.pattern)
        is_route = isinstance(each.pattern, RoutePattern)
        literal = text.partition("<")[0] if is_route else _LITERAL.match(text.removeprefix("^"))[0]  # type: ignore[index]
        is_whole = literal == text if is_route else literal == text.removeprefix("^").removesuffix("$")
        address = before + literal
        if isinstance(each, URLResolver) and is_whole:
            yield from _addresses(each.url_patterns, address)
        else:
            yield address if is_whole else address[: address.rindex("/") + 1]


_LITERAL: Final = re.compile(r"(?:[\w/~-](?![*?{]))*")
"""The begin of a regular expression that matches nothing but itself."""


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


PACKAGE_OF: Final = {
    "backchannel.auth.SimpleJwt": ("rest_framework_simplejwt", "pip install 'backchannel[jwt]'"),
    "backchannel.auth.DrfToken": ("rest_framework", "pip install djangorestframework"),
}
"""Class of AUTHENTICATION → the package that it needs, and how to get it."""
APP_OF: Final = {"backchannel.auth.DrfToken": "rest_framework.authtoken"}
"""Class of AUTHENTICATION → the app whose table it reads."""


def check_authentication(**_: Any) -> list[CheckMessage]:
    try:
        paths = read_config(getattr(settings, "BACKCHANNEL", {})).authentication
    except ConfigError:
        return []  # E007
    found: list[CheckMessage] = []
    for path in paths:
        problem, advice = _problem_of(path)
        if problem:
            found.append(Error(f'BACKCHANNEL["AUTHENTICATION"]: {problem}.', hint=advice, id="backchannel.E015"))
    return found


def _problem_of(path: str) -> tuple[str, str]:
    """Why the class at this path cannot be used, and what to do; empty if it can."""
    package, install = PACKAGE_OF.get(path, ("", ""))
    if package and importlib.util.find_spec(package) is None:
        return f"{path} needs the package {package}, which is not installed", install
    app = APP_OF.get(path)
    if app and not apps.is_installed(app):
        return f'{path} needs "{app}" in INSTALLED_APPS', "Add it, then run: manage.py migrate."
    advice = "Name a subclass of backchannel.auth.Authentication by its path."
    try:
        named = import_string(path)
    except ImportError as error:
        return f"{path} cannot be imported: {error}", advice
    if not callable(getattr(named, "authenticate", None)):
        return f"{path} is no class with a method authenticate", advice
    return "", ""


def check_hooks(**_: Any) -> list[CheckMessage]:
    try:
        config = read_config(getattr(settings, "BACKCHANNEL", {}))
    except ConfigError:
        return []  # E007
    wanted: list[tuple[str, str | None, Callable[[Any], bool], str]] = [
        ("PERSON", config.person, partial(_is_a, PersonAdapter), "a subclass of backchannel.people.PersonAdapter"),
        ("SPACE", config.space, callable, "a function that takes a user and returns the tenant as text"),
        ("POLICY", config.policy, partial(_is_a, Policy), "a subclass of backchannel.policy.Policy"),
    ]
    found: list[CheckMessage] = []
    for key, path, fits, what in wanted:
        if path is None:
            continue
        try:
            problem = "" if fits(import_string(path)) else f"{path} is not {what}"
        except ImportError as error:
            problem = f"{path} cannot be imported: {error}"
        if problem:
            hint = f"Name {what} by its path."
            found.append(Error(f'BACKCHANNEL["{key}"]: {problem}.', hint=hint, id="backchannel.E016"))
    return found


def _is_a(base: type, found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, base)


def check_files(**_: Any) -> list[CheckMessage]:
    try:
        place = read_config(getattr(settings, "BACKCHANNEL", {})).files
    except ConfigError:
        return []  # E007
    if place and place.startswith(S3):
        if importlib.util.find_spec("storages") and importlib.util.find_spec("boto3"):
            return []
        return [
            Error(
                'BACKCHANNEL["FILES"] names an S3 service, for which the package django-storages is not installed.',
                hint="pip install 'backchannel[s3]'",
                id="backchannel.E018",
            )
        ]
    folder = Path(place) if place else _folder_of_storage()
    return [
        Error(
            f"The files of the chat are in {folder}, and the site serves what is below {served} ({name}) to everybody.",
            hint='Name a folder in BACKCHANNEL["FILES"] that nothing else serves: who may read a message gets its files by the chat.',
            id="backchannel.E017",
        )
        for name, served in _served_folders()
        if folder is not None and folder.absolute().is_relative_to(served.absolute())
    ]


def _folder_of_storage() -> Path | None:
    """The folder of STORAGES["chat"], where that is a folder."""
    if "chat" not in settings.STORAGES:
        return None
    storage = storages["chat"]
    return Path(storage.location) if isinstance(storage, FileSystemStorage) else None


def _served_folders() -> Iterator[tuple[str, Path]]:
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        if folder := getattr(settings, name, None):
            yield name, Path(folder)
    for entry in getattr(settings, "STATICFILES_DIRS", ()):
        yield "STATICFILES_DIRS", Path(entry[1] if isinstance(entry, (tuple, list)) else entry)


def check_server(**_: Any) -> list[CheckMessage]:
    if sys.argv[1:2] != ["runserver"] or get_commands().get("runserver") not in {
        "django.core",
        "django.contrib.staticfiles",
    }:
        return []
    return [
        checks.Warning(
            "This `runserver` serves WSGI only: the chat does not run, and its addresses answer 404.",
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
    if connection.settings_dict.get("AUTOCOMMIT") is False:
        return [
            Error(
                'DATABASES["default"] has AUTOCOMMIT = False: nothing that the chat writes would be committed.',
                hint="Leave AUTOCOMMIT out; code of yours that commits by hand calls transaction.set_autocommit(False).",
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
