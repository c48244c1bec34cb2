"""The interface of a world that its parts use. The world creates them; they do not know the rest of it."""

from typing import Any, Protocol

from lab.simulation.loop import Loop
from lab.simulation.plan import Plan
from lab.simulation.world.bus import Broker
from lab.simulation.world.chance import Chance
from lab.simulation.world.database import Database
from lab.simulation.world.history import History


class Surroundings(Protocol):
    plan: Plan
    chance: Chance
    loop: Loop
    history: History
    database: Database
    broker: Broker
    ended: set[str]
    """Credentials that are revoked."""

    def fault(self, sentence: str) -> None:
        """Record something that must never happen."""

    def new_id(self) -> str: ...
    def new_credential(self) -> str: ...
    def decoded(self, text: str) -> Any:
        """JSON; shared by all who receive the same bytes."""
