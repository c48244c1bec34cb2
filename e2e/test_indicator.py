"""The indicator shows the state of the connection in words and colour, also to screen readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from e2e.network.faults import BOTH, Faults
from e2e.support.person import Person

LOOK = """(strip) => {
    const moving = [...strip.querySelectorAll('*')].some((part) => getComputedStyle(part).animationName !== 'none');
    return {status: strip.dataset.status, moving};
}"""


def look(person: Person) -> dict[str, Any]:
    return dict(person.indicator.locator("[data-status]").evaluate(LOOK))


def test_the_three_states_and_none(people: Callable[..., Person]) -> None:
    ada = people(reduced_motion="no-preference")
    room = ada.api.create_room("channel", name="watchtower")
    # Requests hang without an answer, so it is connecting. The page was loaded before.
    ada.has_session()
    ada.page.route("**/api/**", lambda _: None)
    ada.suffer(Faults(hang_upgrade=True))
    ada.visit(f"/rooms/{room['id']}")
    ada.expect_connecting()
    assert look(ada) == {"status": "connecting", "moving": True}

    ada.page.unroute_all()
    ada.suffer(Faults(upgrade_status=502))
    ada.proxy.cut()
    ada.page.reload()
    ada.expect_disconnected()
    assert look(ada) == {"status": "disconnected", "moving": True}

    ada.lose_network()
    ada.expect_failed()
    assert look(ada) == {"status": "error", "moving": False}

    ada.proxy.heal()
    ada.expect_connected()
    expect(ada.page.locator("[data-status]")).to_have_count(0)


def test_a_quick_start_shows_nothing(ada: Person, room: dict[str, Any]) -> None:
    ada.page.add_init_script(
        """window.shown = []; new MutationObserver(() => {
            const strip = document.querySelector('[data-status]');
            if (strip) window.shown.push(strip.dataset.status);
        }).observe(document, {subtree: true, childList: true, attributes: true})"""
    )
    ada.enter(room)
    # A loaded machine may show "connecting", but nothing worse.
    assert set(ada.page.evaluate("window.shown")) <= {"connecting"}


def test_the_live_region_exists_before_its_first_text(ada: Person, room: dict[str, Any]) -> None:
    ada.enter(room)
    regions = ada.page.get_by_role("status")
    expect(ada.page.get_by_role("status", name=re.compile("^Loading"))).to_have_count(0)
    before = regions.count()
    ada.suffer(Faults(upgrade_status=403, ws_silence=BOTH))
    ada.proxy.cut("ws")
    ada.expect_disconnected()
    assert regions.count() == before
