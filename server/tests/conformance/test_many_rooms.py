"""A person in 12,000 rooms resumes and receives events on both transports, whether the client names all rooms or a few."""

from dataclasses import dataclass
from typing import Any

import pytest

from backchannel.store.models import Membership, Person, Room
from tests.running import Frame, Running, Someone, somebody

ROOMS = 12_000


@dataclass
class Crowded:
    """ada is in all the rooms, ben in the first two."""

    server: Running
    ada: Someone
    ben: Someone
    rooms: list[int]
    newcomer: list[Frame]

    @property
    def cursors(self) -> dict[str, int]:
        [listed] = [frame for frame in self.newcomer if frame["type"] == "room_list"]
        return {str(room["id"]): room["seq"] for room in listed["rooms"]}

    def resume(self, **changes: Any) -> Frame:
        hello = self.newcomer[0]
        version = self.server.do(self.ada, "get_room_list")["user_version"]
        return {"epoch": hello["epoch"], "user_version": version, "rooms": self.cursors, **changes}

    def small(self, cursors: dict[str, int]) -> Frame:
        """A resume that names the first room alone."""
        named = {str(self.rooms[0]): cursors[str(self.rooms[0])]}
        return self.resume(rooms=named, others=sum(cursors.values()) - sum(named.values()))


@pytest.fixture(scope="module")
def crowded(server: Running) -> Crowded:
    ada, ben = somebody("ada"), somebody("ben")
    rooms = Room.objects.bulk_create(
        Room(kind="channel", name=f"r{number}", member_count=1, head=0) for number in range(ROOMS)
    )
    ids = [room.pk for room in rooms]
    Membership.objects.bulk_create(Membership(room_id=id_, person_id=ada.id) for id_ in ids)
    for id_ in ids[:2]:
        server.do(ben, "join_room", room_id=id_)
    Person.objects.filter(pk=ada.id).update(version=7)
    newcomer = server.sync(ada).json()["frames"]
    return Crowded(server, ada, ben, ids, newcomer)


def by_socket(it: Crowded, resume: Frame) -> list[Frame]:
    with it.server.device(it.ada, resume=resume) as device:
        return device.received[1:]


def by_poll(it: Crowded, resume: Frame) -> list[Frame]:
    it.server.forget_devices_of(it.ada)
    answer = it.server.sync(it.ada, resume)
    assert answer.status_code == 200, answer.text
    return [frame for frame in answer.json()["frames"] if frame["type"] != "caught_up"]


WAYS = pytest.mark.parametrize("way", [by_socket, by_poll])


def types_of(frames: list[Frame]) -> list[str]:
    return [frame["type"] for frame in frames if frame["type"] != "presence"]


@WAYS
def test_a_client_that_names_every_room_resumes(crowded: Crowded, way: Any) -> None:
    assert len(crowded.cursors) == ROOMS
    assert types_of(way(crowded, crowded.resume(rooms=heads_of(crowded)))) == []


def heads_of(it: Crowded) -> dict[str, int]:
    return {str(room["id"]): room["seq"] for room in it.server.do(it.ada, "get_room_list")["rooms"]}


@WAYS
def test_a_client_that_names_few_rooms_gets_no_frames_while_all_heads_are_the_same(crowded: Crowded, way: Any) -> None:
    assert types_of(way(crowded, crowded.small(heads_of(crowded)))) == []


@WAYS
def test_a_client_that_names_few_rooms_gets_all_heads_once_one_has_moved(crowded: Crowded, way: Any) -> None:
    cursors = heads_of(crowded)
    named, unnamed = crowded.rooms[:2]
    for room in (named, unnamed):
        crowded.server.do(crowded.ben, "send_message", room_id=room, content="Hello.")
    frames = way(crowded, crowded.small(cursors))
    heads = {
        int(room): head for frame in frames if frame["type"] == "room_heads" for room, head in frame["heads"].items()
    }
    assert len(heads) == ROOMS - 1
    assert {room for room, head in heads.items() if head != cursors[str(room)]} == {unnamed}
    assert [frame["room_id"] for frame in frames if frame["type"] == "message_created"] == [named]
    assert set(types_of(frames)) == {"room_heads", "message_created"}


@WAYS
def test_a_changed_list_is_sent_instead_of_the_heads(crowded: Crowded, way: Any) -> None:
    cursors = heads_of(crowded)
    crowded.server.do(crowded.ben, "send_message", room_id=crowded.rooms[1], content="Hello.")
    frames = way(crowded, {**crowded.small(cursors), "user_version": 1})
    assert types_of(frames) == ["room_list"]


def test_a_poll_that_names_few_rooms_gets_the_heads_after_an_event(crowded: Crowded) -> None:
    """Also from a polling session that is kept."""
    it = crowded
    for _ in range(2):
        assert types_of(by_poll(it, it.small(heads_of(it)))) == []
    cursors = heads_of(it)
    it.server.sync(it.ada, it.small(cursors))
    it.server.do(it.ben, "send_message", room_id=it.rooms[1], content="Hello.")
    frames = it.server.sync(it.ada, it.small(cursors), 5).json()["frames"]
    assert frames[0]["type"] == "room_heads"


def test_a_socket_that_named_few_rooms_gets_the_events_of_every_room(crowded: Crowded) -> None:
    with crowded.server.device(crowded.ada, resume=crowded.small(heads_of(crowded))) as device:
        crowded.server.do(crowded.ben, "send_message", room_id=crowded.rooms[1], content="Hello.")
        assert device.until("message_created")["room_id"] == crowded.rooms[1]
        device.say({"type": "typing", "room_id": crowded.rooms[0], "active": True, "id": "x" * 70_000})
        assert device.closed()[0] == 1009
