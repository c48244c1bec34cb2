"""What the parts of a client use of it."""

from collections.abc import Callable
from typing import Any, Protocol

from lab.simulation.clients.outbox import Outbox
from lab.simulation.world.network import Network
from lab.simulation.world.node import SimulatedIdentity
from lab.simulation.world.surroundings import Surroundings
from tests.reference import Frame
from tests.reference.replica import Replica

Done = Callable[[int, Frame], None]
"""Status (0: no answer), result or error."""


class Reachable(Surroundings, Protocol):
    network: Network


class Device(Protocol):
    world: Reachable
    name: str
    who: SimulatedIdentity
    replica: Replica
    outbox: Outbox
    is_alive: bool
    is_proven: bool
    """Its socket has answered a ping."""
    after: Callable[[], None]
    """Called after every change of the replica."""
    note: Callable[..., None]
    """Add a record to the history."""
    command: Callable[[str, Frame, Done], None]
    """By the proven socket, else over HTTP."""
    over_http: Callable[[str, Frame, Done], None]
    on_socket: Callable[..., Any]
    doubt_link: Callable[[], None]
