"""A connection of one person, as the evidence has it. Pure."""

from dataclasses import dataclass, field

from backchannel.protocol.fleet import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A WebSocket, an attempt at one, or a time of polling. Times are µs since 1970; `until_us`: None while it is open."""

    transport: Transport
    since_us: int
    until_us: int | None
    live: bool = True
    """It was accepted, or the client polled."""
    device: int | None = None
    code: int | None = None
    reason: str = ""
    stage: str = ""
    cause: str = ""
    agent: str = ""
    client: str = ""
    network: str = ""
    via: str = ""
    node: str = ""
    seen: dict[int, int] = field(default_factory=dict)
    """Room → up to which seq it said that it has everything. At most the 32 rooms that moved last."""

    def covers(self, at_us: int) -> bool:
        return self.live and self.since_us <= at_us and (self.until_us is None or at_us <= self.until_us)
