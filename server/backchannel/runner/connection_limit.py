"""Limits the concurrent connections of one address.

A connection counts for its remote address; a request forwarded by a trusted proxy counts for the address in X-Forwarded-For, as
long as it lasts. A trusted proxy's own connections are not limited, nor are its requests without that header: they are this
machine's, or the operator's. Of an IPv6 address the first 64 bits count, since one customer gets a /64.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from backchannel.runner.head import Refused
from backchannel.runner.trusted_proxies import Forwarded, TrustedProxies

CONNECTIONS_PER_ADDRESS: Final = 1000
_NAME_CHARACTERS: Final = 64


class Slot:
    """The connections of one address. There is one object for each address that has any."""

    __slots__ = ("_limit", "_name", "held")

    def __init__(self, limit: ConnectionLimit, name: str) -> None:
        self._limit = limit
        self._name = name
        self.held = 0

    def leave(self) -> None:
        self.held -= 1
        if not self.held:
            self._limit.forget(self._name)


class ConnectionLimit:
    def __init__(
        self, at_most: int = CONNECTIONS_PER_ADDRESS, trusted_proxies: Sequence[str] = ("127.0.0.1", "::1")
    ) -> None:
        self._at_most = at_most
        self.proxies = TrustedProxies(trusted_proxies)
        self._held: dict[str, Slot] = {}

    def enter(self, host: str) -> Slot:
        """Count one connection of `host` until its slot is left. Raises `Refused` 429."""
        name = _counted_as(host)
        slot = self._held.get(name)
        if slot is None:
            slot = self._held[name] = Slot(self, name)
        elif slot.held >= self._at_most:
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "rate_limited",
                f"Too many connections from this address: {self._at_most} at most. Close some and retry in 10 s.",
                [b"retry-after: 10"],
            )
        slot.held += 1
        return slot

    def enter_forwarded(self, forwarded: Forwarded) -> Slot | None:
        """Count a request that a trusted proxy forwarded; None if it names no other address. Raises `Refused` 429."""
        if forwarded.client is None or self.proxies.trusts(forwarded.client[0]):
            return None
        return self.enter(forwarded.client[0])

    def forget(self, name: str) -> None:
        del self._held[name]

    def __len__(self) -> int:
        """Addresses that have connections."""
        return len(self._held)


@lru_cache(maxsize=4096)
def _counted_as(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:_NAME_CHARACTERS]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return host
