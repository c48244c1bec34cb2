"""The two addresses of a connection, in the form of ASGI.

Read from the transport, not from its socket: uvloop would create a socket object for the question and keep it, with both
addresses, as long as the connection lasts.
"""

import asyncio
from typing import Any


def local_address(transport: asyncio.BaseTransport) -> tuple[str, int | None] | None:
    """(host, port), or (path, None) of a Unix socket."""
    name = transport.get_extra_info("sockname")
    return (name, None) if name and isinstance(name, str) else _host_and_port(name)


def remote_address(transport: asyncio.BaseTransport) -> tuple[str, int] | None:
    """(host, port); None for a Unix socket, whose clients have no address."""
    return _host_and_port(transport.get_extra_info("peername"))


def _host_and_port(name: Any) -> tuple[str, int] | None:
    return (str(name[0]), int(name[1])) if isinstance(name, tuple | list) else None
