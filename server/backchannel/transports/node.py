"""The parts of a chat that both transports use. Built in `chat/create.py`, and nowhere else."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from backchannel.commands.context import Context
from backchannel.evidence.evidence import Evidence, no_evidence
from backchannel.fanout.hub import Hub
from backchannel.fanout.presence import Presence
from backchannel.fanout.presence_broadcast import PresenceBroadcaster
from backchannel.files.storage import FileStore
from backchannel.store.read_pool import ReadPool
from backchannel.transports.gate import Gate
from backchannel.transports.identity import Authenticate, Issue, ProvidePeople
from backchannel.transports.rates import Rates
from backchannel.transports.reconnect_limiter import ReconnectLimiter
from backchannel.transports.session import Settings


@dataclass(slots=True)
class Node:
    context: Context
    hub: Hub
    presence: Presence
    broadcaster: PresenceBroadcaster
    authenticate: Authenticate
    issue_ticket: Issue
    issue_chat_session: Issue
    settings: Settings
    rates: Rates
    provide_people: ProvidePeople
    gate: Gate
    site_code: ReadPool | None = None
    """The threads in which the site's own code runs (its policy, spaces, names and sign-ins), where it has some: a slow one must not delay
    reads. None: there is nothing that could."""
    admission: ReconnectLimiter = field(default_factory=ReconnectLimiter)
    files: FileStore | None = None
    """None where no files are taken."""
    uploaded: Callable[[], None] = lambda: None
    """Called when all bytes of a file are there."""
    evidence: Evidence = field(default_factory=no_evidence)
    draining: bool = False
    """The node is stopping: it lets nobody in."""
    started_at: float = field(default_factory=time.monotonic)
