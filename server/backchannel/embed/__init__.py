"""The chat in a Django site. The site's ASGI module:

    from backchannel.embed import mount

    application = mount(get_asgi_application())

application.py   which requests are the chat's; the rest goes to the site
starter.py       starts the chat by the server's lifespan, or by the first request where no lifespan comes
site_lifespan.py passes the lifespan on to an application that has one
manage.py        `manage.py backchannel`: serving.py, checking.py, and commands of the command line
drain_at_exit.py    drains the chat when the process is asked to end

Importing this builds nothing, and neither does `mount`: the chat is made when the server starts, so that the processes of a server
that forks (gunicorn with --preload) share nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from starlette.types import ASGIApp


def mount(django_application: Callable[[Any, Any, Any], Awaitable[None]], *, path: str | None = None) -> ASGIApp:
    """`django_application`, with the chat below `path` (default: `BACKCHANNEL["PATH"]`, which is "/chat" if unset).

    Every other address, and every lifespan event if it handles them, stays with `django_application`: what `get_asgi_application()`
    returns, or any ASGI application around it.
    Raises `ImproperlyConfigured` for a wrong key or value of `BACKCHANNEL`, and if the chat's apps are not installed.
    """
    from django.core.exceptions import ImproperlyConfigured

    from backchannel.chat import config_from_settings
    from backchannel.checks import require_apps
    from backchannel.config import read_path

    require_apps()  # before the import of their models fails with less to say
    config = config_from_settings()
    from backchannel.embed.application import SiteWithChat

    try:
        prefix = config.path if path is None else read_path(path)
    except ValueError as error:
        raise ImproperlyConfigured(f"mount(path=…) {error}") from None
    return SiteWithChat(django_application, config, prefix)
