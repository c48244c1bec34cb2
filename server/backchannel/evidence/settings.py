"""What is kept, and for how long: `BACKCHANNEL` of a site's settings (config.py), with the files it names read."""

from dataclasses import dataclass, field
from pathlib import Path

from backchannel.config import Addresses, Analytics, ChatConfig
from backchannel.evidence.networks import NamedNetwork, read_networks


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    analytics: Analytics = "off"
    addresses: Addresses = "prefix"
    networks: tuple[NamedNetwork, ...] = ()
    days: int = 14
    rows: int = 1_000_000
    secret: bytes = field(default=b"", repr=False)
    """Of the server: keys the hashes of networks and the numbers of devices."""


def settings_from(config: ChatConfig, secret: str) -> EvidenceSettings:
    """Raises OSError, or BadNetworks, where the file of networks cannot be used."""
    file = config.analytics_networks
    return EvidenceSettings(
        analytics=config.analytics,
        addresses=config.analytics_addresses,
        networks=tuple(read_networks(Path(file).read_text(encoding="utf-8"))) if file else (),
        days=config.keep_connections_days,
        rows=config.keep_connections_rows,
        secret=secret.encode(),
    )
