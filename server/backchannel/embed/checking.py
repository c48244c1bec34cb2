"""`manage.py backchannel check`: the chat's system checks, and what only a look at the running services shows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from backchannel.cli.setup import Stop, open_database


def check(options: argparse.Namespace, _: object) -> int:
    """Print what is found; 1 if there is a problem."""
    problems = 0
    for is_problem, text in _findings(options):
        problems += is_problem
        print(f"{'problem' if is_problem else 'ok':9}{text}")
    print("No problems found." if not problems else f"Problems found: {problems}.")
    return 1 if problems else 0


def _findings(options: argparse.Namespace) -> Iterator[tuple[bool, str]]:
    from django.core.checks import run_checks
    from django.db import DatabaseError, connection

    found = [each for each in run_checks(databases=["default"]) if str(each.id).startswith("backchannel.")]
    for each in found:
        yield True, f"{each.msg} {each.hint or ''} ({each.id})".replace("  ", " ")
    if not found:
        yield False, "the settings are right for the chat"
    try:
        open_database(options)
    except Stop as stop:
        yield True, str(stop)
    except DatabaseError as error:
        yield True, f"the database does not answer: {str(error).splitlines()[0]}"
    else:
        yield False, f"{connection.display_name} answers, and has the chat's tables"
    yield from _redis()


def _redis() -> Iterator[tuple[bool, str]]:
    from django.core.exceptions import ImproperlyConfigured

    from backchannel.chat import config_from_settings

    try:
        urls = config_from_settings().redis_urls
    except ImproperlyConfigured:
        return  # E007 has said it
    if not urls:
        yield False, "no Redis: right for a single process"
        return
    try:
        import redis
    except ModuleNotFoundError:
        return  # E013 has said it
    for number, url in enumerate(urls, start=1):
        try:  # the address may hold a password, and is not shown
            redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3).ping()
        except (redis.RedisError, TypeError, ValueError) as problem:
            yield True, f'Redis {number} of BACKCHANNEL["REDIS_URLS"]: {str(problem).splitlines()[0]}'
        else:
            yield False, f'Redis {number} of BACKCHANNEL["REDIS_URLS"] answers'
