"""What a command's handler works with, and for whom."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from backchannel.fanout.bus import Bus
from backchannel.fanout.presence import Presence
from backchannel.protocol.shapes import Limits, User
from backchannel.store.log import Log


@dataclass(frozen=True, slots=True)
class Context:
    """`clock`: seconds, monotonic."""

    log: Log
    bus: Bus
    presence: Presence
    clock: Callable[[], float]
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who gives the command. `instance`: the device, where the transport knows it."""

    user: User
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A result with the HTTP status that says more than the usual one (201 for what is new, 200 for what was there)."""

    result: Any
    status: int | None = None


Handler = Callable[[Any, Caller, Context], Awaitable[Answer]]
