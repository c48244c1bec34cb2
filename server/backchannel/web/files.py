"""Serves static files, as an ASGI application at /static.

Uses ServeStatic's ASGI form, not its Django middleware: a file then takes neither Django's middleware nor a thread, and the compressed
copies made by the build are chosen by `Accept-Encoding`. The files of the admin pages are served from the installed package, so
that no collectstatic is needed.
"""

from __future__ import annotations

from pathlib import Path
from wsgiref.headers import Headers

import django.contrib.admin
from servestatic import ServeStaticASGI
from starlette.types import Receive, Scope, Send

from backchannel.web import build

_ADMIN = Path(django.contrib.admin.__file__).parent / "static" / "admin"
# Files without a hash in their name: revalidated after an hour, answered 304 if unchanged.
_MAX_AGE_S = 3600


class StaticFiles:
    """An ASGI application for paths below /static/. Picks up a new web build without a restart."""

    def __init__(self) -> None:
        self._build: build.Build | None = None
        self._files: ServeStaticASGI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        current = build.current_build()
        if self._files is None or current is not self._build:
            self._build, self._files = current, _scan()
        await self._files(scope, receive, send)


def _scan() -> ServeStaticASGI:
    files = ServeStaticASGI(
        None,
        max_age=_MAX_AGE_S,
        allow_all_origins=False,
        immutable_file_test=_has_hash,
        add_headers_function=_add_headers,
    )
    files.add_files(_ADMIN, "/static/admin/")
    if build.DIST.is_dir():
        files.add_files(build.DIST, build.STATIC_URL)
    return files


def _has_hash(path: str, url: str) -> bool:
    # Vite hashes the names of all its files; no other file has a hash.
    return url.startswith(build.STATIC_URL + "assets/")


def _add_headers(headers: Headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
