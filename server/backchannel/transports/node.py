"""What this process is made of, as both shells and all handlers see it. Put together in asgi.py, nowhere else."""

import time
from dataclasses import dataclass, field

from backchannel.commands.context import Context
from backchannel.fanout.hub import Hub
from backchannel.fanout.presence import Presence
from backchannel.transports.identity import Authenticate, IssueTicket, Recall
from backchannel.transports.presence_broadcast import PresenceBroadcaster
from backchannel.transports.rates import Rates
from backchannel.transports.reconnect_limiter import ReconnectLimiter
from backchannel.transports.session import Settings


@dataclass(slots=True)
class Node:
    context: Context
    hub: Hub
    presence: Presence
    authenticate: Authenticate
    issue_ticket: IssueTicket
    settings: Settings
    rates: Rates
    admission: ReconnectLimiter = field(default_factory=ReconnectLimiter)
    recall: Recall = lambda _: None
    draining: bool = False
    shown: PresenceBroadcaster = field(init=False)
    started_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.shown = PresenceBroadcaster(self.hub)
