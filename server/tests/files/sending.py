"""Uploads as a client makes them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.running import Running, Someone

CHUNK = 768 * 1024


def announce(server: Running, who: Someone, room_id: int, content: bytes | int, **rest: Any) -> dict[str, Any]:
    """Create an upload; returns it. `content`: the bytes, or how many there will be."""
    size = content if isinstance(content, int) else len(content)
    fields = {"id": str(uuid4()), "room_id": room_id, "name": "a.bin", "size": size, **rest}
    fields.setdefault("content_type", "application/octet-stream")
    return dict(server.do(who, "create_upload", **fields)["upload"])


def put(server: Running, who: Someone, upload_id: str, piece: bytes, offset: int, **rest: Any) -> httpx.Response:
    headers = {**who.headers, "Content-Type": "application/octet-stream", **rest.pop("headers", {})}
    return server.http.put(f"/api/uploads/{upload_id}", params={"offset": offset}, content=piece, headers=headers)


def send_bytes(server: Running, who: Someone, upload_id: str, content: bytes, chunk: int = CHUNK) -> None:
    for offset in range(0, len(content), chunk):
        piece = content[offset : offset + chunk]
        answer = put(server, who, upload_id, piece, offset)
        assert (answer.status_code, answer.json()) == (200, {"offset": offset + len(piece)}), answer.text


def wait_checked(server: Running, who: Someone, upload_id: str) -> dict[str, Any]:
    """The upload, once it is ready or rejected."""

    def look() -> dict[str, Any]:
        return dict(server.do(who, "get_upload", upload_id=upload_id)["upload"])

    server.wait_until(lambda: look()["state"] in ("ready", "rejected"))
    return look()


def uploaded(server: Running, who: Someone, room_id: int, content: bytes, **rest: Any) -> dict[str, Any]:
    """A file with this content, checked."""
    upload = announce(server, who, room_id, content, **rest)
    send_bytes(server, who, upload["id"], content)
    return wait_checked(server, who, upload["id"])


def sent(server: Running, who: Someone, room_id: int, *upload_ids: str, content: str = "") -> dict[str, Any]:
    """A message with these files."""
    answer = server.do(who, "send_message", room_id=room_id, content=content, attachments=list(upload_ids))
    return dict(answer["message"])


def fetch(server: Running, who: Someone | None, address: str, **headers: str) -> httpx.Response:
    return server.http.get(address, headers={**(who.headers if who else {}), **headers})
