"""When a fault ends, the WebSocket takes over again without a reload; nothing is missed and polls stop."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.network.faults import BOTH, Faults
from e2e.support.conversation import Conversation
from e2e.support.database import Database
from e2e.support.person import Person
from e2e.support.wait import eventually

FAULTS = {
    "upgrade refused": Faults(upgrade_status=403),
    "swallowed": Faults(ws_silence=BOTH),
    "everything down": Faults(refuse=True),
}


@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=pytest.mark.smoke if name == "swallowed" else ()) for name in FAULTS]
)
def test_the_websocket_takes_over_without_a_gap_and_polls_stop(
    ada: Person, ben: Person, talk: Conversation, fault: str
) -> None:
    ada.suffer(FAULTS[fault])
    ada.proxy.cut()
    talk.say(ben, *(f"before {n}" for n in range(4)))
    if fault == "everything down":
        ada.expect_failed()
    else:
        ada.expect_disconnected()
    ada.proxy.heal()
    # Ben keeps sending during the change.
    for n in range(12):
        talk.say(ben, f"meanwhile {n}")
    ada.expect_connected()
    talk.check()
    calm = eventually(lambda: quiet_since(ada), ada.page)
    talk.turn("after")
    talk.check()
    assert ada.page_log.polls(calm) == []


def quiet_since(person: Person) -> int:
    """Wait until no request of the change (an aborted poll, the last page of history) is in flight; return that mark."""
    before = len(person.page_log.requests)
    person.page.wait_for_load_state("networkidle")
    assert person.page_log.polls(before) == []
    return before


def test_many_changes_back_and_forth(ada: Person, ben: Person, talk: Conversation, database: Database) -> None:
    for n in range(4):
        ada.suffer(Faults(upgrade_status=502))
        assert ada.proxy.cut("ws") == 1
        talk.turn(f"by HTTP {n}")
        ada.proxy.heal()
        ada.expect_connected()
        talk.turn(f"by WebSocket {n}")
    talk.check()
    stored: list[Any] = database.messages(talk.id)
    assert len({message.id for message in stored}) == len(talk.sent)
