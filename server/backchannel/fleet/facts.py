"""What is kept of one message and one person: what the verdict and the steps rest on. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backchannel.fleet.connection import Connection
from backchannel.protocol.fleet import Analytics


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Times are µs since 1970. Connections: oldest first."""

    now_us: int
    analytics: Analytics
    name: str
    """Of the person who should have it."""
    is_sender: bool
    state: Literal["member", "left", "removed", "none"]
    """Of the person, in the room."""
    joined_seq: int = 0
    left_seq: int | None = None
    read_seq: int = 0
    room: int
    seq: int
    committed_us: int
    deleted: bool = False
    nodes: int | None = None
    """Processes that served when it was committed; None: not known any more."""
    connections: Sequence[Connection] = ()
    of_sender: Sequence[Connection] = ()
    sender_is_known: bool = True

    @property
    def at_commit(self) -> Connection | None:
        """The newest that was open then."""
        return next((each for each in reversed(self.connections) if each.covers(self.committed_us)), None)

    @property
    def before(self) -> Connection | None:
        """The last one that had ended by then."""
        ended = [each for each in self.connections if each.until_us is not None and each.until_us < self.committed_us]
        return max((each for each in ended if each.live), key=lambda each: each.until_us or 0, default=None)

    @property
    def next(self) -> Connection | None:
        """The first that began afterwards."""
        return next((each for each in self.connections if each.live and each.since_us > self.committed_us), None)

    @property
    def bringer(self) -> Connection | None:
        """The first whose client said that it has the message."""
        return next((each for each in self.connections if each.seen.get(self.room, 0) >= self.seq), None)

    @property
    def is_read(self) -> bool:
        return self.read_seq >= self.seq

    def confirmed_us(self, by: Connection) -> int:
        """At the latest when it ended, or now, the client had said so."""
        return self.now_us if by.until_us is None else by.until_us
