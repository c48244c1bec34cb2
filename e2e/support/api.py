"""A person's REST calls to the server without a proxy, to prepare a test and to read the server's state."""

from __future__ import annotations

from typing import Any

import httpx

from e2e.support.server import Account, Server


class Api:
    def __init__(self, server: Server, account: Account) -> None:
        self.account = account
        self._http = httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {account.token}"}, timeout=30)
        self.user_id = int(self.call("GET", "/api/me")["user"]["id"])

    def call(self, method: str, path: str, **body: Any) -> Any:
        answer = self._http.request(method, path, json=body or None)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def create_room(self, kind: str, *members: Api, name: str | None = None) -> dict[str, Any]:
        named = {"name": name} if name else {}
        others = {} if kind == "channel" else {"members": [member.user_id for member in members]}
        room = self.call("POST", "/api/rooms", kind=kind, **named, **others)["room"]
        for member in members if kind == "channel" else ():
            member.call("PUT", f"/api/rooms/{room['id']}/membership")
        return dict(room)

    def send(self, room_id: int, content: str) -> dict[str, Any]:
        return dict(self.call("POST", f"/api/rooms/{room_id}/messages", content=content)["message"])

    def room(self, room_id: int) -> dict[str, Any]:
        return dict(self.call("GET", f"/api/rooms/{room_id}")["room"])

    def close(self) -> None:
        self._http.close()
