"""The server's observations, queued for the tables. Plain data, made on the event loop, written in the writer's thread."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from backchannel.evidence.classify import Reached
from backchannel.protocol.reports import Report, Transport

SEEN_ROOMS: Final = 32
"""Most rooms in a connection's evidence of delivery: those that moved last."""


class Origin(Struct, frozen=True):
    """Who came, and from where, as far as it is kept."""

    person: int | None = None
    """None: not known, or not kept."""
    network: str = ""
    agent: str = ""
    via: str = ""
    """Proxies, as they name themselves in `Via`."""


class Arrived(Struct, frozen=True):
    """A handshake was answered, or a client polls that did not before."""

    id: int
    """Id of the row; see `RowIds`."""
    transport: Transport
    origin: Origin
    reached: Reached = Reached.ACCEPTED
    status: int = 101
    attempt: int | None = None
    session: int | None = None
    """The first 16 digits of the id in logs and in `hello`; see `attempt_number`."""
    client: str = ""
    device: int | None = None
    """A number of the client's instance; see `device_of`."""


class Seen(Struct, frozen=True):
    """The client is known to have these rooms up to these seqs."""

    id: int
    rooms: Mapping[int, int]


class Ended(Struct, frozen=True):
    id: int
    transport: Transport
    lived_ms: int
    code: int
    reason: str
    received: int
    client: str = ""
    device: int | None = None


class Reported(Struct, frozen=True):
    at_us: int
    origin: Origin
    report: Report
    device: int | None = None


class Failed(Struct, frozen=True):
    """An error, on either side."""

    at_us: int
    side: str
    """`server` or `browser`."""
    kind: str
    where: str
    """The innermost frames of our own; errors of one kind at one place are one group."""
    sample: str
    reference: str = ""
    """The reference shown to the person."""
    version: str = ""
    count: int = 1


Row = Arrived | Seen | Ended | Reported | Failed


class RowIds:
    """Ids that grow with time: µs since 1970 × 1024, plus ten bits that differ between nodes. The table is then ordered by time, and needs
    no index for it; and the row of a connection is found without one."""

    def __init__(self, node_bits: int) -> None:
        self._node_bits = node_bits & 1023
        self._last_us = 0

    def next(self, now_us: int) -> int:
        self._last_us = max(now_us, self._last_us + 1)
        return self._last_us << 10 | self._node_bits


def id_at(at_us: int) -> int:
    """The lowest id of this moment."""
    return at_us << 10


def us_of(row_id: int) -> int:
    return row_id >> 10


def attempt_number(text: str) -> int:
    """The first 16 hexadecimal digits, as the signed number of 64 bits that databases keep."""
    number = int(text[:16], 16)
    return number - (1 << 64) if number >= 1 << 63 else number
