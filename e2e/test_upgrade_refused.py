"""A proxy refuses WebSockets: the chat works by HTTP and shows it."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.network.faults import Faults
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person

REFUSALS = {
    "403": Faults(upgrade_status=403),
    "426": Faults(upgrade_status=426),
    "502": Faults(upgrade_status=502),
    "stripped": Faults(strip_upgrade=True),
    "unanswered": Faults(hang_upgrade=True),
}


@pytest.mark.parametrize("how", REFUSALS)
def test_people_talk_over_http(
    ada: Person, ben: Person, room: dict[str, Any], elsewhere: dict[str, Any], database: Database, how: str
) -> None:
    ada.suffer(REFUSALS[how])
    ada.enter(room, connected=False)
    ben.enter(room)
    talk = Conversation(room, database, ada, ben)
    talk.turn("one", "two")
    ada.expect_disconnected()
    ben.expect_connected()
    talk.check_away(ben, ada, elsewhere)
    talk.check_away(ada, ben, elsewhere)
    assert ada.proxy.traffic.since(0, "POST /api/rooms/.*/messages")
    assert ada.proxy.live("ws") == 0
