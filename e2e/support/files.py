"""Files that people send, and what is read of them in a browser and on the server."""

from __future__ import annotations

import io
import random
from typing import Any

import httpx
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Locator, expect

from e2e.support.person import Person
from e2e.support.wait import eventually

IS_LOADED = "(image) => image.complete && image.naturalWidth > 0"


def picture(name: str = "mill.png", width: int = 1200, height: int = 800) -> FilePayload:
    """A picture with something on it, so that its placeholder is not of one colour."""
    image = Image.new("RGB", (width, height), (200, 120, 60))
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width // 2, height // 2), fill=(20, 90, 160))
    out = io.BytesIO()
    image.save(out, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}


def document(name: str = "notes.bin", size: int = 2_000) -> FilePayload:
    """Bytes that no proxy can make smaller."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": random.Random(size).randbytes(size)}


def attach(person: Person, *files: FilePayload) -> None:
    """By the file picker."""
    person.page.locator("input[type=file]").set_input_files(list(files))
    for file in files:
        expect(tray(person)).to_contain_text(file["name"].rpartition(".")[0])


def tray(person: Person) -> Locator:
    return person.page.get_by_role("region", name="Files to send")


def send(person: Person, text: str) -> None:
    person.composer.fill(text)
    person.page.get_by_role("button", name="Send", exact=True).click()
    expect(person.composer).to_have_value("")


def shows_picture(person: Person, alt: str) -> Locator:
    """The picture in the timeline, loaded."""
    image = person.page.get_by_role("feed").get_by_role("img", name=alt)
    expect(image).to_be_visible()
    eventually(lambda: bool(image.evaluate(IS_LOADED)), person.page)
    return image


def attachments(person: Person, room_id: int) -> list[dict[str, Any]]:
    """Of all messages of the room, as the server has them."""
    history = person.api.call("GET", f"/api/rooms/{room_id}/messages?limit=50")
    return [file for message in history["messages"] for file in message["attachments"]]


def bytes_of(person: Person, attachment: dict[str, Any]) -> bytes:
    url = person.proxy.url.rpartition(":")[0] + f":{person.proxy.upstream_port}" + attachment["url"]
    answer = httpx.get(url, headers={"Authorization": f"Bearer {person.account.token}"}, timeout=30)
    assert answer.is_success, answer.text
    return answer.content
