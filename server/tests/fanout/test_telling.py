"""What is told of several people together: to whom, and how much at once."""

import pytest

from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.fanout.telling import AT_ONCE, Telling
from tests.fanout.test_hub import ROOM, Listener


async def never(_: object) -> dict[int, list[object]]:
    raise AssertionError


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryBus(), never, lambda _: None, lambda _: None, lambda: None, lambda: 0.0)  # type: ignore[arg-type]


def listener(hub: Hub, user_id: int, *rooms: int) -> Listener:
    one = Listener(user_id=user_id)
    hub.attach(one)
    for room_id in rooms:
        hub.enter(one, room_id, 0, 2)
    return one


def steps(telling: Telling) -> int:
    return sum(1 for _ in telling.go())


async def test_what_concerns_several_comes_to_each_as_one_without_what_is_of_themselves(hub: Hub) -> None:
    ada, ben, eve = listener(hub, 1, ROOM, 6), listener(hub, 2, ROOM, 6), listener(hub, 3, 7)
    telling = Telling(hub, [(1, (ROOM, 6), b"of ada"), (2, (ROOM, 6, 8), b"of ben"), (9, (6,), b"of nine")])
    assert telling.listeners == steps(telling) == 2
    assert telling.listeners == 0
    assert [sorted(frames) for frames in ada.frames] == [[b"of ben", b"of nine"]]
    assert [sorted(frames) for frames in ben.frames] == [[b"of ada", b"of nine"]]
    assert eve.frames == []


async def test_for_whom_there_is_too_much_the_rest_comes_later_and_each_frame_once(hub: Hub) -> None:
    much, little = listener(hub, 1, ROOM, 6), listener(hub, 2, 6)
    told = [(100 + n, (ROOM,), b"%d" % n) for n in range(2 * AT_ONCE)] + [(99, (ROOM, 6), b"last")]
    telling = Telling(hub, told)
    assert (steps(telling), telling.listeners) == (2, 1)
    assert (steps(telling), telling.listeners) == (1, 1)
    assert (steps(telling), telling.listeners) == (1, 0)
    assert [len(frames) for frames in much.frames] == [AT_ONCE, AT_ONCE, 1]
    assert sorted(frame for frames in much.frames for frame in frames) == sorted(frame for _, _, frame in told)
    assert little.frames == [[b"last"]]


async def test_who_leaves_a_room_meanwhile_is_told_no_more_of_it(hub: Hub) -> None:
    goes, ends = listener(hub, 1, ROOM, 6), listener(hub, 2, ROOM)
    told = [(100 + n, (ROOM,), b"%d" % n) for n in range(AT_ONCE + 1)]
    telling = Telling(hub, told)
    steps(telling)
    hub.leave(goes, ROOM)
    hub.detach(ends)
    assert (steps(telling), telling.listeners) == (2, 0)
    assert [len(frames) for frames in (*goes.frames, *ends.frames)] == [AT_ONCE, AT_ONCE]
