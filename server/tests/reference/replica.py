"""What a client holds, and the rules by which frames change it (SPEC.md, section 7).

    frame ─▶ receive ─▶ rooms: cursor, row, messages, events beyond a gap
                     └▶ needs: what to ask the server for; the caller asks, and gives the answers to `receive` and `page`

Theory. A room's events are applied once and in order of seq, whatever order and however often they arrive; one beyond a gap is kept
until those before it came. A message says by `rev_seq` up to which event it is, so that pages of history and events may come in any
order. Changes that arrive while pages are loaded are applied to these again, since a page may have been read before them.
"""

from typing import get_args

from backchannel.protocol.events import AnyRoomEvent
from tests.reference import Frame, room
from tests.reference.message import changed, requoted, summarised, with_newest_summary


class HeldRoom:
    """One room of the list."""

    __slots__ = ("ahead", "complete", "cursor", "head", "load", "messages", "replay", "row", "threads")

    def __init__(self, row: Frame) -> None:
        self.row = row
        """The row as the room list has it."""
        self.cursor: int = row["seq"]
        """The seq of the last event that was applied."""
        self.head = self.cursor
        """The highest known seq."""
        self.messages: dict[str, Frame] = {}
        self.threads: dict[str, bool] = {}
        """Root of a thread → whether the user follows it, as far as frames said so."""
        self.ahead: dict[int, Frame] = {}
        """Events beyond a gap, by seq."""
        self.complete = False
        """Whether all messages from the first on are held; if not, history has to be loaded."""
        self.load = 0
        """The number of the current load; pages of earlier loads are ignored."""
        self.replay: list[Frame] = []
        """Changes of messages received during the current load: they may be newer than its pages."""

    @property
    def read_seq(self) -> int:
        return self.row["read_seq"]  # type: ignore[no-any-return]

    def begin_load(self) -> int:
        """Begin to load the whole history. Returns the number for `Replica.page`."""
        self.load += 1
        self.replay = []
        return self.load

    def copy(self) -> "HeldRoom":
        """A copy as it would be stored: without the state of pending requests."""
        other = HeldRoom(self.row)
        other.cursor = other.head = self.cursor
        other.messages = dict(self.messages)
        other.complete = self.complete
        other.threads = dict(self.threads)
        return other

    def count_unread(self, me: int) -> tuple[int, int]:
        """Messages after the read mark that are unread by user `me`, and how many of them mention `me`; without a bound."""
        read, cursor = self.read_seq, self.cursor
        unread = [
            message
            for message in self.messages.values()
            if read < message["seq"] <= cursor and message["sender"]["id"] != me and not message["deleted"]
            if not message.get("thread") or message["in_room"]
        ]
        return len(unread), sum(1 for message in unread if me in message["mentions"])


class Needs:
    """What a client has to request or do."""

    def __init__(self) -> None:
        self.repair: dict[int, None] = {}
        """Rooms whose events after the cursor are to be fetched by `get_events`; a dict for its order."""
        self.history: dict[int, None] = {}
        """Rooms whose history is to be loaded."""
        self.room_list = False
        """A user frame was lost, so the list is to be fetched."""
        self.rows = False
        """A row of the list is not exact, so the list is to be fetched."""
        self.reoffer = False
        """The epoch changed: recent messages are to be sent again."""
        self.stored: list[Frame] = []
        """The user's own messages that the server has stored."""

    @property
    def any_requests(self) -> bool:
        return bool(self.repair or self.history or self.room_list or self.rows)


class Replica:
    def __init__(self, me: int) -> None:
        self.me = me
        self.epoch: str | None = None
        self.version = 0
        """The `user_version` up to which user frames were applied."""
        self.rooms: dict[int, HeldRoom] = {}
        self.needs = Needs()

    def copy(self) -> "Replica":
        """A copy as it would be stored: cursors and messages together."""
        other = Replica(self.me)
        other.epoch, other.version = self.epoch, self.version
        other.rooms = {id_: held.copy() for id_, held in self.rooms.items()}
        return other

    def resume(self) -> Frame | None:
        if self.epoch is None or not self.version:
            return None
        cursors = {str(id_): held.cursor for id_, held in self.rooms.items()}
        return {"epoch": self.epoch, "user_version": self.version, "rooms": cursors}

    def take_needs(self) -> Needs:
        needs, self.needs = self.needs, Needs()
        return needs

    def receive(self, frame: Frame) -> None:
        """A frame of either transport, or an event that was fetched. One of unknown type is ignored."""
        rule = RULES.get(frame["type"])
        if rule is not None:
            getattr(self, rule)(frame)

    # -- the cursor rule

    def event(self, event: Frame) -> None:
        id_, seq = event["room_id"], event["seq"]
        held = self.rooms.get(id_)
        if held is None or seq <= held.cursor:
            return
        if event["type"] == "message_created" and event["message"]["sender"]["id"] == self.me:
            self.needs.stored.append(event["message"])
        if seq > held.cursor + 1:
            held.head = max(held.head, seq)
            held.ahead[seq] = event
            self.needs.repair[id_] = None
            return
        self.advance(held, event)
        while held.ahead:
            following = held.ahead.pop(held.cursor + 1, None)
            if following is None:
                held.ahead = {seq: each for seq, each in held.ahead.items() if seq > held.cursor}
                break
            self.advance(held, following)
        if held.cursor < held.head:
            self.needs.repair[id_] = None

    def advance(self, held: HeldRoom, event: Frame) -> None:
        """Apply the event at cursor + 1."""
        held.cursor = event["seq"]
        held.head = max(held.head, held.cursor)
        if held.row["seq"] < held.cursor:  # the list rule
            self._set_row(held, room.after_event(held.row, event, self.me, held.threads))
        if event["type"] == "message_created":
            self.hold(held, event["message"])
            if event["message"].get("thread"):
                if not held.complete:
                    held.replay.append(event)
                _summarise(held, event)
        elif "message" in event or "message_id" in event:
            if not held.complete:
                held.replay.append(event)
            _change(held, event)

    def _set_row(self, held: HeldRoom, row: room.Row) -> None:
        held.row = row.row
        self.needs.rows = self.needs.rows or not row.is_exact

    # -- the revision rule

    def hold(self, held: HeldRoom, message: Frame) -> None:
        """Apply a message that was read. The held one may be newer."""
        known = held.messages.get(message["id"])
        if known is None:
            held.messages[message["id"]] = message
        elif message["rev_seq"] > known["rev_seq"]:
            held.messages[message["id"]] = with_newest_summary(message, known)
        else:
            held.messages[message["id"]] = with_newest_summary(known, message)

    def page(self, room_id: int, load: int, answer: Frame) -> bool:
        """An answer to `get_history`, from the newest page back. True where the page before it is to be asked for."""
        held = self.rooms.get(room_id)
        if held is None or held.load != load:
            return False
        for message in answer["messages"]:
            self.hold(held, message)
            if message["sender"]["id"] == self.me:
                self.needs.stored.append(message)
        for event in held.replay:
            if event["type"] == "message_created":
                _summarise(held, event)
            else:
                _change(held, event)
        if not answer["has_more"]:
            held.complete, held.replay = True, []
        return bool(answer["has_more"])

    # -- the epoch rule

    def set_epoch(self, epoch: str) -> None:
        if epoch != self.epoch:
            self.needs.reoffer = True
            if self.epoch is not None:
                self.version = 0
                self.rooms = {}
            self.epoch = epoch

    def hello(self, frame: Frame) -> None:
        self.set_epoch(frame["epoch"])

    # -- the version rule

    def room_list(self, frame: Frame) -> None:
        self.set_epoch(frame["epoch"])
        if frame["user_version"] < self.version:  # older than what is held
            return
        self.version = frame["user_version"]
        listed = {row["id"] for row in frame["rooms"]}
        self.rooms = {id_: held for id_, held in self.rooms.items() if id_ in listed}
        for row in frame["rooms"]:
            self._list(row)

    def user_frame(self, frame: Frame) -> None:
        version = frame["user_version"]
        if version <= self.version:
            return
        if version > self.version + 1:  # one was lost; until the list is there, the version held stays
            self.needs.room_list = True
        else:
            self.version = version
        match frame["type"]:
            case "room_added":
                self._list(frame["room"])
            case "room_removed":
                self.rooms.pop(frame["room_id"], None)
            case "thread_state":
                held = self.rooms.get(frame["room_id"])
                if held is not None:
                    held.threads[frame["root"]] = frame["following"]
            case "read_state":
                held = self.rooms.get(frame["room_id"])
                if held is not None:
                    self._set_row(held, room.after_read(held.row, frame))

    def _list(self, row: Frame) -> None:
        held = self.rooms.get(row["id"])
        if held is None:
            self.rooms[row["id"]] = HeldRoom(row)
            self.needs.history[row["id"]] = None
        else:
            held.row = room.merged(held.row, row)
            self._note_head(row["id"], row["seq"])

    def _note_head(self, room_id: int, head: int) -> None:
        held = self.rooms.get(room_id)
        if held is not None and head > held.head:
            held.head = head
        if held is not None and held.cursor < held.head:
            self.needs.repair[room_id] = None

    # -- other frames

    def reset(self, frame: Frame) -> None:
        """The events after the cursor are too many: the room begins again at `seq`, without messages."""
        held = self.rooms.get(frame["room_id"])
        if held is not None:
            fresh = HeldRoom({**held.row, "seq": frame["seq"]})
            fresh.load = held.load + 1
            self.rooms[frame["room_id"]] = fresh
            self.needs.history[frame["room_id"]] = None
            self.needs.rows = self.needs.rows or held.row["seq"] < frame["seq"]

    def heads(self, frame: Frame) -> None:
        """Apply the heads of a heartbeat or of `room_heads`."""
        for id_, head in frame["heads"].items():
            self._note_head(int(id_), head)
        if frame.get("user_version", 0) > self.version:
            self.needs.room_list = True


def _change(held: HeldRoom, event: Frame) -> None:
    id_ = event["message"]["id"] if "message" in event else event["message_id"]
    known = held.messages.get(id_)
    if known is not None:
        held.messages[id_] = changed(known, event)
    if event["type"] == "message_deleted":
        _summarise(held, event)
    if "message" in event:
        for reply_id, reply in held.messages.items():
            held.messages[reply_id] = requoted(reply, event["message"])


def _summarise(held: HeldRoom, event: Frame) -> None:
    root = held.messages.get(event["message"].get("thread"))
    if root is not None:
        held.messages[root["id"]] = summarised(root, event)


ROOM_EVENTS = frozenset(str(event.__struct_config__.tag) for event in get_args(AnyRoomEvent))
USER_FRAMES = frozenset(
    {
        "room_added", "room_removed", "read_state", "thread_state", "notification", "person_updated", "upload_state", "draft",
        "scheduled",
    }
)  # fmt: skip

RULES: dict[str, str] = {
    **dict.fromkeys(ROOM_EVENTS, "event"),
    **dict.fromkeys(USER_FRAMES, "user_frame"),
    "hello": "hello",
    "room_list": "room_list",
    "room_reset": "reset",
    "ping": "heads",
    "room_heads": "heads",
}
"""Frame type → the method for it."""
