"""The context of a command: the process's parts it may use, and its caller."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from backchannel.commands.last_typing import LastTyping
from backchannel.fanout.bus import Bus
from backchannel.fanout.presence import Presence
from backchannel.protocol.results import PushTestOutcome
from backchannel.protocol.shapes import Limits, User, Via
from backchannel.store.log import Log
from backchannel.store.read_pool import ReadPool


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the process that a command may use."""

    log: Log
    reads: ReadPool
    bus: Bus
    presence: Presence
    clock: Callable[[], float]
    """Seconds, monotonic."""
    limits: Limits = Limits()
    takes_files: bool = False
    """There is a storage for files that people send."""
    push_services: tuple[str, ...] | None = None
    """Hosts of push services, besides those that everybody uses. None: no push messages are sent."""
    push_test: Callable[[int, str], Awaitable[PushTestOutcome]] | None = None
    """Sends a test message to a person's device. None: no push messages are sent."""
    upload_total: int | None = None
    """Bytes that all files together may have; None: no limit."""
    last_typing: LastTyping = field(default_factory=LastTyping)


class Caller(msgspec.Struct, frozen=True):
    """Who gives the command."""

    user: User
    instance: str | None = None
    """The tab or process it comes from, where the transport knows it."""
    via: Via | None = None
    """The transport it came by."""
    credential: str = ""
    """Names the sign-in, and opens nothing."""
    expires_us: int | None = None
    """When the sign-in ends; None if it does not by itself."""
