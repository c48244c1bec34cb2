"""Which addresses a browser may give for its push messages. They come from a client, so they are checked against the services there are."""

from collections.abc import Iterable
from typing import Final

from backchannel import outgoing
from backchannel.protocol.errors import invalid

SERVICES: Final = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
"""Of Chrome and its relatives, Firefox, Safari, Edge. Others by the setting `PUSH_SERVICES`. `*.` stands for one label or more."""


def check_endpoint(endpoint: str, more: Iterable[str] = ()) -> None:
    """Raises CommandError `invalid`. The name is resolved, and its addresses looked at, when something is sent."""
    try:
        host = outgoing.split_address(endpoint).hostname or ""
    except outgoing.Forbidden as error:
        raise invalid(endpoint=str(error)) from None
    if not any(_is_of(host, service) for service in (*SERVICES, *more)):
        raise invalid(
            endpoint=f"This server writes to no push service at {host[:100]}. Its setting PUSH_SERVICES may allow it."
        )


def _is_of(host: str, service: str) -> bool:
    if service.startswith("*."):
        return host.endswith(service[1:])
    return host == service
