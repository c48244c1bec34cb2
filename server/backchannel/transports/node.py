"""What this process is made of, as both shells and all handlers see it. Put together in asgi.py, nowhere else."""

import time
from dataclasses import dataclass, field

from backchannel.commands.context import Context
from backchannel.fanout.hub import Hub
from backchannel.fanout.presence import Presence
from backchannel.transports.admission import Admission
from backchannel.transports.identity import Authenticate, IssueTicket, Recall
from backchannel.transports.presence_show import PresenceShow
from backchannel.transports.rates import Rates
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
    admission: Admission = field(default_factory=Admission)
    recall: Recall = lambda _: None
    draining: bool = False
    shown: PresenceShow = field(init=False)
    started_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.shown = PresenceShow(self.hub)
