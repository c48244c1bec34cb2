"""Several tabs of one person."""

from __future__ import annotations

from stage.conversation import Conversation
from stage.person import Person
from stage.witness import Witness


def test_two_tabs_show_the_same_and_send_once(ada: Person, ben: Person, talk: Conversation) -> None:
    first = ada.page
    ada.page = ada.open_tab()
    ada.visit(f"/rooms/{talk.id}")
    ada.expect_connected()
    talk.turn("from the second tab")
    ada.page = first
    first.bring_to_front()
    talk.turn("from the first tab")
    talk.check()


def test_what_a_closed_tab_had_not_sent_the_next_one_sends_once(ada: Person, ben: Person, talk: Conversation) -> None:
    ada.lose_network()
    talk.say(ada, "one", "two", "three")
    ada.sees_waiting("one", "two", "three")
    ada.page.close()
    ada.proxy.heal()
    ada.witness = Witness(network_may_fail=True, problems=ada.witness.problems)
    # Two at once, which both find what was left.
    tabs = [ada.open_tab(), ada.open_tab()]
    for tab in tabs:
        tab.goto(f"{ada.proxy.url}/rooms/{talk.id}")
    for ada.page in tabs:
        # What lies behind draws nothing.
        ada.page.bring_to_front()
        talk.check()
    ada.expect_connected()
