"""Presence changes reach every subscriber that shares a room with the person, in few, bounded passes."""

import asyncio
from dataclasses import replace

import pytest

from backchannel.fanout.envelopes import PresenceEnvelope, RoomEnvelope
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.fanout.presence import Presence, PresenceReport
from backchannel.fanout.presence_broadcast import FRAMES_AT_ONCE, Pace, PresenceBroadcaster, presence_frame
from tests.fanout.test_hub import ROOM, Listener

PACE = Pace(pause_s=0.05)


async def read_nothing(_: object) -> dict[int, list[RoomEnvelope]]:
    raise AssertionError


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryBus(), read_nothing, lambda: 0.0, lambda: None)


def listener(hub: Hub, user_id: int, *rooms: int) -> Listener:
    one = Listener(user_id=user_id)
    hub.attach(one)
    for room_id in rooms:
        hub.enter(one, room_id, 0, 3)
    return one


@pytest.fixture
def me(hub: Hub) -> Listener:
    return listener(hub, 1000, ROOM)


def broadcaster_of(hub: Hub, pace: Pace = PACE) -> PresenceBroadcaster:
    return PresenceBroadcaster(hub, Presence("here"), lambda: 0.0, pace)


def online(user_id: int, *rooms: int) -> PresenceReport:
    return PresenceReport(user_id, "online", rooms)


async def idle(broadcaster: PresenceBroadcaster) -> None:
    while broadcaster._is_busy:  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def passes(*listeners: Listener, number: int) -> None:
    while sum(len(each.frames) for each in listeners) < number:  # noqa: ASYNC110
        await asyncio.sleep(0.002)


async def test_a_report_from_a_node_reaches_the_subscribers_of_the_persons_rooms(hub: Hub, me: Listener) -> None:
    broadcaster = broadcaster_of(hub)
    hub.handle(PresenceEnvelope, broadcaster.receive)
    broadcaster.receive(PresenceEnvelope("elsewhere", 7, "online", (ROOM,)))
    broadcaster.receive(PresenceEnvelope("elsewhere", 7, "online", (ROOM,)))
    await idle(broadcaster)
    assert me.frames == [[presence_frame(7, "online")]]


async def test_the_latest_change_of_a_person_wins_in_the_rooms_of_all_of_them(hub: Hub, me: Listener) -> None:
    broadcaster = broadcaster_of(hub)
    broadcaster.add([online(7, ROOM), online(8, ROOM)])
    broadcaster.add([PresenceReport(7, "offline", ())])
    await idle(broadcaster)
    assert me.frames == [[presence_frame(8, "online"), presence_frame(7, "offline")]]


async def test_one_pass_carries_a_bounded_number_of_people_and_the_next_the_others(hub: Hub, me: Listener) -> None:
    broadcaster = broadcaster_of(hub, replace(PACE, people=300))
    broadcaster.add(online(user_id, ROOM) for user_id in range(1, 451))
    await idle(broadcaster)
    assert [len(frames) for frames in me.frames] == [200, 100, 150]
    assert [frame for frames in me.frames for frame in frames] == [presence_frame(n, "online") for n in range(1, 451)]


async def test_a_change_during_a_pass_is_sent_after_it(hub: Hub, me: Listener) -> None:
    broadcaster = broadcaster_of(hub)
    broadcaster.add(online(user_id, ROOM) for user_id in range(1, 302))
    await passes(me, number=1)
    broadcaster.add([PresenceReport(301, "away", (ROOM,)), PresenceReport(1, "offline", (ROOM,))])
    await idle(broadcaster)
    sent = [frame for frames in me.frames for frame in frames]
    assert sent.index(presence_frame(301, "online")) < sent.index(presence_frame(301, "away"))
    assert sent[-1] == presence_frame(1, "offline")


async def test_the_pause_between_passes_grows_with_the_audience(hub: Hub, me: Listener) -> None:
    for user_id in range(20):
        listener(hub, user_id, ROOM)
    broadcaster, loop = broadcaster_of(hub, replace(PACE, pause_per_subscriber_s=0.01)), asyncio.get_running_loop()
    begun = loop.time()
    broadcaster.add([online(500, ROOM)])
    await idle(broadcaster)
    assert broadcaster._next_at - begun > 0.2
    broadcaster.add([online(501)])
    broadcaster._next_at = 0.0
    await idle(broadcaster)
    assert broadcaster._next_at - loop.time() <= 0.21


async def test_every_subscriber_in_a_large_room_gets_the_change_except_the_persons_own(hub: Hub) -> None:
    others = [listener(hub, user_id, ROOM) for user_id in range(501)]
    broadcaster = broadcaster_of(hub)
    broadcaster.add([PresenceReport(3, "away", (ROOM,))])
    await idle(broadcaster)
    assert [other.user_id for other in others if other.frames != [[presence_frame(3, "away")]]] == [3]


async def test_the_presence_of_people_who_are_online_is_their_latest_state(hub: Hub) -> None:
    broadcaster = broadcaster_of(hub)
    broadcaster.add([online(9), online(7), online(8), online(6)])
    broadcaster.add([PresenceReport(7, "away", ()), PresenceReport(8, "offline", ())])
    present = broadcaster.frames_of({7, 8, 9, 10})
    assert sorted(present) == sorted([presence_frame(7, "away"), presence_frame(9, "online")])
    await idle(broadcaster)


async def test_a_subscriber_gets_one_batch_for_all_of_its_rooms(hub: Hub) -> None:
    ada, ben, eve = listener(hub, 1, ROOM, 6), listener(hub, 2, ROOM, 6), listener(hub, 3, 7)
    broadcaster = broadcaster_of(hub)
    broadcaster.add([online(1, ROOM, 6), online(2, ROOM, 6, 8), online(9, 6)])
    await idle(broadcaster)
    of_ada, of_ben, of_nine = (presence_frame(user_id, "online") for user_id in (1, 2, 9))
    assert [sorted(frames) for frames in ada.frames] == [sorted([of_ben, of_nine])]
    assert [sorted(frames) for frames in ben.frames] == [sorted([of_ada, of_nine])]
    assert eve.frames == []


async def test_changes_beyond_the_bound_for_one_subscriber_follow_once_in_later_passes(hub: Hub) -> None:
    much, little = listener(hub, 1, ROOM, 6), listener(hub, 2, 6)
    people = range(100, 100 + 2 * FRAMES_AT_ONCE)
    broadcaster = broadcaster_of(hub)
    broadcaster.add([*(online(user_id, ROOM) for user_id in people), online(99, ROOM, 6)])
    await idle(broadcaster)
    assert [len(frames) for frames in much.frames] == [FRAMES_AT_ONCE, FRAMES_AT_ONCE, 1]
    expected = sorted(presence_frame(user_id, "online") for user_id in (99, *people))
    assert sorted(frame for frames in much.frames for frame in frames) == expected
    assert little.frames == [[presence_frame(99, "online")]]


async def test_a_subscriber_that_left_the_room_between_passes_gets_no_more_of_it(hub: Hub) -> None:
    leaves, ends = listener(hub, 1, ROOM, 6), listener(hub, 2, ROOM)
    broadcaster = broadcaster_of(hub)
    broadcaster.add(online(user_id, ROOM) for user_id in range(100, 101 + FRAMES_AT_ONCE))
    await passes(leaves, ends, number=2)
    hub.leave(leaves, ROOM)
    hub.detach(ends)
    await idle(broadcaster)
    assert [len(frames) for frames in (*leaves.frames, *ends.frames)] == [FRAMES_AT_ONCE, FRAMES_AT_ONCE]
