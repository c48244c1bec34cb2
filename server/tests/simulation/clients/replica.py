"""What a client holds, and the rules of SPEC 7 by which frames change it. Pure; what is to be asked for is left in `needs`.

Frames are the JSON as it was heard, and never changed: clients that heard the same bytes share them.
"""

from typing import Any

Frame = dict[str, Any]


class RoomView:
    """One room: the cursor, the messages held, and what waits beyond a gap."""

    __slots__ = ("ahead", "complete", "cursor", "head", "load", "messages", "read_seq", "replay")

    def __init__(self, cursor: int, read_seq: int) -> None:
        self.cursor = cursor
        self.head = cursor
        self.read_seq = read_seq
        self.messages: dict[str, Frame] = {}
        self.ahead: dict[int, Frame] = {}
        self.complete = False
        """All messages from the first on are held; else history is to be fetched."""
        self.load = 0
        self.replay: list[Frame] = []
        """Changes heard since the page under way was asked for: they may be newer than the page."""

    def copy(self) -> "RoomView":
        other = RoomView(self.cursor, self.read_seq)
        other.messages = dict(self.messages)
        other.complete = self.complete
        return other

    def unread(self, me: int) -> int:
        read, cursor = self.read_seq, self.cursor
        return sum(
            1
            for m in self.messages.values()
            if read < m["seq"] <= cursor and m["sender"]["id"] != me and not m["deleted"]
        )

    def mentioned(self, me: int) -> int:
        """How many of the unread mention me."""
        read, cursor = self.read_seq, self.cursor
        return sum(
            1 for m in self.messages.values() if read < m["seq"] <= cursor and me in m["mentions"] and not m["deleted"]
        )


class Needs:
    def __init__(self) -> None:
        self.repair: dict[int, None] = {}
        self.history: dict[int, None] = {}
        self.room_list = False
        self.reoffer = False
        self.stored: list[Frame] = []


class Replica:
    def __init__(self, me: int) -> None:
        self.me = me
        self.epoch: str | None = None
        self.version = 0
        self.rooms: dict[int, RoomView] = {}
        self.needs = Needs()

    def copy(self) -> "Replica":
        """As it would be stored: cursors and messages together."""
        other = Replica(self.me)
        other.epoch, other.version = self.epoch, self.version
        other.rooms = {room: view.copy() for room, view in self.rooms.items()}
        return other

    def resume(self) -> Frame | None:
        if self.epoch is None or not self.version:
            return None
        cursors = {str(room): view.cursor for room, view in self.rooms.items()}
        return {"epoch": self.epoch, "user_version": self.version, "rooms": cursors}

    def take_needs(self) -> Needs:
        needs, self.needs = self.needs, Needs()
        return needs

    def receive(self, frame: Frame) -> None:
        rule = _RULES.get(frame["type"])
        if rule is not None:
            getattr(self, rule)(frame)

    # -- the cursor rule, the revision rule

    def event(self, event: Frame) -> None:
        room, seq = event["room_id"], event["seq"]
        view = self.rooms.get(room)
        if view is None or seq <= view.cursor:
            return
        if event["type"] == "message_created" and event["message"]["sender"]["id"] == self.me:
            self.needs.stored.append(event["message"])
        if seq > view.cursor + 1:
            view.head = max(view.head, seq)
            view.ahead[seq] = event
            self.needs.repair[room] = None
            return
        self._advance(view, event)
        while view.ahead:
            following = view.ahead.pop(view.cursor + 1, None)
            if following is None:
                view.ahead = {seq: each for seq, each in view.ahead.items() if seq > view.cursor}
                break
            self._advance(view, following)
        if view.cursor < view.head:
            self.needs.repair[room] = None

    def _advance(self, view: RoomView, event: Frame) -> None:
        view.cursor = event["seq"]
        view.head = max(view.head, view.cursor)
        if event["type"] == "message_created":
            self.hold(view, event["message"])
        elif "message" in event or "message_id" in event:
            if not view.complete:
                view.replay.append(event)
            self._change(view, event)

    def _change(self, view: RoomView, event: Frame) -> None:
        id_ = event["message"]["id"] if "message" in event else event["message_id"]
        held = view.messages.get(id_)
        if held is None or event["seq"] <= held["rev_seq"]:
            return
        if "message" in event:
            view.messages[id_] = event["message"]
        else:
            view.messages[id_] = _reacted(held, event)

    def hold(self, view: RoomView, message: Frame) -> None:
        """Something read: what is held already may be newer."""
        held = view.messages.get(message["id"])
        if held is None or message["rev_seq"] > held["rev_seq"]:
            view.messages[message["id"]] = message

    def page(self, room: int, load: int, answer: Frame) -> bool:
        """History, newest first. True where there is more, and it is still wanted."""
        view = self.rooms.get(room)
        if view is None or view.load != load:
            return False
        for message in answer["messages"]:
            self.hold(view, message)
            if message["sender"]["id"] == self.me:
                self.needs.stored.append(message)
        for event in view.replay:
            self._change(view, event)
        if not answer["has_more"]:
            view.complete, view.replay = True, []
        return bool(answer["has_more"])

    # -- the list rule, the version rule, the epoch rule

    def set_epoch(self, epoch: str) -> None:
        if epoch != self.epoch:
            self.needs.reoffer = True
            if self.epoch is not None:
                self.version = 0
                self.rooms = {}
            self.epoch = epoch

    def hello(self, frame: Frame) -> None:
        self.set_epoch(frame["epoch"])

    def room_list(self, frame: Frame) -> None:
        self.set_epoch(frame["epoch"])
        if frame["user_version"] < self.version:  # older than what is held
            return
        self.version = frame["user_version"]
        listed = {room["id"]: room for room in frame["rooms"]}
        self.rooms = {room: view for room, view in self.rooms.items() if room in listed}
        for room in frame["rooms"]:
            self._put(room)

    def _put(self, room: Frame) -> None:
        view = self.rooms.get(room["id"])
        if view is None:
            self.rooms[room["id"]] = RoomView(room["seq"], room["read_seq"])
            self.needs.history[room["id"]] = None
        else:
            view.read_seq = max(view.read_seq, room["read_seq"])
            self._hear(room["id"], room["seq"])

    def _hear(self, room: int, head: int) -> None:
        view = self.rooms.get(room)
        if view is not None and head > view.head:
            view.head = head
        if view is not None and view.cursor < view.head:
            self.needs.repair[room] = None

    def reset(self, frame: Frame) -> None:
        view = self.rooms.get(frame["room_id"])
        if view is not None:
            fresh = RoomView(frame["seq"], view.read_seq)
            fresh.load = view.load + 1
            self.rooms[frame["room_id"]] = fresh
            self.needs.history[frame["room_id"]] = None

    def user_frame(self, frame: Frame) -> None:
        version = frame["user_version"]
        if version <= self.version:
            return
        if version > self.version + 1:  # one was lost; until the list is there, this is the version held
            self.needs.room_list = True
        else:
            self.version = version
        match frame["type"]:
            case "room_added":
                self._put(frame["room"])
            case "room_removed":
                self.rooms.pop(frame["room_id"], None)
            case "read_state":
                view = self.rooms.get(frame["room_id"])
                if view is not None:
                    view.read_seq = max(view.read_seq, frame["read_seq"])

    def heartbeat(self, frame: Frame) -> None:
        for room, head in frame["heads"].items():
            self._hear(int(room), head)
        if frame["user_version"] > self.version:
            self.needs.room_list = True


def _reacted(message: Frame, event: Frame) -> Frame:
    """A copy with the reaction given or taken back, in the order of first use."""
    emoji, user = event["emoji"], event["user_id"]
    reactions = [dict(each, user_ids=list(each["user_ids"])) for each in message["reactions"]]
    found = next((each for each in reactions if each["emoji"] == emoji), None)
    if event["type"] == "reaction_added":
        if found is None:
            found = {"emoji": emoji, "count": 0, "user_ids": []}
            reactions.append(found)
        if user not in found["user_ids"]:
            found["user_ids"].append(user)
    elif found is not None and user in found["user_ids"]:
        found["user_ids"].remove(user)
        if not found["user_ids"]:
            reactions.remove(found)
    for each in reactions:
        each["count"] = len(each["user_ids"])
    return {**message, "reactions": reactions, "rev_seq": event["seq"]}


ROOM_EVENTS = frozenset({
    "message_created", "message_edited", "message_deleted", "reaction_added", "reaction_removed", "member_joined",
    "member_left", "room_updated",
})  # fmt: skip

_RULES: dict[str, str] = {
    **dict.fromkeys(ROOM_EVENTS, "event"),
    **dict.fromkeys(("room_added", "room_removed", "read_state", "notification"), "user_frame"),
    "hello": "hello",
    "room_list": "room_list",
    "room_reset": "reset",
    "ping": "heartbeat",
}
