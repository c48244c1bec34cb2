"""A resume makes a fixed number of queries, whatever happened meanwhile and in however many rooms."""

import pytest

from tests.running import Frame, Running, Someone, somebody
from tests.transports.conftest import QueriesOf

ROOMS = 12


class Returning:
    """ben, who is in many rooms and resumes on either transport; ada, who writes in them."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.ada, self.ben = somebody("ada"), somebody("ben")
        self.rooms = [
            server.do(self.ada, "create_room", kind="group", name="r", members=[self.ben.id])["room"]["id"]
            for _ in range(ROOMS)
        ]
        self.resume: Frame = {}
        self.remember(server.sync(self.ben).json())

    def remember(self, answer: Frame) -> None:
        listed = self.server.do(self.ben, "get_room_list")
        self.resume = {
            "epoch": answer["epoch"],
            "user_version": listed["user_version"],
            "rooms": {str(room["id"]): room["seq"] for room in listed["rooms"]},
        }
        self.server.forget_devices_of(self.ben)

    def write(self, who: Someone, content: str = "Hi.") -> None:
        for room_id in self.rooms:
            self.server.do(who, "send_message", room_id=room_id, content=content)

    def connect(self) -> list[Frame]:
        with self.server.device(self.ben, resume=self.resume) as device:
            return _without_greeting(device.received)

    def poll(self) -> list[Frame]:
        return _without_greeting(self.server.sync(self.ben, self.resume).json()["frames"])


def _without_greeting(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame["type"] not in ("hello", "presence", "caught_up")]


@pytest.fixture
def ben(server: Running) -> Returning:
    return Returning(server)


@pytest.mark.parametrize("way", ["connect", "poll"])
def test_without_new_events_only_the_position_is_read(
    server: Running, ben: Returning, queries_of: QueriesOf, way: str
) -> None:
    with server.device(ben.ada):  # the hub has all rooms' heads, because ada is connected
        assert len(queries_of(getattr(ben, way))) == 1


@pytest.mark.parametrize("way", ["connect", "poll"])
def test_the_heads_of_rooms_without_subscribers_are_read_in_one_query(
    ben: Returning, queries_of: QueriesOf, way: str
) -> None:
    assert len(queries_of(getattr(ben, way))) == 2


@pytest.mark.parametrize("way", ["connect", "poll"])
@pytest.mark.parametrize("has_subscriber", [True, False])
def test_the_events_of_all_rooms_are_read_in_one_query(
    server: Running, ben: Returning, queries_of: QueriesOf, way: str, has_subscriber: bool
) -> None:
    subscriber = server.device(ben.ada) if has_subscriber else None
    for _ in range(2):
        ben.write(ben.ada)
    frames: list[Frame] = []
    assert len(queries_of(lambda: frames.extend(getattr(ben, way)()))) == 2
    received = [(frame["room_id"], frame["seq"]) for frame in frames]
    assert received == [(room, seq) for room in ben.rooms for seq in (1, 2)]
    if subscriber:
        subscriber.close()


@pytest.mark.parametrize("way", ["connect", "poll"])
def test_a_changed_list_costs_one_more_query(ben: Returning, queries_of: QueriesOf, way: str) -> None:
    ben.write(ben.ada, f"@{ben.ben.user.username}")
    frames: list[Frame] = []
    assert len(queries_of(lambda: frames.extend(getattr(ben, way)()))) == 3
    assert [frame["type"] for frame in frames] == ["room_list", *["message_created"] * ROOMS]


def test_only_rooms_with_new_events_are_read(server: Running, ben: Returning, queries_of: QueriesOf) -> None:
    with server.device(ben.ada):
        server.do(ben.ada, "send_message", room_id=ben.rooms[3], content="Here.")
        *_, sql = queries_of(ben.connect)
    assert sql.count("(%s, %s, %s)") == 1


def test_a_room_joined_during_a_resume_is_listed_and_its_events_are_delivered(
    server: Running, ben: Returning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A room that is joined after the position was read is in the list, whose version includes it, and in the hub."""
    from backchannel.store import reads

    original, gained = reads.position_of, []

    def position_then_join(person_id: int) -> reads.UserPosition:
        position = original(person_id)
        if person_id == ben.ben.id:
            monkeypatch.setattr(reads, "position_of", original)
            made = server.do(ben.ada, "create_room", kind="group", name="new", members=[ben.ben.id])
            gained.append(made["room"]["id"])
        return position

    monkeypatch.setattr(reads, "position_of", position_then_join)
    with server.device(ben.ben) as device:
        (listed,) = [frame for frame in device.received if frame["type"] == "room_list"]
        now = server.do(ben.ben, "get_room_list")
        assert (listed["user_version"], listed["rooms"]) == (now["user_version"], now["rooms"])
        server.do(ben.ada, "send_message", room_id=gained[0], content="Delivered.")
        assert device.until("message_created")["room_id"] == gained[0]


def test_an_event_between_reading_the_position_and_entering_the_room_is_not_lost(
    server: Running, ben: Returning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room has no subscriber at that moment, so it is read even though the position says that its head has not moved."""
    from backchannel.store import reads

    original = reads.position_of

    def position_then_event(person_id: int) -> reads.UserPosition:
        position = original(person_id)
        if person_id == ben.ben.id:
            monkeypatch.setattr(reads, "position_of", original)
            server.do(ben.ada, "send_message", room_id=ben.rooms[0], content="Now.")
        return position

    monkeypatch.setattr(reads, "position_of", position_then_event)
    assert [frame["type"] for frame in ben.connect()] == ["message_created"]
