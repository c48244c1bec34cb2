"""Reads what a trusted proxy reports about the client of a forwarded request, by the rules of uvicorn's `ProxyHeadersMiddleware`.

Not as middleware: the HTTP protocol knows once for a connection whether it is a proxy's, and reads the headers once for equal heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from uvicorn.middleware.proxy_headers import _TrustedHosts

from backchannel.runner.head import Header

_SCHEMES: Final = {"http": False, "https": True, "ws": False, "wss": True}
"""Values of X-Forwarded-Proto → whether the connection is encrypted."""


class Forwarded(NamedTuple):
    client: tuple[str, int] | None = None
    """Host and port; the port is 0 where it is not named. None where no client is named."""
    is_secure: bool | None = None
    """The client's connection to the proxy is encrypted. None where nothing is said of it."""


DIRECT: Final = Forwarded()
"""The result for a connection that is not a proxy's."""


class TrustedProxies:
    def __init__(self, addresses: Sequence[str]) -> None:
        """`addresses`: of hosts and networks."""
        self._trusted = _TrustedHosts(list(addresses))

    def trusts(self, host: str | None) -> bool:
        """True for a trusted proxy, and for the other end of a Unix socket (None)."""
        return host is None or host in self._trusted

    def read(self, headers: Sequence[Header]) -> Forwarded:
        """The values of a trusted proxy's headers. Names are in lower case."""
        proto, hosts = None, []
        for name, value in headers:
            if name == b"x-forwarded-proto":
                proto = value
            elif name == b"x-forwarded-for":
                hosts.append(value)
        if proto is None and not hosts:
            return DIRECT
        client = self._trusted.get_trusted_client_address(b", ".join(hosts).decode("latin-1")) if hosts else ("", 0)
        is_secure = None if proto is None else _SCHEMES.get(proto.decode("latin-1").strip())
        return Forwarded(client if client[0] else None, is_secure)
