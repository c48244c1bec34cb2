"""`backchannel check`: what would keep the server from running well, found before it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backchannel.site.conf import Conf, SettingError, unknown


@dataclass(frozen=True, slots=True)
class Finding:
    """`word`: "ok", "note" or "problem"."""

    word: str
    text: str

    @property
    def is_problem(self) -> bool:
        return self.word == "problem"


def findings(conf: Conf, folder: Path) -> Iterator[Finding]:
    """One after the other, so that what hangs is seen. Where the folder cannot be used, nothing after it can be looked at."""
    for line in unknown(os.environ):
        yield Finding("note", line)
    yield from _reachability(conf)
    existed = folder.exists()
    try:
        from backchannel.site.folder import prepare_folder

        prepare_folder(folder)
    except SettingError as problem:
        yield Finding("problem", str(problem))
        return
    yield Finding("ok", f"data folder {folder}" + ("" if existed else " (just made)"))
    yield from _database()
    yield from _redis(conf)
    yield from _web_app()


def _reachability(conf: Conf) -> Iterator[Finding]:
    if not conf.origins:
        yield Finding("note", "BACKCHANNEL_ORIGINS is unset: any host name is answered, and links are made from it")
    if conf.host not in {"127.0.0.1", "::1", "localhost"} and not conf.behind_https:
        yield Finding(
            "note", "without HTTPS whoever is on the way reads along; put a proxy in front and set BACKCHANNEL_ORIGINS"
        )


def _database() -> Iterator[Finding]:
    import django

    django.setup()
    from backchannel.site import state

    try:
        state.connect()
        state.check_durable()
        waiting = state.unapplied()
    except state.DatabaseUnusable as problem:
        yield Finding("problem", str(problem))
        return
    version = ".".join(str(part) for part in state.version())
    yield Finding("ok", f"{state.describe().removeprefix('the ')}, {state.vendor()} {version}, commits are synced")
    if waiting:
        yield Finding("note", f"{len(waiting)} migrations to apply; serve does it at its start")


def _redis(conf: Conf) -> Iterator[Finding]:
    if not conf.redis_url:
        yield Finding("ok", "no Redis: right for one process")
        return
    import redis

    for number, url in enumerate(conf.redis_url, start=1):
        # The address may hold a password.
        try:
            redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3).ping()
        except redis.RedisError as problem:
            yield Finding("problem", f"Redis {number} of BACKCHANNEL_REDIS_URL: {str(problem).splitlines()[0]}")
        else:
            yield Finding("ok", f"Redis {number} of BACKCHANNEL_REDIS_URL answers")


def _web_app() -> Iterator[Finding]:
    from backchannel.web.build import current_build

    if current_build() is None:
        yield Finding("note", "the web app is not built: / says how; the API works without it")
    else:
        yield Finding("ok", "the web app is built")
