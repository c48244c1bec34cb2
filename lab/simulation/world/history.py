"""What happened, as lab/checker/checks.py reads it: one flat record after the other, each a line of JSON."""

from collections.abc import Callable
from typing import Any

import msgspec

from tests.reference import Frame


class History:
    def __init__(self, clock: Callable[[], float]) -> None:
        self.records: list[dict[str, Any]] = []
        self._clock = clock

    def add(self, op: str, **fields: Any) -> None:
        fields["op"] = op
        fields["t"] = self._clock()
        self.records.append(fields)

    def received(self, client: str, user: int, link: int | None, frame: Frame) -> None:
        """A frame with a number, on a link or (None) as the answer to `get_events`."""
        record = {"op": "received", "t": self._clock(), "client": client, "user": user, "link": link}
        word = record["type"] = frame["type"]
        if "seq" in frame and "user_version" not in frame:
            record["room"], record["seq"] = frame["room_id"], frame["seq"]
            if "message" in frame:
                record["id"] = frame["message"]["id"]
                record["content"] = frame["message"]["content"]
                record["rev"] = frame["message"]["rev_seq"]
            elif "message_id" in frame:
                record["id"] = frame["message_id"]
        elif word == "room_list":
            record["rooms"] = {room["id"]: room["seq"] for room in frame["rooms"]}
        elif word == "room_added":
            record["room"], record["seq"] = frame["room"]["id"], frame["room"]["seq"]
        elif word == "room_removed":
            record["room"] = frame["room_id"]
        elif word == "hello":
            record["epoch"] = frame["epoch"]
        if "user_version" in frame:
            record["version"] = frame["user_version"]
        self.records.append(record)

    def read(self, client: str, user: int, room: int, page: Frame, asked: float | None = None) -> None:
        """A page of history. `asked`: the time of the request, if the user may not be in the room."""
        messages = [[message["seq"], message["id"]] for message in page["messages"]]
        newest = max((message["rev_seq"] for message in page["messages"]), default=0)
        request = {} if asked is None else {"asked": asked}
        self.add("read", client=client, user=user, room=room, messages=messages, newest=newest, **request)

    def lines(self) -> str:
        return "".join(msgspec.json.encode(record).decode() + "\n" for record in self.records)
