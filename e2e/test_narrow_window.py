"""A narrow window with a mouse: a small laptop, or 200 % zoom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from e2e.support.person import Person


@pytest.mark.parametrize(("width", "height"), [(640, 400), (720, 900), (320, 568)])
def test_messages_offer_their_actions_to_a_mouse_and_again_after_escape(
    people: Callable[..., Person], width: int, height: int
) -> None:
    ada, ben = people(viewport={"width": width, "height": height}), people()
    room: dict[str, Any] = ada.api.create_room("group", ben.api, name="Garden")
    ada.enter(room)
    ben.api.send(room["id"], "hello")
    row = ada.message("hello")
    row.hover()
    toolbar = row.get_by_role("toolbar", name="Message actions")
    expect(toolbar).to_be_in_viewport(ratio=1)

    toolbar.get_by_role("button", name="More", exact=True).click()
    expect(ada.page.get_by_role("menu")).to_be_in_viewport(ratio=1)
    ada.page.keyboard.press("Escape")
    ada.page.keyboard.press("Escape")
    expect(ada.composer).to_be_focused()
    box = row.bounding_box()
    assert box
    ada.page.mouse.move(box["x"] + 80, box["y"] + box["height"] - 6)
    expect(toolbar).to_be_visible()
    toolbar.get_by_role("button", name="Reply").click()
    ada.say("an answer")
    expect(ada.message("an answer").get_by_role("button", name="In reply to")).to_be_visible()

    # Also by keyboard.
    ada.page.keyboard.press("Shift+Tab")
    while ada.page.evaluate("document.activeElement.tagName") != "ARTICLE":
        ada.page.keyboard.press("Shift+Tab")
    expect(ada.message("an answer").get_by_role("toolbar")).to_be_visible()
