"""The composition root: puts the parts of a chat together, starts and stops them. The ASGI module of a site begins here:

    application = create_chat(get_asgi_application(), config_from_settings())

create.py       the parts, and how they are connected
chat.py         `Chat`, the ASGI application
routes.py       which address goes where
lifespan.py     the order in which the parts start and stop
draining.py     how a node that stops says goodbye
revocations.py  a credential has ended: announce it, and act on it

Importing any of it builds nothing; two chats in one process share nothing but what `accounts/running_chats.py` names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from backchannel.chat.chat import Chat
    from backchannel.config import ChatConfig
    from backchannel.fanout.bus import Bus

# The parts are imported when they are needed: Django's models cannot be imported before Django is set up, this module can.


def config_from_settings() -> ChatConfig:
    """`settings.BACKCHANNEL`, checked. Raises `ImproperlyConfigured`, which names each wrong key and says what to write instead."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    from backchannel.config import ConfigError, read_config

    try:
        return read_config(getattr(settings, "BACKCHANNEL", {}))
    except ConfigError as error:
        raise ImproperlyConfigured(str(error)) from None


def create_chat(
    django_application: Callable[[Any, Any, Any], Awaitable[None]], config: ChatConfig, bus: Bus | None = None
) -> Chat:
    """The chat around a Django application (`get_asgi_application()`): an ASGI application with a lifespan that serves both.

    `bus` connects the processes that serve the site; None for the one that `config.redis_urls` names.
    Raises `ImproperlyConfigured` if the chat's apps are not installed.
    """
    from backchannel.store.checks import require_apps

    require_apps()  # before the import of their models fails with less to say
    from backchannel.chat.create import create

    return create(django_application, config, bus)
