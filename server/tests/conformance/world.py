"""A small world with a person in every role. All worlds are equal except for their ids."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from tests.running import Running, Someone, somebody

PEOPLE = ("ada", "ben", "cyd", "dan", "eve")

_tags = itertools.count(1)
_SOON = (datetime.now(UTC) + timedelta(days=30)).isoformat()
_VERSION_OF_A_DRAFT = 10**12
"""It is not below the time in microseconds."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def soon() -> str:
    """A time for a message to be sent at, the same in all worlds."""
    return _SOON


@dataclass
class World:
    """ada owns the group and the channel, ben is in both; cyd is in neither; dan left both; eve was removed from both.
    ada and ben have a direct room. In the group are messages of both, one that is deleted, and a reply of ben's in the thread of
    ada's. ada has an upload for it, which is ready, and a message for it that is scheduled."""

    server: Running
    tag: str
    people: dict[str, Someone]
    group: int = 0
    channel: int = 0
    direct: int = 0
    by_ada: str = ""
    by_ben: str = ""
    deleted: str = ""
    upload: str = ""
    scheduled: str = ""
    reply: str = ""
    absent: str = field(default_factory=lambda: str(uuid4()))

    def __getattr__(self, name: str) -> Someone:
        try:
            return cast("Someone", self.__dict__["people"][name])
        except KeyError:
            raise AttributeError(name) from None

    def head(self, room_id: int) -> int:
        return int(self.server.do(self.ada, "get_room", room_id=room_id)["room"]["seq"])

    def plain(self, value: Any, key: str = "") -> Any:
        """The value without what differs between worlds: ids become names, times are removed."""
        if isinstance(value, dict):
            kind = "person" if "username" in value else "room" if "kind" in value or "joined" in value else ""
            return {name: self.plain(member, kind if name == "id" else name) for name, member in value.items()}
        if isinstance(value, list):
            return [self.plain(member, key) for member in value]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            if key in ("person", "user_id", "mentions", "user_ids", "people"):
                return next((name for name, who in self.people.items() if who.id == value), "somebody")
            if key in ("room", "room_id"):
                return self._rooms().get(value, "new room")
            return "a version" if value > _VERSION_OF_A_DRAFT else value
        if isinstance(value, str):
            return {"before": "a place", "via": "a transport"}.get(key) or self._plain_text(value)
        return value

    def _plain_text(self, text: str) -> str:
        if _TIME.fullmatch(text):
            return "a time"
        for name, who in self.people.items():
            text = text.replace(who.user.username, name).replace(who.user.username.upper(), name.upper())
            if text == who.user.external_id:
                return f"the site's {name}"
        for room_id, name in self._rooms().items():
            text = text.replace(f"room {room_id}", f"room {name}")
        known = {
            self.by_ada: "by_ada",
            self.by_ben: "by_ben",
            self.deleted: "deleted",
            self.reply: "reply",
            self.upload: "upload",
            self.scheduled: "scheduled",
            self.absent: "absent",
        }
        for id_, name in known.items():
            if id_:
                text = text.replace(id_, name)
        return "new message" if _is_uuid(text) else text.replace(self.tag, "tag")

    def _rooms(self) -> dict[int, str]:
        return {self.group: "group", self.channel: "channel", self.direct: "direct"}


def build(server: Running) -> World:
    world = World(server, f"w{next(_tags)}x", {name: somebody(name) for name in PEOPLE})
    ada, ben, _, dan, eve = world.people.values()
    everybody = [ben.id, dan.id, eve.id]
    world.group = server.do(ada, "create_room", kind="group", name="Group", topic="T", members=everybody)["room"]["id"]
    made = server.do(ada, "create_room", kind="channel", name=f"chan-{world.tag}", members=everybody)
    world.channel = made["room"]["id"]
    server.do(dan, "leave_room", room_id=world.channel)
    server.do(ada, "remove_member", room_id=world.channel, user_id=eve.id)
    world.direct = server.do(ada, "create_room", kind="direct", members=[ben.id])["room"]["id"]

    def send(who: Someone, content: str, **rest: Any) -> str:
        return str(server.do(who, "send_message", room_id=world.group, content=content, **rest)["message"]["id"])

    world.by_ada = send(ada, "From Ada.")
    world.by_ben = send(ben, f"From Ben to @{ada.user.username}.", reply_to=world.by_ada)
    world.deleted = send(ada, "To be deleted.")
    server.do(ada, "delete_message", message_id=world.deleted)
    world.upload = str(uuid4())
    server.do(ada, "create_upload", id=world.upload, room_id=world.group, name="empty.txt", size=0)
    world.scheduled = str(uuid4())
    server.do(ada, "schedule_message", id=world.scheduled, at=soon(), room_id=world.group, content="Good morning.")
    server.do(dan, "leave_room", room_id=world.group)
    server.do(ada, "remove_member", room_id=world.group, user_id=eve.id)
    world.reply = send(ben, "In a thread.", thread=world.by_ada)
    return world


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
