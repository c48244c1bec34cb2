"""People who come are shown to those who share a room with them, together where many come at once."""

import asyncio

import pytest

from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.fanout.presence import PresenceReport
from backchannel.transports import presence_broadcast
from backchannel.transports.presence_broadcast import PresenceBroadcaster, presence_frame
from tests.fanout.test_hub import ROOM, Listener


async def never(_: object) -> dict[int, list[object]]:
    raise AssertionError


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryBus(), never, lambda _: None, lambda _: None, lambda: None, lambda: 0.0)  # type: ignore[arg-type]


@pytest.fixture
def me(hub: Hub) -> Listener:
    listener = Listener(user_id=1000)
    hub.attach(listener)
    hub.enter(listener, ROOM, 0, 3)
    return listener


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_broadcast, "EVERY_S", 0.05)


async def shown(show: PresenceBroadcaster) -> None:
    while show._is_due:  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def test_of_two_changes_the_later_is_shown_in_the_rooms_of_both(hub: Hub, me: Listener) -> None:
    show = PresenceBroadcaster(hub)
    show.add([PresenceReport(7, "online", (ROOM,)), PresenceReport(8, "online", (ROOM,))])
    show.add([PresenceReport(7, "offline", ())])
    await shown(show)
    assert me.frames == [[presence_frame(8, "online"), presence_frame(7, "offline")]]


async def test_many_are_shown_a_part_at_a_time_and_all_in_the_end(
    hub: Hub, me: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence_broadcast, "PEOPLE", 300)
    show = PresenceBroadcaster(hub)
    show.add(PresenceReport(user_id, "online", (ROOM,)) for user_id in range(1, 451))
    await shown(show)
    assert [len(frames) for frames in me.frames] == [200, 100, 150]
    assert [frame for frames in me.frames for frame in frames] == [presence_frame(n, "online") for n in range(1, 451)]


async def test_what_changes_while_many_are_shown_is_shown_last(hub: Hub, me: Listener) -> None:
    show = PresenceBroadcaster(hub)
    show.add(PresenceReport(user_id, "online", (ROOM,)) for user_id in range(1, 302))
    while not me.frames:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    show.add([PresenceReport(301, "away", (ROOM,)), PresenceReport(1, "offline", (ROOM,))])
    await shown(show)
    told = [frame for frames in me.frames for frame in frames]
    assert told.index(presence_frame(301, "online")) < told.index(presence_frame(301, "away"))
    assert told[-1] == presence_frame(1, "offline")


async def test_the_more_are_told_the_longer_is_the_pause(
    hub: Hub, me: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence_broadcast, "EACH_S", 0.01)
    for user_id in range(20):
        other = Listener(user_id=user_id)
        hub.attach(other)
        hub.enter(other, ROOM, 0, 30)
    show, loop = PresenceBroadcaster(hub), asyncio.get_running_loop()
    show.add([PresenceReport(500, "online", (ROOM,))])
    await shown(show)
    assert show._next_at - loop.time() > 0.1
    show.add([PresenceReport(501, "online", ())])
    show._next_at = 0.0
    await shown(show)
    assert show._next_at - loop.time() <= 0.21


async def test_however_many_listen_each_is_told(hub: Hub) -> None:
    others = [Listener(user_id=user_id) for user_id in range(501)]
    for other in others:
        hub.attach(other)
        hub.enter(other, ROOM, 0, 501)
    show = PresenceBroadcaster(hub)
    show.add([PresenceReport(3, "away", (ROOM,))])
    await shown(show)
    assert [other.user_id for other in others if other.frames != [[presence_frame(3, "away")]]] == [3]


async def test_who_comes_last_is_told_of_those_who_are_there_as_they_are_by_now(hub: Hub) -> None:
    show = PresenceBroadcaster(hub)
    show.add(
        [
            PresenceReport(9, "online", ()),
            PresenceReport(7, "online", ()),
            PresenceReport(8, "online", ()),
            PresenceReport(6, "online", ()),
        ]
    )
    show.add([PresenceReport(7, "away", ()), PresenceReport(8, "offline", ())])
    assert sorted(show.frames_of({7, 8, 9, 10})) == sorted([presence_frame(7, "away"), presence_frame(9, "online")])
    await shown(show)
