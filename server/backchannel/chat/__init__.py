"""The composition root: puts the parts of a chat together, starts and stops them. A Django site gets one by `backchannel.embed`, the
standalone server by `backchannel.site.asgi`.

create.py          the parts, and how they are connected
chat.py            `Chat`, the ASGI application
routes.py          which address goes where
metrics_access.py  who may read /metrics
lifespan.py        the order in which the parts start and stop
draining.py        how a node that stops says goodbye
sender_check.py    may the sender of a scheduled message still use the chat
revocations.py     a credential has ended: announce it, and act on it

Importing any of it builds nothing; two chats in one process share nothing but what `accounts/running_chats.py` names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backchannel.config import ChatConfig

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
