"""What a command's handler works with, and for whom."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from backchannel.fanout.bus import Bus
from backchannel.fanout.presence import Presence
from backchannel.protocol.shapes import Limits, User
from backchannel.store.log import Log, Operation


@dataclass(frozen=True, slots=True)
class Context:
    """`clock`: seconds, monotonic."""

    log: Log
    bus: Bus
    presence: Presence
    clock: Callable[[], float]
    limits: Limits = Limits()


class Caller(msgspec.Struct, frozen=True):
    """Who gives the command. `instance`: the device, where the transport knows it."""

    user: User
    instance: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """A result with the HTTP status that says more than the usual one (201 for what is new, 200 for what was there)."""

    result: Any
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """A handler in two halves, where nothing is waited for but the writer: what is to be written (raises CommandError), and
    how its result is answered. A transport may call them without a task of its own for each command."""

    operation: Callable[[Any, Caller, Context], Operation]
    answer: Callable[[Any], Answer] = Answer


Handler = Write | Callable[[Any, Caller, Context], Awaitable[Answer]]
