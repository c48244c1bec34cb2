"""The interface of a client that its parts use."""

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

    def after(self) -> None:
        """Called after every change of the replica."""

    def note(self, op: str, **fields: Any) -> None:
        """Add a record to the history."""

    def command(self, word: str, fields: Frame, done: Done, within: float = ...) -> None:
        """By the proven socket, else over HTTP."""

    def over_http(self, word: str, fields: Frame, done: Done) -> None: ...
    def on_socket(self, word: str, fields: Frame, done: Done, id_: str, within: float) -> None: ...
    def doubt_link(self) -> None: ...
