"""What a request says of its client: the attempt it belongs to, and where it comes from. Pure, but for the scope of ASGI."""

import datetime
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from backchannel.evidence.agents import reduced
from backchannel.evidence.networks import key_of_month, network_of
from backchannel.evidence.rows import Origin, attempt_number
from backchannel.evidence.settings import EvidenceSettings

_ATTEMPT: Final = re.compile(rb"(?:^|&)a=([0-9a-f]{16})(?:&|$)")
_VIA: Final = re.compile(r"[^\w./ ,()-]")
_VIA_LENGTH: Final = 64


def attempt_of(scope: Mapping[str, Any]) -> int | None:
    """As the client names it in the query; None if it does not."""
    found = _ATTEMPT.search(scope.get("query_string", b""))
    return attempt_number(found[1].decode()) if found else None


def is_attempt(scope: Mapping[str, Any]) -> bool:
    """A handshake, or what a proxy left of one; otherwise somebody opened the address."""
    return attempt_of(scope) is not None or any(name == b"sec-websocket-key" for name, _ in scope["headers"])


def origin_of(scope: Mapping[str, Any], settings: EvidenceSettings, person: int | None, today: datetime.date) -> Origin:
    """As much of it as the settings keep."""
    named = {b"user-agent": "", b"via": ""}
    for name, value in scope["headers"]:
        if name in named:
            named[name] = value.decode("latin-1")
    client = scope.get("client")
    key = key_of_month(settings.secret, today.year, today.month) if settings.addresses == "hash" else b""
    return Origin(
        person=person if settings.analytics == "on" else None,
        network=network_of(client[0] if client else "", settings.addresses, key, settings.networks),
        agent=str(reduced(named[b"user-agent"])),
        via=_VIA.sub("", named[b"via"])[:_VIA_LENGTH],
    )


def device_of(instance: str | None, settings: EvidenceSettings) -> int | None:
    """A number for the client's instance; None if it names none, or none is kept."""
    if not instance or settings.analytics != "on":
        return None
    return int.from_bytes(hashlib.blake2b(instance.encode(), key=settings.secret[:64], digest_size=7).digest(), "big")
