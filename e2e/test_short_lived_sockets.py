"""A load balancer that kills every WebSocket 200 ms after its upgrade: sockets open, but never last."""

from __future__ import annotations

from typing import Any

from e2e.network.faults import Faults
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person
from e2e.support.wait import eventually


def test_short_lived_sockets_do_not_disturb_the_conversation(
    ada: Person, ben: Person, room: dict[str, Any], elsewhere: dict[str, Any], database: Database
) -> None:
    for person in (ada, ben):
        person.suffer(Faults(ws_lives_s=0.2))
        person.enter(room, connected=False)
    talk = Conversation(room, database, ada, ben)
    talk.turn("one", "two", "three")
    talk.check_away(ada, ben, elsewhere)
    eventually(lambda: len(ada.page_log.sockets) >= 3, ada.page)
    talk.turn("four")
    talk.check()
    # Backoff works: without it several sockets a second would open.
    assert len(ada.page_log.sockets) < 60
