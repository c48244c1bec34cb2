"""The catch-up: brings a client from its own cursors to where the hub is, in steps of which each waits for one result.

    entering ──Entered──▶ reading ──EventsRead──▶ done: list, resets, heads, events, presence, `caught_up`, what was kept
        │                    ▲
        └─ the list is sent ─▶ listing ──Followed, no new room──┘
                                  └── a new room: the list is read again

Theory. The rooms are entered before anything is read, so that the hub's events join what is read without a gap (`merge.py`). The
list is read before the events, since a room that it brings is listened to from then on. A result that the step does not wait for
is ignored.

While it lasts it moves `Merge` and `ListVersion`; it knows neither the client's frames nor the time.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from backchannel.protocol.codec import encode
from backchannel.protocol.frames import CaughtUp, RoomListFrame
from backchannel.protocol.results import RoomList
from backchannel.transports.session.effects import Effect, Enter, ReadEvents
from backchannel.transports.session.inputs import Entered, EventsRead, Followed, Input, ListRead
from backchannel.transports.session.list_reading import ListReading
from backchannel.transports.session.list_version import ListVersion
from backchannel.transports.session.merge import Merge
from backchannel.transports.session.resume_plan import ResumePlan


class Step(Enum):
    ENTERING = "entering"
    LISTING = "listing"
    READING = "reading"
    DONE = "done"


class CatchUp:
    __slots__ = ("_list_reading", "_list_version", "_merge", "_plan", "_room_list", "_with_presence", "frames", "step")

    def __init__(self, plan: ResumePlan, merge: Merge, list_version: ListVersion, *, with_presence: bool) -> None:
        self.step = Step.ENTERING
        self.frames: list[bytes] = []
        """The frames for the client, once the catch-up is done."""
        self._plan = plan
        self._merge = merge
        self._list_version = list_version
        self._list_reading = ListReading()
        self._with_presence = with_presence
        self._room_list: RoomList | None = None
        """The list that is to be sent."""

    def start(self) -> list[Effect]:
        return [Enter()]

    def on(self, result: Input) -> list[Effect]:
        rule = STEPS[self.step].get(type(result))
        return rule(self, result) if rule else []

    def _entered(self, entered: Entered) -> list[Effect]:
        self._merge.entered(entered.head_of)
        if not self._plan.with_list:
            return self._read_events()
        self.step = Step.LISTING
        return self._list_reading.start()

    def _list_read(self, read: ListRead) -> list[Effect]:
        return self._list_reading.read(read.room_list)

    def _list_followed(self, followed: Followed) -> list[Effect]:
        self._room_list = self._list_reading.followed(followed)
        return self._list_reading.start() if self._room_list is None else self._read_events()

    def _read_events(self) -> list[Effect]:
        self.step = Step.READING
        return [ReadEvents(self._plan.cursors, self._with_presence)]

    def _events_read(self, read: EventsRead) -> list[Effect]:
        self.step = Step.DONE
        merge, frames = self._merge, self.frames
        listed: Mapping[int, int] = {}
        if self._room_list is not None:
            self._list_version.start(self._room_list.user_version)
            frames.append(list_frame(self._room_list))
            named, rooms = self._plan.named, self._room_list.rooms
            listed = {room.id: room.seq for room in rooms if room.id not in named}
            # The user came back to these since the position was read: the plan could not see that their logs are shorter.
            merge.reset({room.id: room.seq for room in rooms if named.get(room.id, 0) > room.seq})
        frames += merge.merge_log(read.events, listed)
        frames += read.presence
        frames.append(encode(CaughtUp()))
        frames += [frame for version, frame in merge.take_kept_frames() if self._list_version.advance(version)]
        frames += merge.take_kept_events()
        merge.release_floors(read.head_of)
        return []


def list_frame(room_list: RoomList) -> bytes:
    return encode(RoomListFrame(room_list.rooms, room_list.timestamp, room_list.user_version, room_list.epoch))


_Rule = Callable[[CatchUp, Any], list[Effect]]

STEPS: Final[Mapping[Step, Mapping[type[Input], _Rule]]] = {
    Step.ENTERING: {Entered: CatchUp._entered},
    Step.LISTING: {ListRead: CatchUp._list_read, Followed: CatchUp._list_followed},
    Step.READING: {EventsRead: CatchUp._events_read},
    Step.DONE: {},
}
