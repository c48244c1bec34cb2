"""An address, reduced to the network that it is in. Pure.

`prefix` keeps /24 of IPv4 and /48 of IPv6: what a provider gives a site, and enough to see that one office's proxy cuts WebSockets.
`hash` keeps a keyed hash of it, with another key each month: one can still count by network, and not look anybody up.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from typing import Final, NamedTuple

from backchannel.config import Addresses

PREFIX_V4: Final = 24
PREFIX_V6: Final = 48
UNKNOWN: Final = ""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadNetworks(ValueError):
    """`str(error)` names the line."""


class NamedNetwork(NamedTuple):
    network: _Network
    name: str


def read_networks(text: str) -> list[NamedNetwork]:
    """Lines like `203.0.113.0/24 Office Berlin`; `#` begins a comment. The narrowest comes first. Raises BadNetworks."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split(None, 1)
        if not words:
            continue
        try:
            network = ipaddress.ip_network(words[0], strict=False)
        except ValueError:
            raise BadNetworks(f"line {number}: {words[0]} is no network; write it like 203.0.113.0/24 Office") from None
        if len(words) == 1:
            raise BadNetworks(f"line {number}: {words[0]} has no name; write it like 203.0.113.0/24 Office")
        found.append(NamedNetwork(network, words[1].strip()[:64]))
    return sorted(found, key=lambda each: each.network.prefixlen, reverse=True)


def network_of(address: str, kept: Addresses, key: bytes = b"", named: Sequence[NamedNetwork] = ()) -> str:
    """The stored form of an address; "" without one, or if it is not an address. `key`: of this month, for `hash`."""
    if kept == "off":
        return UNKNOWN
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    parsed = mapped or parsed
    for each in named:
        if parsed in each.network:
            return each.name
    if kept == "full":
        return str(parsed)
    bits = PREFIX_V4 if parsed.version == 4 else PREFIX_V6
    network = str(ipaddress.ip_network((parsed, bits), strict=False))
    if kept == "prefix":
        return network
    return "net-" + hashlib.blake2b(network.encode(), key=key[:64], digest_size=5).hexdigest()


def key_of_month(secret: bytes, year: int, month: int) -> bytes:
    """Made of the server's secret; a month later the same network has another hash."""
    return hashlib.blake2b(f"{year}-{month}".encode(), key=secret[:64], person=b"bc.networks", digest_size=32).digest()
