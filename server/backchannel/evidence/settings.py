"""What is kept, and for how long. Read from `BACKCHANNEL` of a site's settings (config.py)."""

from dataclasses import dataclass, field
from typing import Literal

from backchannel.evidence.networks import Addresses, NamedNetwork

Analytics = Literal["on", "anonymous", "off"]
"""`on`: connections with their persons. `anonymous`: without persons and devices. `off`: nothing is stored; metrics go on, which know nobody."""


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    analytics: Analytics = "off"
    addresses: Addresses = "prefix"
    networks: tuple[NamedNetwork, ...] = ()
    days: int = 14
    rows: int = 1_000_000
    secret: bytes = field(default=b"", repr=False)
    """Of the server: keys the hashes of networks and the numbers of devices."""
