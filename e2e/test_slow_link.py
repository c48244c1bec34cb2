"""A bad mobile link, and a proxy that buffers: slow, and whole."""

from __future__ import annotations

from typing import Any

from faults.proxy import Faults
from stage.conversation import Conversation
from stage.database import Database
from stage.person import Person


def test_a_slow_link_stays_connected_and_keeps_order(
    ada: Person, ben: Person, talk: Conversation, elsewhere: dict[str, Any]
) -> None:
    ada.suffer(Faults(delay_s=0.4, bytes_per_s=8_000))
    talk.say(ada, *(f"typed quickly {n}" for n in range(6)))
    talk.check()
    talk.turn("slowly")
    talk.check_away(ben, ada, elsewhere)
    ada.expect_connected()


def test_the_app_opens_over_a_slow_link(ada: Person, ben: Person, room: dict[str, Any], database: Database) -> None:
    ada.suffer(Faults(delay_s=0.3, bytes_per_s=200_000))
    ada.enter(room)
    ben.enter(room)
    talk = Conversation(room, database, ada, ben)
    talk.turn()
    talk.check()


def test_a_proxy_that_buffers_answers_makes_it_go_by_http(
    ada: Person, ben: Person, room: dict[str, Any], database: Database
) -> None:
    ada.suffer(Faults(buffer=True))
    ada.enter(room, connected=False)
    ben.enter(room)
    talk = Conversation(room, database, ada, ben)
    talk.turn("one", "two")
    ada.expect_disconnected()
    talk.check()
