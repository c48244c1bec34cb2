"""Client addresses and host names, as used by limits and logs. Pure."""

from __future__ import annotations

import ipaddress
from typing import Final

NETWORK_BITS: Final = {4: 24, 6: 56}
"""The network that one subscriber is commonly assigned, or several neighbours. Limits count by network, not by address."""
UNKNOWN: Final = "unknown"


def network_of(address: str) -> str:
    """The network that `address` is counted under: `203.0.113.0/24`, `2001:db8:0:100::/56`; "unknown" if it is not an address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return UNKNOWN
    # A dual-stack socket reports IPv4 clients as ::ffff:203.0.113.9.
    mapped = getattr(found, "ipv4_mapped", None)
    shown = found if mapped is None else mapped
    return str(ipaddress.ip_network((shown, NETWORK_BITS[shown.version]), strict=False))


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine itself: `localhost`, a name below it, or a loopback address."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
