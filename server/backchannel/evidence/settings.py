"""What is stored, and for how long: `BACKCHANNEL` of a site's settings (config.py), with the contents of the files that it names."""

from dataclasses import dataclass, field
from pathlib import Path

from backchannel.config import Addresses, Analytics, ChatConfig, ConfigError
from backchannel.evidence.networks import BadNetworks, NamedNetwork, read_networks


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    analytics: Analytics = "off"
    addresses: Addresses = "prefix"
    networks: tuple[NamedNetwork, ...] = ()
    days: int = 14
    rows: int = 1_000_000
    secret: bytes = field(default=b"", repr=False)
    """The server's secret, which keys the hashes of networks and the numbers of devices."""


def settings_from(config: ChatConfig, secret: str) -> EvidenceSettings:
    """Raises ConfigError where the file of networks cannot be used."""
    return EvidenceSettings(
        analytics=config.analytics,
        addresses=config.analytics_addresses,
        networks=_networks_of(config.analytics_networks),
        days=config.keep_connections_days,
        rows=config.keep_connections_rows,
        secret=secret.encode(),
    )


def _networks_of(file: str | None) -> tuple[NamedNetwork, ...]:
    if file is None:
        return ()
    try:
        return tuple(read_networks(Path(file).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise ConfigError([f"the file of networks {file} cannot be read: {reason}"]) from None
    except BadNetworks as problem:
        raise ConfigError([f"the file of networks {file} cannot be used: {problem}"]) from None
