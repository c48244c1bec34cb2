"""A signed-in bot: its requests, its WebSocket, its polls. What it writes it deletes again."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from backchannel.doctor.outside.asking import Answer, Broken, Request, ask
from backchannel.doctor.outside.target import Target
from backchannel.doctor.outside.websocket import WebSocket

CLIENT = {"name": "doctor", "version": "1"}
OPEN_S = 15.0


class Unusable(Exception):
    """The bot cannot do what it is to do. `str(error)` says what was refused."""


class Bot:
    def __init__(self, target: Target, token: str) -> None:
        """Raises `Unusable` if the token is not accepted."""
        self._target = target
        self.headers = {"Authorization": f"Bearer {token}"}
        self.id = int(self.call("GET", "/api/me")["user"]["id"])

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Raises `Broken`."""
        sent = b"" if body is None else json.dumps(body).encode()
        return ask(self._target, method, path, {**self.headers, **headers}, sent)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON. Raises `Unusable` if there is none."""
        try:
            answer = self.ask(method, path, body)
        except Broken as error:
            raise Unusable(f"{method} {path}: {error}") from None
        if answer.status not in {200, 201} or (found := answer.json()) is None:
            raise Unusable(f"{method} {path} was answered {answer.status} {answer.problem}".rstrip())
        return found

    def room_with(self, other: Bot) -> int:
        """The direct room of both: there is one for each pair, so that nothing piles up."""
        return int(self.call("POST", "/api/rooms", {"kind": "direct", "members": [other.id]})["room"]["id"])

    @contextmanager
    def socket(self) -> Iterator[WebSocket]:
        """A WebSocket that is live: it has caught up. Raises `Refused`, `Closed`, `Silent`."""
        opened = WebSocket(self._target, self.headers, OPEN_S)
        try:
            opened.send({"type": "hello", "protocol": 1, "client": CLIENT})
            while opened.receive(OPEN_S).get("type") != "caught_up":
                pass
            yield opened
        finally:
            opened.close()

    def poll(self, resume: dict[str, Any] | None, wait: float) -> Request:
        """A poll that was sent. Raises OSError."""
        body = {"wait": wait, "client": CLIENT} | ({"resume": resume} if resume else {})
        return Request(self._target, "POST", "/api/sync", self.headers, json.dumps(body).encode())

    def caught_up(self) -> dict[str, Any]:
        """The resume state with which a poll receives only new events. Raises `Unusable`."""
        answered = self.call("POST", "/api/sync", {"wait": 0, "client": CLIENT})
        rooms = {
            str(room["id"]): room["seq"]
            for frame in answered["frames"]
            if frame["type"] == "room_list"
            for room in frame["rooms"]
        }
        return {"epoch": answered["epoch"], "user_version": answered["user_version"], "rooms": rooms}

    def send_over_http(self, room_id: int) -> str:
        """Send a message and return its id. Raises `Unusable`."""
        sent = self.call("POST", f"/api/rooms/{room_id}/messages", {"content": "A test of the connection."})
        return str(sent["message"]["id"])

    def send_over(self, socket: WebSocket, room_id: int) -> str:
        """Send a message on the WebSocket, wait for its ack and return its id. Raises `Closed`, `Silent`, `Unusable`."""
        message = str(uuid.uuid4())
        content = "A test of the connection."
        socket.send({"type": "send_message", "id": message, "room_id": room_id, "content": content})
        until = time.monotonic() + OPEN_S
        while True:
            frame = socket.receive(max(until - time.monotonic(), 0.0))
            if frame.get("id") == message and frame["type"] == "ack":
                return message
            if frame.get("id") == message and frame["type"] == "error":
                raise Unusable(f"the message was refused: {frame['error']['code']}")

    def forget(self, message: str) -> None:
        """Delete the text of a message that this bot sent."""
        with suppress(Unusable):
            self.call("DELETE", f"/api/messages/{message}")


def receives(socket: WebSocket, message: str, within_s: float = OPEN_S) -> None:
    """Return when the message arrives. Raises `Closed`, `Silent`."""
    until = time.monotonic() + within_s
    while not is_created(socket.receive(max(until - time.monotonic(), 0.0)), message):
        pass


def is_created(frame: dict[str, Any], message: str) -> bool:
    return frame.get("type") == "message_created" and frame["message"]["id"] == message
