"""The central promise of every command: the old snapshot plus the events is the new snapshot.

Checked for everybody (the actor, members, people who join, people who leave, people outside), over the socket, over polls, and
over a resume by cursor. The client is the reference client.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from backchannel.protocol.commands import COMMANDS
from tests.conformance.actions import ACTIONS, Action, send
from tests.conformance.world import World, build
from tests.reference.replica import Replica
from tests.running import Frame, Running, Someone, wait_until


def test_every_command_that_changes_state_has_an_action() -> None:
    assert {action.word for action in ACTIONS} == {d.word for d in COMMANDS.values() if d.changes_state}


class Watcher:
    """A client of `who` that has the old snapshot and applies the events that follow."""

    def __init__(self, server: Running, who: Someone) -> None:
        self.server = server
        self.who = who
        self.instance = str(uuid4())
        self.replica = Replica(who.id)
        self.receive(self.poll(None))
        self.ask_for_needs()

    def poll(self, resume: Frame | None, wait: float = 0) -> list[Frame]:
        answer = self.server.sync(self.who, resume, wait, client={"instance": self.instance})
        assert answer.status_code == 200, answer.text
        return answer.json()["frames"]  # type: ignore[no-any-return]

    def poll_past_presence(self) -> list[Frame]:
        """Poll until an answer has more than presence frames, which the server may send at any time."""
        while (frames := self.poll(self.resume, 25)) and all(frame["type"] == "presence" for frame in frames):
            pass
        return frames

    def is_waiting(self) -> bool:
        return self.server.polls_of(self.who) == 1

    @property
    def resume(self) -> Frame | None:
        return self.replica.resume()

    def receive(self, frames: list[Frame]) -> None:
        for frame in frames:
            self.replica.receive(frame)

    def ask_for_needs(self) -> None:
        """Fetch everything that the replica lacks."""
        replica, do = self.replica, partial(self.server.do, self.who)
        while (needs := replica.take_needs()).any_requests:
            for room_id in needs.repair.keys() & replica.rooms.keys():
                self.receive(do("get_events", room_id=room_id, after=replica.rooms[room_id].cursor)["events"])
            if needs.room_list or needs.rows:
                self.receive([{"type": "room_list", **do("get_room_list")}])
            for room_id in needs.history.keys() & replica.rooms.keys():
                load = replica.rooms[room_id].begin_load()
                has_more = replica.page(room_id, load, do("get_history", room_id=room_id, limit=200))
                assert not has_more, "the world is larger than a page"

    def check(self, context: str) -> None:
        """Compare the replica with the snapshot that a new client gets now."""
        shown, rooms = self.server.do(self.who, "get_room_list"), self.replica.rooms
        assert (self.replica.epoch, self.replica.version) == (shown["epoch"], shown["user_version"]), context
        assert {id_: held.row for id_, held in rooms.items()} == {row["id"]: row for row in shown["rooms"]}, context
        assert {id_: held.cursor for id_, held in rooms.items()} == {row["id"]: row["seq"] for row in shown["rooms"]}, (
            context
        )
        for room_id, held in rooms.items():
            page = self.server.do(self.who, "get_history", room_id=room_id, limit=200)
            assert sorted(held.messages.values(), key=lambda message: message["seq"]) == page["messages"], context


@contextmanager
def by_socket(watchers: list[Watcher]) -> Iterator[None]:
    with ExitStack() as opened:
        devices = [opened.enter_context(each.server.device(each.who, resume=each.resume)) for each in watchers]
        yield
        for each, device in zip(watchers, devices, strict=True):
            each.receive(device.take())


@contextmanager
def by_poll(watchers: list[Watcher]) -> Iterator[None]:
    with ThreadPoolExecutor(len(watchers)) as threads:
        waiting: list[Future[list[Frame]]] = [threads.submit(each.poll_past_presence) for each in watchers]
        for each in watchers:
            wait_until(each.is_waiting)
        yield
        for each, answer in zip(watchers, waiting, strict=True):
            each.poll(each.resume)  # a newer poll ends the waiting one if there was no event
            each.receive(answer.result())
            while frames := each.poll(each.resume):
                each.receive(frames)


@contextmanager
def by_resume(watchers: list[Watcher]) -> Iterator[None]:
    yield
    for each in watchers:
        with each.server.device(each.who, resume=each.resume) as device:
            each.receive(device.received)


@contextmanager
def watched_by_all(world: World) -> Iterator[None]:
    """Everybody, over each way to receive events; at the end each replica is compared with the server's snapshot."""
    ways: tuple[Any, ...] = (by_socket, by_poll, by_resume)
    watching = [[Watcher(world.server, who) for who in world.people.values()] for _ in ways]
    with ExitStack() as receiving:
        for way, watchers in zip(ways, watching, strict=True):
            receiving.enter_context(way(watchers))
        yield
    for way, watchers in zip(ways, watching, strict=True):
        for watcher in watchers:
            watcher.ask_for_needs()
            watcher.check(f"{watcher.who.user.display_name} {way.__name__}")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: f"{action.word}-{action.name}")
def test_the_old_snapshot_and_the_events_are_the_new_snapshot(server: Running, action: Action) -> None:
    world = build(server)
    action.before(world)
    with watched_by_all(world):
        server.do(world.people[action.who], action.word, **action.fields(world))


def test_the_snapshot_and_the_events_of_all_commands_are_the_new_snapshot(server: Running) -> None:
    world = build(server)
    with watched_by_all(world):
        for action in ACTIONS:
            server.call(world.people[action.who], action.word, **action.fields(world))


def test_people_outside_a_room_receive_nothing_of_it(server: Running) -> None:
    world = build(server)
    with server.device(world.cyd) as outsider, server.device(world.dan) as left, server.device(world.eve) as removed:
        for device in (outsider, left, removed):
            device.take()
        message = send(world, world.ada, "For us.")
        server.do(world.ben, "add_reaction", message_id=message, emoji="👍")
        server.do(world.ada, "update_room", room_id=world.group, topic="Secret")
        server.do(world.ben, "typing", room_id=world.group, active=True)
        for device in (outsider, left, removed):
            assert [frame for frame in device.take() if frame["type"] != "presence"] == []


def test_a_removed_member_receives_the_removal_and_nothing_after_it(server: Running) -> None:
    world = build(server)
    with server.device(world.ben) as ben, server.device(world.ada) as ada:
        ada.take(), ben.take()
        send(world, world.ada, "Before.")
        server.do(world.ada, "remove_member", room_id=world.group, user_id=world.ben.id)
        send(world, world.ada, "After.")
        received = [frame for frame in ben.take() if frame["type"] != "presence"]
        assert [frame["type"] for frame in received] == ["message_created", "room_removed"]
        assert received[1]["reason"] == "removed"
        of_ada = [frame["type"] for frame in ada.take() if frame["type"] != "presence"]
        assert of_ada == ["message_created", "member_left", "message_created"]
