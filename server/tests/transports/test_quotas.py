"""Repeated changes and additions to other people's room lists are limited, with the same refusal on both transports."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from msgspec import structs
from websockets.exceptions import ConnectionClosed

from backchannel.protocol.shapes import Limits
from backchannel.transports.rates import FRAME_BURST
from tests.running import WAYS, WITHOUT_LIMITS, Answer, Device, Running, running, somebody

A_DAY_S = 24 * 3600


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    """Low limits that hardly refill during a test."""
    limits = structs.replace(
        WITHOUT_LIMITS,
        changes_per_second=0.001,
        change_burst=30,
        rooms=4,
        rooms_created_per_day=3,
        people_added_per_day=100,
    )
    with running(limits=limits) as it:
        yield it


@pytest.fixture(scope="module")
def plain(module_database: None) -> Iterator[Running]:
    """With the default limits."""
    with running(limits=Limits()) as it:
        yield it


def limited(answer: Answer) -> float:
    assert (answer.code, answer.body["status"]) == ("rate_limited", 429), answer
    return float(answer.body["retry_after"])


# -- repeated changes


@pytest.mark.parametrize("way", WAYS)
def test_toggling_a_reaction_is_limited_for_that_message_only(server: Running, way: str) -> None:
    say, ada, ben = server.sender(way), somebody("ada"), somebody("ben")
    room = server.group(ada, ben)
    one, two = (server.do(ada, "send_message", room_id=room, content="x")["message"]["id"] for _ in range(2))
    for turn in range(10):
        assert say(ada, ("add_reaction", "remove_reaction")[turn % 2], message_id=one, emoji="👍").ok
    head = server.do(ben, "get_room", room_id=room)["room"]["seq"]
    assert 0 < limited(say(ada, "add_reaction", message_id=one, emoji="🎉")) <= 10_000
    assert server.do(ben, "get_room", room_id=room)["room"]["seq"] == head
    assert say(ada, "add_reaction", message_id=two, emoji="👍").ok
    assert say(ben, "add_reaction", message_id=one, emoji="👍").ok


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", ["renaming", "editing", "joining and leaving", "adding and removing"])
def test_repeating_any_change_that_logs_an_event_is_limited(server: Running, way: str, what: str) -> None:
    say, ada, ben = server.sender(way), somebody("ada"), somebody("ben")
    room = server.do(ada, "create_room", kind="channel", name="c")["room"]["id"]
    message = server.do(ada, "send_message", room_id=room, content="x")["message"]["id"]
    turns: dict[str, Callable[[int], Answer]] = {
        "renaming": lambda turn: say(ada, "update_room", room_id=room, topic=f"topic {turn}"),
        "editing": lambda turn: say(ada, "edit_message", message_id=message, content=f"edit {turn}"),
        "joining and leaving": lambda turn: say(ben, ("join_room", "leave_room")[turn % 2], room_id=room),
        "adding and removing": lambda turn: (
            say(ada, "remove_member", room_id=room, user_id=ben.id)
            if turn % 2
            else say(ada, "add_members", room_id=room, user_ids=[ben.id])
        ),
    }
    answers = [turns[what](turn) for turn in range(40)]
    assert sum(answer.ok for answer in answers) <= 30
    limited(next(answer for answer in answers if not answer.ok))


def test_different_changes_share_a_burst(server: Running) -> None:
    ada = somebody("ada")
    room = server.group(ada)
    messages = [server.do(ada, "send_message", room_id=room, content="x")["message"]["id"] for _ in range(31)]
    answers = [server.call(ada, "add_reaction", message_id=message, emoji="👍") for message in messages]
    assert [answer.ok for answer in answers] == [True] * 30 + [False]
    # Sends do not count.
    assert server.call(ada, "send_message", room_id=room, content="x").ok


# -- other people's room lists


@pytest.mark.parametrize("way", WAYS)
def test_rooms_created_in_a_day_are_limited_over_both_transports(server: Running, plain: Running, way: str) -> None:
    say, ada, ben = server.sender(way), somebody("ada"), somebody("ben")
    assert say(ada, "create_room", kind="group", members=[ben.id]).ok
    assert server.call(ada, "create_room", kind="channel", name="c").ok
    assert say(ada, "create_room", kind="direct", members=[ben.id]).ok
    wait_s = limited(say(ada, "create_room", kind="group"))
    assert 0 < wait_s <= A_DAY_S / 3
    # An existing direct room is no new room, and other people have their own count.
    assert say(ada, "create_room", kind="direct", members=[ben.id]).ok
    assert say(ben, "create_room", kind="group").ok
    rooms = server.do(ada, "get_room_list")["rooms"]
    assert len(rooms) == 3
    # The count is in the database: another server continues it.
    assert plain.call(ada, "create_room", kind="group").code in (None, "rate_limited")


@pytest.mark.parametrize("way", WAYS)
def test_people_added_in_a_day_are_limited(server: Running, way: str) -> None:
    say, ada = server.sender(way), somebody("ada")
    people = [somebody("p").id for _ in range(60)]
    assert say(ada, "create_room", kind="group", members=people).ok
    room = server.group(ada)
    assert say(ada, "add_members", room_id=room, user_ids=people[:40]).ok
    assert say(ada, "add_members", room_id=room, user_ids=people[:40]).ok  # already members: not counted
    limited(say(ada, "add_members", room_id=room, user_ids=people))
    assert server.do(ada, "get_room", room_id=room)["room"]["member_count"] == 41


@pytest.mark.parametrize("way", WAYS)
def test_nobody_can_be_added_to_more_rooms_than_the_limit(server: Running, way: str) -> None:
    say, victim = server.sender(way), somebody("victim")
    for _ in range(4):
        assert say(somebody("adder"), "create_room", kind="group", members=[victim.id]).ok
    adder = somebody("adder")
    refused = say(adder, "create_room", kind="group", members=[victim.id])
    assert (refused.code, refused.body["status"]) == ("too_many_rooms", 403)
    assert victim.user.display_name in refused.body["detail"]
    channel = server.do(adder, "create_room", kind="channel", name="c")["room"]["id"]
    assert say(adder, "add_members", room_id=channel, user_ids=[victim.id]).code == "too_many_rooms"
    assert say(victim, "join_room", room_id=channel).code == "too_many_rooms"
    # Direct rooms, one for each pair, are not limited.
    assert say(adder, "create_room", kind="direct", members=[victim.id]).ok
    [first, *_] = server.do(victim, "get_room_list")["rooms"]
    server.do(victim, "leave_room", room_id=first["id"])
    server.do(victim, "leave_room", room_id=server.do(victim, "get_room_list")["rooms"][0]["id"])
    assert say(victim, "join_room", room_id=channel).ok


# -- floods


def pings(device: Device, texts: int) -> None:
    for _ in range(texts):
        device.say([{"type": "ping"}] * 64)


def test_frames_are_counted_over_all_sockets_of_a_user_in_whatever_batches(plain: Running) -> None:
    ada, ben = somebody("ada"), somebody("ben")
    devices = [plain.device(ada) for _ in range(4)]
    for device in devices:  # each alone is well within the limit
        with suppress(ConnectionClosed):
            pings(device, FRAME_BURST // 64 - 1)
    assert [device.closed() for device in devices[1:]] == [(4429, "flood")] * 3
    received = [frame for device in devices for frame in device.received]
    assert sum(frame["type"] == "pong" for frame in received) < 2 * FRAME_BURST
    errors = [frame["error"] for frame in received if frame["type"] == "error"]
    assert {error["code"] for error in errors} == {"rate_limited"}
    assert all(error["retry_after"] > 0 for error in errors)
    with plain.device(ben) as device:
        assert device.call("ping").ok
    for device in devices:
        device.close()


@pytest.fixture(scope="module")
def hardly_refilled(module_database: None) -> Iterator[Running]:
    """The bucket of commands does not refill during a test, however slow the machine."""
    with running(limits=Limits(commands_per_second=0.01)) as it:
        yield it


@pytest.mark.parametrize("body", [b'{"client":{"name":"%b"}}', b'{"epoch":"%b', b"%b"])
def test_a_large_body_of_a_poll_counts_as_many_commands_even_if_it_is_invalid(
    hardly_refilled: Running, body: bytes
) -> None:
    plain, ada, ben = hardly_refilled, somebody("ada"), somebody("ben")
    large = body % (rb"\n" * (500 * 1024))
    headers = {**ada.headers, "Content-Type": "application/json"}
    first, *_, last = (plain.http.post("/api/sync", content=large, headers=headers) for _ in range(6))
    assert first.status_code in {400, 422}
    assert last.status_code == 429
    assert float(last.headers["Retry-After"]) >= 1
    assert plain.sync(ben).status_code == 200


def test_every_refused_frame_is_answered_by_its_id(plain: Running) -> None:
    with plain.device(somebody("ada")) as device:
        frames = [{"type": "ping", "id": f"p{number}"} for number in range(FRAME_BURST + 30)]
        for at in range(0, len(frames), 64):
            device.say(frames[at : at + 64])
        answered = {device.next()["id"] for _ in frames}
        assert answered == {frame["id"] for frame in frames}
