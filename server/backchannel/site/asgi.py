"""The standalone server: a chat around its own Django pages, with the settings of `site/settings.py`."""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from django.core.asgi import get_asgi_application
from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from backchannel.chat import config_from_settings
from backchannel.chat.chat import Chat
from backchannel.chat.create import create
from backchannel.ops.health import exposition
from backchannel.ops.workers import Workers
from backchannel.transports.http.bodies import BodyLimit
from backchannel.web.django_turns import DjangoTurns
from backchannel.web.files import StaticFiles


def standalone(
    worker: tuple[Path, int] | None = None, metrics: socket.socket | None = None, doctor: Sequence[str] = ()
) -> Chat:
    """`worker`: the supervisor's folder and this process's number, if it is one of several. `metrics`: listens, for the metrics alone.
    `doctor`: the command that examines this server."""
    workers = None if worker is None else Workers(*worker, exposition)
    django_application = DjangoTurns(cast("ASGIApp", get_asgi_application()))
    return create(
        config_from_settings(), pages=pages_of(django_application), workers=workers, metrics=metrics, doctor=doctor
    )


def pages_of(django_application: ASGIApp) -> ASGIApp:
    """Everything that the standalone server serves besides the chat: static files, and Django's pages, whose bodies are limited."""
    return Router([Mount("/static", _Static()), Mount("/", BodyLimit(django_application))])


class _Static:
    """A mount leaves the whole path in `path` and sets `root_path`; the files read the path without it."""

    def __init__(self) -> None:
        self._files = StaticFiles()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._files({**scope, "root_path": ""}, receive, send)
