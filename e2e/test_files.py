"""Files arrive whole, once, with their message: without a WebSocket, over a cut connection, after a tunnel, after a closed tab."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Route, expect

from e2e.network.faults import Faults
from e2e.support.database import Database
from e2e.support.files import attach, attachments, bytes_of, document, picture, send, shows_picture, tray
from e2e.support.person import Person
from e2e.support.wait import equals, eventually
from e2e.test_phone import PHONE

DEVICES: dict[str, dict[str, Any]] = {"desktop": {}, "phone": PHONE}
# Some seconds for the files of these tests.
SLOW = Faults(bytes_per_s=400_000)


@pytest.fixture(params=DEVICES)
def ada(people: Callable[..., Person], request: pytest.FixtureRequest) -> Person:
    return people(**DEVICES[request.param])


def is_at_least(bar: Locator, percent: int) -> bool:
    return int(bar.get_attribute("aria-valuenow") or 0) >= percent


def arrives(ada: Person, ben: Person, room: dict[str, Any], database: Database, text: str, *sent: Any) -> None:
    """Ben sees the message, once; the tables have it once; the files are those that were sent, byte for byte."""
    ben.enter(room)
    expect(ben.message(text)).to_have_count(1)
    eventually(equals([text], lambda: database.texts(room["id"])), ben.page)
    found = attachments(ben, room["id"])
    assert [file["name"] for file in found] == [file["name"] for file in sent]
    for file, given in zip(found, sent, strict=True):
        if "width" not in file:  # pictures are encoded again
            assert bytes_of(ben, file) == given["buffer"]
    expect(ada.message(text)).to_have_attribute("aria-label", re.compile(r"^(?!.*waiting).*$"))


@pytest.mark.smoke
def test_pictures_and_files_reach_the_other_side(
    ada: Person, ben: Person, room: dict[str, Any], database: Database, tmp_path: Path
) -> None:
    ada.enter(room)
    files = [picture("mill.png"), document("notes.bin")]
    attach(ada, *files)
    ada.page.get_by_role("button", name="Describe mill.png").click()
    ada.page.get_by_role("textbox", name="Description of mill.png").fill("The old mill")
    ada.page.keyboard.press("Enter")
    send(ada, "look")
    arrives(ada, ben, room, database, "look", *files)
    for person in (ada, ben):
        shows_picture(person, "The old mill")
    with ben.page.expect_download() as download:
        ben.page.get_by_role("link", name=re.compile(r"^Download notes\.bin")).click()
    download.value.save_as(tmp_path / "notes.bin")
    assert (tmp_path / "notes.bin").read_bytes() == files[1]["buffer"]


def test_without_a_websocket(ada: Person, ben: Person, room: dict[str, Any], database: Database) -> None:
    ada.suffer(Faults(upgrade_status=403))
    ada.enter(room, connected=False)
    ada.expect_disconnected()
    file = document(size=1_500_000)
    attach(ada, file)
    send(ada, "by http alone")
    arrives(ada, ben, room, database, "by http alone", file)


def test_a_connection_that_is_cut_in_the_middle(
    ada: Person, ben: Person, room: dict[str, Any], database: Database
) -> None:
    ada.enter(room)
    ada.suffer(SLOW)
    file = document(size=3_000_000)
    attach(ada, file)
    send(ada, "bit by bit")
    bar = ada.page.get_by_role("progressbar", name="Uploading notes.bin")
    for percent in (20, 45):
        eventually(partial(is_at_least, bar, percent), ada.page)
        ada.lose_network()
        ada.expect_failed()
        expect(ada.page.get_by_role("feed")).to_contain_text("Waits for a connection")
        ada.suffer(SLOW)
    ada.proxy.heal()
    arrives(ada, ben, room, database, "bit by bit", file)


def test_what_is_added_in_a_tunnel_waits_and_says_so(
    ada: Person, ben: Person, room: dict[str, Any], database: Database
) -> None:
    ada.enter(room)
    # The code of files is loaded a second after the page.
    eventually(lambda: any("lazyFiles" in request for request in ada.page_log.requests), ada.page)
    ada.page_log.network_may_fail = True
    ada.context.set_offline(True)
    ada.expect_failed()
    file = document()
    attach(ada, file)
    expect(tray(ada)).to_contain_text("Waits for a connection")
    send(ada, "from the tunnel")
    waiting = ada.message("from the tunnel")
    expect(waiting).to_contain_text("Waits for a connection")
    ada.context.set_offline(False)
    ada.expect_connected()
    arrives(ada, ben, room, database, "from the tunnel", file)


def test_a_tab_that_is_closed_and_opened_again(
    ada: Person, ben: Person, room: dict[str, Any], database: Database
) -> None:
    ada.enter(room)
    ada.suffer(SLOW)
    files = [document("large.bin", 3_000_000), picture("late.png")]
    attach(ada, *files)
    send(ada, "later")
    bar = ada.page.get_by_role("progressbar", name="Uploading large.bin")
    eventually(partial(is_at_least, bar, 20), ada.page)
    ada.page.close()
    ada.proxy.heal()
    assert database.texts(room["id"]) == []
    ada.page = ada.open_tab()
    ada.enter(room)
    arrives(ada, ben, room, database, "later", *files)


def test_text_is_not_held_up_by_files(ada: Person, ben: Person, room: dict[str, Any], database: Database) -> None:
    ada.enter(room)
    ben.enter(room)
    ada.suffer(Faults(bytes_per_s=150_000))
    attach(ada, document(size=900_000))
    send(ada, "with a file")
    send(ada, "text")
    expect(ben.message("text")).to_be_visible()
    assert database.texts(room["id"]) == ["text"]
    ada.proxy.heal()
    eventually(equals(["text", "with a file"], lambda: database.texts(room["id"])), ada.page)


def test_nothing_moves_when_a_picture_is_loaded(ada: Person, ben: Person, room: dict[str, Any]) -> None:
    ada.enter(room)
    attach(ada, picture())
    send(ada, "look")
    shows_picture(ada, "Picture mill.png")
    held: list[Route] = []
    released: list[Route] = []

    def hold(route: Route) -> None:
        route.continue_() if released else held.append(route)

    ben.page.route(re.compile("/files/"), hold)
    ben.enter(room)
    expect(ben.page.get_by_role("img", name="Picture mill.png")).to_be_attached()
    place = "() => [...document.querySelectorAll('[role=feed] article')].map((row) => row.getBoundingClientRect().y)"
    box = ben.page.locator("[data-picture]").bounding_box()
    before = ben.page.evaluate(place)
    # The placeholder is painted.
    assert ben.page.locator("[data-picture] canvas").evaluate("(canvas) => canvas.width") > 1
    eventually(lambda: len(held) > 0, ben.page)
    released += held
    for route in held:
        route.continue_()
    shows_picture(ben, "Picture mill.png")
    assert ben.page.evaluate(place) == before
    assert ben.page.locator("[data-picture]").bounding_box() == box


def test_the_lightbox_by_keys_and_by_back(ada: Person, ben: Person, room: dict[str, Any]) -> None:
    ada.enter(room)
    attach(ada, picture("one.png"), picture("two.png", 300, 900))
    send(ada, "two")
    for name in ("one", "two"):
        shows_picture(ada, f"Picture {name}.png")
    ada.page.get_by_role("img", name="Picture one.png").click()
    dialog = ada.page.get_by_role("dialog", name=re.compile("Picture 1 of 2"))
    expect(dialog).to_be_visible()
    ada.page.keyboard.press("ArrowRight")
    expect(ada.page.get_by_role("dialog", name=re.compile("Picture 2 of 2"))).to_be_visible()
    if ada.page.viewport_size == PHONE["viewport"]:
        ada.page.go_back()
    else:
        ada.page.keyboard.press("Escape")
    expect(ada.page.get_by_role("dialog")).to_have_count(0)
    expect(ada.composer).to_be_visible()


def test_a_deleted_message_takes_its_files_away_at_once(ada: Person, ben: Person, room: dict[str, Any]) -> None:
    ada.enter(room)
    attach(ada, picture("secret.png"))
    send(ada, "oops")
    shows_picture(ada, "Picture secret.png")
    ben.enter(room)
    shows_picture(ben, "Picture secret.png")
    ben.page.get_by_role("img", name="Picture secret.png").click()
    expect(ben.page.get_by_role("dialog")).to_be_visible()
    message = ada.api.call("GET", f"/api/rooms/{room['id']}/messages?limit=1")["messages"][0]
    ada.api.call("DELETE", f"/api/messages/{message['id']}")
    expect(ben.page.get_by_role("dialog")).to_contain_text("This picture was deleted.")
    ben.page.keyboard.press("Escape")
    expect(ben.page.get_by_role("img", name="Picture secret.png")).to_have_count(0)


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", DEVICES)
def test_axe_finds_nothing(people: Callable[..., Person], colours: str, size: str) -> None:
    ada, ben = people(color_scheme=colours, **DEVICES[size]), people()
    room = ada.api.create_room("group", ben.api, name="Garden")

    def check() -> None:
        ada.page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => 0)))")
        results = Axe().run(ada.page)
        assert results.violations_count == 0, results.generate_report()

    ben.api.send(room["id"], "hello")
    ada.enter(room)
    attach(ada, picture("one.png"), picture("two.png"), document())
    expect(tray(ada)).to_contain_text("Ready")
    check()
    send(ada, "sent")
    shows_picture(ada, "Picture one.png")
    check()
    ada.page.get_by_role("img", name="Picture one.png").click()
    expect(ada.page.get_by_role("dialog")).to_be_visible()
    check()
    ada.page.keyboard.press("Escape")
    ada.lose_network()
    attach(ada, picture("three.png"), document("more.bin"))
    ada.expect_failed()
    send(ada, "waits")
    expect(ada.message("waits")).to_contain_text("Waits for a connection")
    check()


def test_at_200_percent_zoom_tray_and_field_stay_usable(people: Callable[..., Person]) -> None:
    ada, ben = people(viewport={"width": 640, "height": 400}), people()
    room = ada.api.create_room("group", ben.api, name="Garden")
    ada.enter(room)
    attach(ada, *(document(f"file {n}.bin") for n in range(8)))
    expect(ada.composer).to_be_in_viewport(ratio=1)
    expect(ada.page.get_by_role("button", name="Send", exact=True)).to_be_in_viewport(ratio=1)
    assert ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tray(ada).get_by_role("button", name="Remove file 7.bin").click()
    expect(tray(ada).get_by_role("listitem")).to_have_count(7)
