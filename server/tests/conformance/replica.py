"""A client by the book: what SPEC.md, "What a client does", says, and nothing else. Tests compare it with what the server shows.

It holds every room's whole history. `asks` names what it would have to ask the server for; the tests do the asking.
"""

from __future__ import annotations

import copy
from typing import Any

from backchannel.store.render import excerpt

Frame = dict[str, Any]

COUNTED_AT_MOST = 100
SMALL_ROOM = 20


class Replica:
    def __init__(self, me: int) -> None:
        self.me = me
        self.rooms: dict[int, Frame] = {}
        self.messages: dict[int, dict[str, Frame]] = {}
        self.cursors: dict[int, int] = {}
        self.user_version = 0
        self.epoch = ""
        self.notifications: list[Frame] = []
        self.gaps: set[int] = set()
        """Rooms where an event came too early."""
        self.asks: set[int | str] = set()
        """Rooms whose history must be fetched; "list" where the list must be."""

    @property
    def resume(self) -> Frame:
        rooms = {str(room): seq for room, seq in self.cursors.items()}
        return {"epoch": self.epoch, "user_version": self.user_version, "rooms": rooms}

    def hear(self, frames: list[Frame]) -> None:
        for frame in copy.deepcopy(frames):
            self._hear(frame)

    def put_history(self, room_id: int, page: Frame) -> None:
        """The whole history of a room, in answer to what it asked."""
        self.messages[room_id] = {message["id"]: message for message in page["messages"]}
        self.cursors[room_id] = max(self.cursors.get(room_id, 0), page["as_of_seq"])
        self.asks.discard(room_id)

    # -- frames

    def _hear(self, frame: Frame) -> None:
        match frame["type"]:
            case "hello":
                assert self.epoch in ("", frame["epoch"])
                self.epoch = frame["epoch"]
            case "room_list":
                self._list(frame)
            case "room_reset":
                self.cursors[frame["room_id"]] = frame["seq"]
                self.messages[frame["room_id"]] = {}
                self.asks |= {frame["room_id"], "list"}
            case "room_added" | "room_removed" | "read_state" | "notification":
                self._user_frame(frame)
            case "ping" | "caught_up" | "typing" | "presence":
                pass
            case _:
                self._event(frame)

    def _list(self, frame: Frame) -> None:
        self.epoch = frame["epoch"]
        self.user_version = frame["user_version"]
        rooms = {room["id"]: room for room in frame["rooms"]}
        for room_id in self.cursors.keys() - rooms.keys():
            self._drop(room_id)
        for room_id in rooms.keys() - self.cursors.keys():
            self.cursors[room_id] = rooms[room_id]["seq"]
            self.asks.add(room_id)
        self.rooms = rooms
        self.asks.discard("list")

    def _user_frame(self, frame: Frame) -> None:
        if frame["user_version"] <= self.user_version:
            return
        if frame["user_version"] > self.user_version + 1:
            self.asks.add("list")
        self.user_version = frame["user_version"]
        match frame["type"]:
            case "room_added":
                room = frame["room"]
                if room["id"] not in self.cursors:
                    self.cursors[room["id"]] = room["seq"]
                    self.asks.add(room["id"])
                self.rooms[room["id"]] = room
            case "room_removed":
                self._drop(frame["room_id"])
            case "read_state":
                room = self.rooms[frame["room_id"]]
                room.update({name: frame[name] for name in ("read_seq", "unread_count", "mention_count")})
            case "notification":
                self.notifications.append(frame)

    def _drop(self, room_id: int) -> None:
        self.rooms.pop(room_id, None)
        self.messages.pop(room_id, None)
        self.cursors.pop(room_id, None)
        self.asks.discard(room_id)

    # -- events

    def _event(self, event: Frame) -> None:
        room_id, seq = event["room_id"], event["seq"]
        cursor = self.cursors.get(room_id)
        if cursor is None or seq <= cursor:
            return
        if seq > cursor + 1:
            self.gaps.add(room_id)
            return
        self.cursors[room_id] = seq
        self._change_messages(event)
        room = self.rooms.get(room_id)
        if room is not None and seq > room["seq"]:
            room["seq"] = seq
            self._change_room(room, event)

    def _change_messages(self, event: Frame) -> None:
        messages = self.messages.setdefault(event["room_id"], {})
        match event["type"]:
            case "message_created":
                messages.setdefault(event["message"]["id"], event["message"])
            case "message_edited" | "message_deleted":
                self._replace(messages, event["message"], event["seq"])
            case "reaction_added" | "reaction_removed":
                message = messages.get(event["message_id"])
                if message is not None and event["seq"] > message["rev_seq"]:
                    message["rev_seq"] = event["seq"]
                    _react(message["reactions"], event["emoji"], event["user_id"], event["type"] == "reaction_added")

    def _replace(self, messages: dict[str, Frame], news: Frame, seq: int) -> None:
        held = messages.get(news["id"])
        if held is not None and seq > held["rev_seq"]:
            messages[news["id"]] = news
        for message in messages.values():  # a quote shows the message as it is now
            if message["reply_to"] and message["reply_to"]["id"] == news["id"]:
                message["reply_to"]["excerpt"] = excerpt(news["content"])

    def _change_room(self, room: Frame, event: Frame) -> None:
        match event["type"]:
            case "message_created":
                message = event["message"]
                room["last_message"] = {
                    "id": message["id"],
                    "sender": message["sender"],
                    "content": excerpt(message["content"]),
                    "timestamp": message["created_at"],
                }
                self._count(room, message, 1)
            case "message_edited" | "message_deleted":
                if room["last_message"] and room["last_message"]["id"] == event["message"]["id"]:
                    room["last_message"]["content"] = excerpt(event["message"]["content"])
                if event["type"] == "message_deleted":
                    self._count(room, event["message"], -1)
            case "member_joined":
                room["member_count"] += 1
                room["members"] = sorted([*room["members"], event["user"]], key=lambda user: user["id"])
                if room["member_count"] > SMALL_ROOM:
                    room["members"] = []
            case "member_left":
                room["member_count"] -= 1
                room["members"] = [user for user in room["members"] if user["id"] != event["user"]["id"]]
                if room["member_count"] == SMALL_ROOM:
                    self.asks.add("list")
            case "room_updated":
                room.update({name: event["room"][name] for name in ("name", "topic", "member_count")})

    def _count(self, room: Frame, message: Frame, by: int) -> None:
        if message["sender"]["id"] == self.me or message["seq"] <= room["read_seq"]:
            return
        if by < 0 and room["unread_count"] >= COUNTED_AT_MOST:
            self.asks.add("list")
        room["unread_count"] = min(COUNTED_AT_MOST, max(0, room["unread_count"] + by))
        if self.me in message["mentions"]:
            room["mention_count"] = min(COUNTED_AT_MOST, max(0, room["mention_count"] + by))


def _react(reactions: list[Frame], emoji: str, user_id: int, adds: bool) -> None:
    reaction = next((each for each in reactions if each["emoji"] == emoji), None)
    if reaction is None:
        reaction = {"emoji": emoji, "count": 0, "user_ids": []}
        reactions.append(reaction)
    if adds and user_id not in reaction["user_ids"]:
        reaction["user_ids"].append(user_id)
    elif not adds and user_id in reaction["user_ids"]:
        reaction["user_ids"].remove(user_id)
    reaction["count"] = len(reaction["user_ids"])
    if not reaction["count"]:
        reactions.remove(reaction)
