"""A Django site with the chat in it: the chat's system checks, and what only a look at the running services shows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from backchannel.doctor.inside import database, mail
from backchannel.doctor.report import Progress
from backchannel.findings import Finding
from backchannel.ops import redis_findings

if TYPE_CHECKING:
    from backchannel.config import ChatConfig

_REDIS = 'BACKCHANNEL["REDIS_URLS"]'
CHAT_APPS = frozenset({"backchannel", "backchannel_accounts"})
"""The labels of both apps."""


def check() -> Iterator[Finding]:
    """The findings of `manage.py backchannel check`."""
    from django.core.checks import run_checks

    found = [each for each in run_checks(databases=["default"]) if str(each.id).startswith("backchannel.")]
    for each in found:
        yield Finding("D120", "problem", f"{each.msg} {each.hint or ''} ({each.id})".replace("  ", " "))
    if not found:
        yield Finding("D120", "ok", "the settings are right for the chat")
    yield _database()
    yield from _redis()


def examine(_: argparse.Namespace, progress: Progress) -> Iterator[Finding]:
    """The findings of `manage.py backchannel doctor`."""
    usable = True
    for finding in check():
        usable = usable and not (finding.is_problem and finding.code in {"D105", "D106"})
        yield finding
    if usable:
        yield from database.examine(processes=1, site_threads=_site_threads())
    yield from redis_findings.details(_urls(), _REDIS)
    progress("asking the mail server")
    yield from _mail()


def _database() -> Finding:
    from django.db import DatabaseError, connection

    try:
        waiting = waiting_migrations()
    except DatabaseError as error:
        return Finding("D105", "problem", f"the database does not answer: {str(error).splitlines()[0]}")
    if waiting:
        return Finding("D106", "problem", f"the database lacks {waiting} migrations; run: manage.py migrate")
    return Finding("D105", "ok", f"{connection.display_name} answers, and has the chat's tables")


def waiting_migrations() -> int:
    """How many migrations of the chat the database lacks. Raises DatabaseError."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    targets = [key for key in executor.loader.graph.leaf_nodes() if key[0] in CHAT_APPS]
    return len(executor.migration_plan(targets))


def _config() -> ChatConfig | None:
    """None where it is wrong: a system check (E007) says so."""
    from django.core.exceptions import ImproperlyConfigured

    from backchannel.chat import config_from_settings

    try:
        return config_from_settings()
    except ImproperlyConfigured:
        return None


def _urls() -> tuple[str, ...]:
    config = _config()
    return () if config is None else config.redis_urls


def _site_threads() -> int:
    from backchannel.store.read_pool import READ_THREADS

    config = _config()
    return READ_THREADS if config is not None and config.has_site_code else 0


def _redis() -> Iterator[Finding]:
    import importlib.util

    urls = _urls()
    if not urls or importlib.util.find_spec("redis") is not None:  # else a system check (E013) says it
        yield from redis_findings.answering(urls, _REDIS)


def _mail() -> Iterator[Finding]:
    from django.conf import settings

    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        found = mail.converse(
            settings.EMAIL_HOST,
            settings.EMAIL_PORT,
            settings.EMAIL_HOST_USER,
            settings.EMAIL_HOST_PASSWORD,
            implicit_tls=settings.EMAIL_USE_SSL,
            starttls=settings.EMAIL_USE_TLS,
        )
        # The chat of a site sends no mail by itself, and the default address is often nobody's.
        yield replace(found, word="note") if found.is_problem else found
