"""What coming back costs the database: a fixed number of queries, whatever happened meanwhile and in however many rooms."""

import pytest

from tests.running import Frame, Running, Someone, somebody
from tests.transports.conftest import QueriesOf

ROOMS = 12


class Returning:
    """Somebody in many rooms who comes and goes."""

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

    def say(self, who: Someone, content: str = "Hi.") -> None:
        for room_id in self.rooms:
            self.server.do(who, "send_message", room_id=room_id, content=content)

    def come(self) -> list[Frame]:
        with self.server.device(self.ben, resume=self.resume) as device:
            return _told(device.received)

    def poll(self) -> list[Frame]:
        return _told(self.server.sync(self.ben, self.resume).json()["frames"])


def _told(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame["type"] not in ("hello", "presence", "caught_up")]


@pytest.fixture
def ben(server: Running) -> Returning:
    return Returning(server)


@pytest.mark.parametrize("way", ["come", "poll"])
def test_without_new_events_only_the_position_is_read(
    server: Running, ben: Returning, queries_of: QueriesOf, way: str
) -> None:
    with server.device(ben.ada):  # somebody listens to the rooms all the while
        assert len(queries_of(getattr(ben, way))) == 1


@pytest.mark.parametrize("way", ["come", "poll"])
def test_the_heads_of_rooms_without_subscribers_are_read_in_one_query(
    ben: Returning, queries_of: QueriesOf, way: str
) -> None:
    assert len(queries_of(getattr(ben, way))) == 2


@pytest.mark.parametrize("way", ["come", "poll"])
@pytest.mark.parametrize("is_heard", [True, False])
def test_the_events_of_all_rooms_are_read_in_one_query(
    server: Running, ben: Returning, queries_of: QueriesOf, way: str, is_heard: bool
) -> None:
    listening = server.device(ben.ada) if is_heard else None
    for _ in range(2):
        ben.say(ben.ada)
    frames: list[Frame] = []
    assert len(queries_of(lambda: frames.extend(getattr(ben, way)()))) == 2
    told = [(frame["room_id"], frame["seq"]) for frame in frames]
    assert told == [(room, seq) for room in ben.rooms for seq in (1, 2)]
    if listening:
        listening.close()


@pytest.mark.parametrize("way", ["come", "poll"])
def test_a_changed_list_costs_one_more_query(ben: Returning, queries_of: QueriesOf, way: str) -> None:
    ben.say(ben.ada, f"@{ben.ben.user.username}")
    frames: list[Frame] = []
    assert len(queries_of(lambda: frames.extend(getattr(ben, way)()))) == 3
    assert [frame["type"] for frame in frames] == ["room_list", *["message_created"] * ROOMS]


def test_only_rooms_with_new_events_are_read(server: Running, ben: Returning, queries_of: QueriesOf) -> None:
    with server.device(ben.ada):
        server.do(ben.ada, "send_message", room_id=ben.rooms[3], content="Here.")
        *_, asked = queries_of(ben.come)
    assert asked.count("(%s, %s, %s)") == 1


def test_a_room_joined_during_a_resume_is_listed_and_its_events_are_delivered(
    server: Running, ben: Returning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A room that is gained after the place was read is in the list: as of a version that has it, and listened to."""
    from backchannel.store import reads

    original, gained = reads.position_of, []

    def and_then_there_is_a_room(person_id: int) -> reads.UserPosition:
        place = original(person_id)
        if person_id == ben.ben.id:
            monkeypatch.setattr(reads, "position_of", original)
            made = server.do(ben.ada, "create_room", kind="group", name="new", members=[ben.ben.id])
            gained.append(made["room"]["id"])
        return place

    monkeypatch.setattr(reads, "position_of", and_then_there_is_a_room)
    with server.device(ben.ben) as device:
        (listed,) = [frame for frame in device.received if frame["type"] == "room_list"]
        now = server.do(ben.ben, "get_room_list")
        assert (listed["user_version"], listed["rooms"]) == (now["user_version"], now["rooms"])
        server.do(ben.ada, "send_message", room_id=gained[0], content="Heard.")
        assert device.until("message_created")["room_id"] == gained[0]


def test_an_event_between_reading_the_position_and_entering_the_room_is_not_lost(
    server: Running, ben: Returning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody hears the room at that moment: it is read, though the place says that nothing moved."""
    from backchannel.store import reads

    original = reads.position_of

    def and_then_it_moves(person_id: int) -> reads.UserPosition:
        place = original(person_id)
        if person_id == ben.ben.id:
            monkeypatch.setattr(reads, "position_of", original)
            server.do(ben.ada, "send_message", room_id=ben.rooms[0], content="Now.")
        return place

    monkeypatch.setattr(reads, "position_of", and_then_it_moves)
    assert [frame["type"] for frame in ben.come()] == ["message_created"]
