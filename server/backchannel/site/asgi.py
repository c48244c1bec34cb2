"""The standalone server: a chat around its own Django pages, with the settings of `site/settings.py`."""

from pathlib import Path
from typing import cast

from django.core.asgi import get_asgi_application
from starlette.types import ASGIApp

from backchannel.chat import config_from_settings
from backchannel.chat.chat import Chat
from backchannel.chat.create import create
from backchannel.ops.health import exposition
from backchannel.ops.workers import Workers
from backchannel.web.django_turns import DjangoTurns


def standalone(worker: tuple[Path, int] | None = None) -> Chat:
    """`worker`: the supervisor's folder and this process's number, if it is one of several."""
    django_application = DjangoTurns(cast("ASGIApp", get_asgi_application()))
    workers = None if worker is None else Workers(*worker, exposition)
    return create(django_application, config_from_settings(), whole_server=True, workers=workers)
