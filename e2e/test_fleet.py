"""Staff see on `/admin/fleet` who is without the WebSocket and why, and why somebody did not get a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.network.faults import Faults
from e2e.support.database import Database
from e2e.support.evidence import Evidence
from e2e.support.person import Person
from e2e.support.server import Server
from e2e.support.wait import eventually
from e2e.test_accessibility import has_no_violations

TABS = ("Now", "Fallback", "Person", "Message journey", "Errors", "Audit")


@pytest.fixture
def staff(ben: Person, server: Server) -> Page:
    """The fleet, as Ben sees it, whose network is healthy."""
    server.run("user", "promote", ben.account.username, "--to", "staff")
    ben.has_session()
    ben.visit("/admin/fleet")
    expect(ben.page.get_by_role("heading", name="Fleet", exact=True)).to_be_visible()
    return ben.page


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def ask_for(page: Page, person: Person) -> None:
    page.get_by_label("Username, or id").fill(person.account.username)
    page.get_by_role("button", name="Show").click()


def row_of(page: Page, person: Person) -> Locator:
    rows = page.get_by_role("table", name="People on HTTP").get_by_role("row")
    return rows.filter(has=page.get_by_role("cell", name=person.account.username, exact=True))


def test_the_one_person_whose_upgrade_is_stripped_is_named_with_the_cause(
    ada: Person, room: dict[str, Any], staff: Page
) -> None:
    ada.suffer(Faults(strip_upgrade=True))
    ada.enter(room, connected=False)
    ada.expect_disconnected()
    open_tab(staff, "Fallback")
    # The table is refreshed by itself.
    expect(row_of(staff, ada)).to_contain_text("upgrade stripped by a proxy")
    open_tab(staff, "Person")
    ask_for(staff, ada)
    attempts = staff.get_by_role("table", name="Connections of device").get_by_role("row")
    expect(attempts.filter(has_text="upgrade stripped by a proxy").first).to_be_visible()


def test_a_message_that_a_sleeping_laptop_missed(
    ada: Person, ben: Person, room: dict[str, Any], staff: Page, database: Database
) -> None:
    ada.page.clock.install()
    ada.enter(room)
    ada.page_log.network_may_fail = True
    ada.proxy.silence("ws")
    ben.api.send(room["id"], "Did you get this?")
    ada.page.clock.fast_forward("10:00")
    ada.proxy.cut("ws")
    Evidence(database).names("asleep", ada, "live")
    open_tab(staff, "Message journey")
    ask_for(staff, ada)
    staff.get_by_role("button", name="Why?").first.click()
    expect(staff.get_by_text("(the device was asleep)")).to_be_visible()


def test_staff_ask_for_the_recorder_of_somebody_on_http(ada: Person, room: dict[str, Any], staff: Page) -> None:
    ada.suffer(Faults(strip_upgrade=True))
    ada.enter(room, connected=False)
    ada.expect_disconnected()
    open_tab(staff, "Person")
    ask_for(staff, ada)
    lines = staff.get_by_role("button", name="Show lines")

    def came() -> bool:
        # A question is lost where no poll waits for it.
        staff.get_by_role("button", name="Ask for the recorder").click()
        staff.wait_for_timeout(2_000)
        return lines.count() > 0

    eventually(came, staff)
    lines.first.click()
    expect(staff.get_by_text("connection from=opening to=waiting").first).to_be_visible()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_connection_page_names_the_cause_to_the_person(people: Callable[..., Person], colours: str) -> None:
    cleo = people(color_scheme=colours)
    room = cleo.api.create_room("group", name="Garden")
    cleo.suffer(Faults(strip_upgrade=True))
    cleo.enter(room, connected=False)
    cleo.expect_disconnected()
    cleo.indicator.get_by_role("button", name="Details").click()
    dialog = cleo.page.get_by_role("dialog", name="Connection")
    expect(dialog).to_contain_text("A proxy on the way removes what makes a WebSocket")
    expect(dialog).to_contain_text("The WebSocket could not be opened")
    has_no_violations(cleo.page)
    dialog.get_by_role("button", name="Send report").click()
    expect(dialog.get_by_role("status")).to_contain_text("Sent.")
    dialog.get_by_role("button", name="Copy report").click()
    expect(dialog.get_by_role("status")).to_contain_text("Copied.")
    assert "upgrade_stripped" in cleo.page.evaluate("navigator.clipboard.readText()")
    # The button is gone once it is connected: it is pressed before that.
    dialog.get_by_role("button", name="Try now").click()
    cleo.proxy.heal()
    expect(dialog).to_contain_text("over the WebSocket")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_reports_nothing_on_any_tab(staff: Page, ada: Person, room: dict[str, Any], colours: Any) -> None:
    ada.suffer(Faults(strip_upgrade=True))
    ada.enter(room, connected=False)
    staff.emulate_media(color_scheme=colours)
    for tab in TABS:
        open_tab(staff, tab)
        if tab in {"Person", "Message journey", "Audit"}:
            ask_for(staff, ada)
        expect(staff.get_by_role("status", name="Loading")).to_have_count(0)
        expect(staff.get_by_role("main").get_by_role("heading", level=2).first).to_be_visible()
        has_no_violations(staff)


def test_nobody_else_gets_the_page(ada: Person) -> None:
    ada.has_session()
    ada.visit("/admin/fleet")
    expect(ada.page.get_by_role("navigation", name="Rooms")).to_be_visible()
    assert ada.page.request.get(f"{ada.proxy.url}/api/fleet/now").status == 403
