"""The dictionary `BACKCHANNEL` of a Django site's settings, checked: what the chat itself can be told.

    BACKCHANNEL = {"ORIGINS": ["https://shop.example"], "REDIS_URLS": ["redis://127.0.0.1/0"], "LIMITS": {"send_burst": 20}}

Every key is optional. Reading is pure; whatever cannot be used is a `ConfigError` that names the key and says what to write.
"""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Final

import msgspec

from backchannel.protocol.shapes import Limits

FIXED_LIMITS: Final = {"frame_bytes", "page", "catch_up_events", "sync_wait_s", "resume_rooms"}
"""Protocol 1 fixes these; clients count on them."""
LIMITS: Final = tuple(name for name in Limits.__struct_fields__ if name not in FIXED_LIMITS)

Count = Annotated[int, msgspec.Meta(ge=1)]


class ConfigError(Exception):
    """`problems`: one sentence for each key that cannot be used, with what to write instead."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class ChatConfig(msgspec.Struct, frozen=True, kw_only=True, rename=str.upper):
    """What a chat is built from. A field is the key of `BACKCHANNEL` in capitals."""

    origins: tuple[str, ...] = ()
    """Pages that may speak with a session cookie, like "https://shop.example". Empty: those of the host that was asked."""
    redis_urls: tuple[str, ...] = ()
    """The bus between several nodes. Empty: one process serves alone."""
    heartbeat_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 30
    arrivals_at_once: Count | None = None
    """Reconnects that use the database at the same time. None: the default of `transports/reconnect_limiter.py`."""
    arrivals_waiting: Count | None = None
    """Reconnects that wait for that. None: the default of `transports/reconnect_limiter.py`."""
    limits: Limits = Limits()
    """Each of `LIMITS` may be given by its name."""


KEYS: Final = tuple(name.upper() for name in ChatConfig.__struct_fields__)


def read_config(given: object) -> ChatConfig:
    """The checked form of `settings.BACKCHANNEL`. Raises `ConfigError`."""
    if not isinstance(given, dict):
        raise ConfigError(["BACKCHANNEL is not a dictionary; write BACKCHANNEL = {…}"])
    problems = [_unknown("BACKCHANNEL", str(key), KEYS) for key in given if key not in KEYS]
    limits = given.get("LIMITS", {})
    if not isinstance(limits, dict):
        problems.append('BACKCHANNEL["LIMITS"] is not a dictionary')
        limits = {}
    for name in limits:
        if name in FIXED_LIMITS:
            problems.append(f'BACKCHANNEL["LIMITS"]["{name}"] is fixed by the protocol; leave it out')
        elif name not in LIMITS:
            problems.append(_unknown('BACKCHANNEL["LIMITS"]', str(name), LIMITS))
    parts: dict[str, Any] = {}
    for key in KEYS:
        if key in given and key != "LIMITS":
            _convert({key: given[key]}, ChatConfig, "BACKCHANNEL", problems, parts)
    kept: dict[str, Any] = {}
    for name in LIMITS:
        if name in limits:
            _convert({name: limits[name]}, Limits, 'BACKCHANNEL["LIMITS"]', problems, kept)
            if name in kept and kept[name] <= 0:
                problems.append(f'BACKCHANNEL["LIMITS"]["{name}"] is not above 0')
    if problems:
        raise ConfigError(problems)
    return ChatConfig(**parts, limits=Limits(**kept))


def _convert(given: dict[str, Any], kind: type, where: str, problems: list[str], into: dict[str, Any]) -> None:
    (key,) = given
    field = key.lower()
    try:
        into[field] = getattr(msgspec.convert(given, kind), field)
    except msgspec.ValidationError as error:
        wrong = str(error).partition(" - at ")[0]
        problems.append(f'{where}["{key}"] cannot be used: {wrong[:1].lower()}{wrong[1:]}')


def _unknown(where: str, name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name.upper() if known is KEYS else name.lower(), known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f'{where}["{name}"] is unknown: {hint}'
