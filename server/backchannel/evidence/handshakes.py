"""Reads from a request the attempt that it belongs to and the client's address. Pure, but for the scope of ASGI."""

import datetime
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from backchannel.evidence.agents import reduced
from backchannel.evidence.networks import key_of_month, network_of
from backchannel.evidence.rows import Origin, attempt_number
from backchannel.evidence.settings import EvidenceSettings

_ATTEMPT: Final = re.compile(rb"(?:^|&)a=([0-9a-f]{16})(?:&|$)")
_VIA: Final = re.compile(r"[^\w./ ,()-]")
_VIA_LENGTH: Final = 64
_REMEMBERED: Final = 4096
"""Addresses."""


def attempt_of(scope: Mapping[str, Any]) -> int | None:
    """The attempt that the client names in the query; None if it names none."""
    found = _ATTEMPT.search(scope.get("query_string", b""))
    return attempt_number(found[1].decode()) if found else None


def is_attempt(scope: Mapping[str, Any]) -> bool:
    """A handshake, or what a proxy left of one; otherwise somebody opened the address."""
    return attempt_of(scope) is not None or any(name == b"sec-websocket-key" for name, _ in scope["headers"])


class Origins:
    """Where clients come from, as much of it as the settings keep."""

    def __init__(self, settings: EvidenceSettings) -> None:
        self._settings = settings
        # Working out a network takes longer than all else that is done at a handshake. Kept in memory alone.
        self._network = lru_cache(_REMEMBERED)(self._network_of)

    def of(self, scope: Mapping[str, Any], person: int | None, now_us: int) -> Origin:
        agent, via = "", ""
        for name, value in scope["headers"]:
            if name == b"user-agent":
                agent = value.decode("latin-1")
            elif name == b"via":
                via = _VIA.sub("", value.decode("latin-1"))[:_VIA_LENGTH]
        client = scope.get("client")
        month = _month_of(now_us) if self._settings.addresses == "hash" else None
        return Origin(
            person=person if self._settings.analytics == "on" else None,
            network=self._network(client[0] if client else "", month),
            agent=reduced(agent),
            via=via,
        )

    def _network_of(self, address: str, month: tuple[int, int] | None) -> str:
        """`month`: None if its key is not asked for."""
        settings = self._settings
        key = b"" if month is None else key_of_month(settings.secret, *month)
        return network_of(address, settings.addresses, key, settings.networks)


def _month_of(now_us: int) -> tuple[int, int]:
    today = datetime.datetime.fromtimestamp(now_us / 1e6, datetime.UTC)
    return today.year, today.month


def device_of(instance: str | None, settings: EvidenceSettings) -> int | None:
    """A number for the client's instance; None if it names none, or none is kept."""
    if not instance or settings.analytics != "on":
        return None
    return int.from_bytes(hashlib.blake2b(instance.encode(), key=settings.secret[:64], digest_size=7).digest(), "big")
