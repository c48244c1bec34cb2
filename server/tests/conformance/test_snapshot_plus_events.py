"""The central promise of every command: what was shown before, plus the events that arrive, is what is shown afterwards.

For everybody in the world (who did it, members, those who come, those who go, those who are outside), over the socket, over
the poll, and over a resume by cursor. The client is `Replica`, which does what SPEC.md says and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from backchannel.protocol.commands import COMMANDS
from tests.conformance.replica import Replica
from tests.conformance.world import World, build
from tests.running import Frame, Running, Someone, wait_until


@dataclass(frozen=True)
class Action:
    name: str
    word: str
    who: str
    fields: Callable[[World], dict[str, Any]]
    before: Callable[[World], Any] = lambda world: None


def send(world: World, who: Someone, content: str, **rest: Any) -> str:
    said = world.server.do(who, "send_message", room_id=world.group, content=content, **rest)
    return str(said["message"]["id"])


ACTIONS = [
    Action("a message", "send_message", "ada", lambda w: {"room_id": w.group, "content": "Hello."}),
    Action("a long message", "send_message", "ben", lambda w: {"room_id": w.direct, "content": "wörd \n" * 100}),
    Action("a mention", "send_message", "ada", lambda w: {"room_id": w.group, "content": f"@{w.ben.user.username}"}),
    Action("a reply", "send_message", "ada", lambda w: {"room_id": w.group, "content": "Yes.", "reply_to": w.by_ben}),
    Action("an edit of what is quoted", "edit_message", "ada", lambda w: {"message_id": w.by_ada, "content": "Better."}),
    Action("an edit of the last", "edit_message", "ben", lambda w: {"message_id": w.by_ben, "content": "Better."}),
    Action("a deletion of what mentions", "delete_message", "ben", lambda w: {"message_id": w.by_ben}),
    Action("a deletion of what is quoted", "delete_message", "ada", lambda w: {"message_id": w.by_ada}),
    Action("a deletion of what was read", "delete_message", "ben", lambda w: {"message_id": w.by_ben},
           lambda w: w.server.do(w.ada, "mark_read", room_id=w.group, seq=2)),
    Action("a reaction", "add_reaction", "ada", lambda w: {"message_id": w.by_ben, "emoji": "👍"}),
    Action("another of the same", "add_reaction", "ada", lambda w: {"message_id": w.by_ben, "emoji": "👍"},
           lambda w: w.server.do(w.ben, "add_reaction", message_id=w.by_ben, emoji="👍")),
    Action("a reaction taken back", "remove_reaction", "ben", lambda w: {"message_id": w.by_ben, "emoji": "👍"},
           lambda w: w.server.do(w.ben, "add_reaction", message_id=w.by_ben, emoji="👍")),
    Action("read on", "mark_read", "ada", lambda w: {"room_id": w.group, "seq": 2}),
    Action("read all", "mark_read", "ben", lambda w: {"room_id": w.group, "seq": 100}),
    Action("a group", "create_room", "ada", lambda w: {"kind": "group", "name": "G", "members": [w.ben.id, w.cyd.id]}),
    Action("a channel", "create_room", "cyd", lambda w: {"kind": "channel", "name": "C"}),
    Action("a direct room", "create_room", "ada", lambda w: {"kind": "direct", "members": [w.cyd.id]}),
    Action("a direct room of old", "create_room", "ada", lambda w: {"kind": "direct", "members": [w.ben.id]}),
    Action("another name", "update_room", "ben", lambda w: {"room_id": w.group, "name": "N", "topic": "X"}),
    Action("join", "join_room", "cyd", lambda w: {"room_id": w.channel}),
    Action("leave", "leave_room", "ben", lambda w: {"room_id": w.group}),
    Action("the owner leaves", "leave_room", "ada", lambda w: {"room_id": w.group}),
    Action("the last one leaves", "leave_room", "ben", lambda w: {"room_id": w.group},
           lambda w: w.server.do(w.ada, "leave_room", room_id=w.group)),
    Action("add", "add_members", "ben", lambda w: {"room_id": w.group, "user_ids": [w.cyd.id]}),
    Action("add who was there before", "add_members", "ada", lambda w: {"room_id": w.group, "user_ids": [w.dan.id, w.eve.id]}),
    Action("remove", "remove_member", "ada", lambda w: {"room_id": w.group, "user_id": w.ben.id}),
    Action("typing", "typing", "ada", lambda w: {"room_id": w.group, "active": True}),
    Action("away", "set_presence", "ada", lambda w: {"state": "away"}),
]  # fmt: skip


def test_every_command_that_changes_something_is_here() -> None:
    assert {action.word for action in ACTIONS} == {d.word for d in COMMANDS.values() if d.changes_state}


class Watcher:
    """Somebody who saw the world before, and follows what happens."""

    def __init__(self, server: Running, who: Someone) -> None:
        self.server = server
        self.who = who
        self.instance = str(uuid4())
        self.replica = Replica(who.id)
        self.replica.hear(self.poll(None))
        self.settle()

    def poll(self, resume: Frame | None, wait: float = 0) -> list[Frame]:
        answer = self.server.sync(self.who, resume, wait, client={"instance": self.instance})
        assert answer.status_code == 200, answer.text
        return answer.json()["frames"]  # type: ignore[no-any-return]

    def poll_past_presence(self) -> list[Frame]:
        """One poll after the other, until one hears more than who is there: that is told when it suits the server."""
        while (frames := self.poll(self.replica.resume, 25)) and all(frame["type"] == "presence" for frame in frames):
            pass
        return frames

    def settle(self) -> None:
        """Ask for what the book says that a client asks for."""
        replica = self.replica
        while replica.gaps or replica.asks:
            for room_id in list(replica.gaps):
                replica.gaps.discard(room_id)
                after = replica.cursors[room_id]
                replica.hear(self.server.do(self.who, "get_events", room_id=room_id, after=after)["events"])
            for asked in list(replica.asks):
                if asked == "list":
                    replica.hear([{"type": "room_list", **self.server.do(self.who, "get_room_list")}])
                else:
                    page = self.server.do(self.who, "get_history", room_id=asked, limit=200)
                    replica.put_history(int(asked), page)

    def check(self, told: str) -> None:
        shown = self.server.do(self.who, "get_room_list")
        assert self.replica.user_version == shown["user_version"], told
        assert self.replica.rooms == {room["id"]: room for room in shown["rooms"]}, told
        assert self.replica.cursors == {room["id"]: room["seq"] for room in shown["rooms"]}, told
        for room_id, held in self.replica.messages.items():
            page = self.server.do(self.who, "get_history", room_id=room_id, limit=200)
            assert sorted(held.values(), key=lambda message: message["seq"]) == page["messages"], told


@contextmanager
def by_socket(watchers: list[Watcher]) -> Iterator[None]:
    with ExitStack() as opened:
        devices = [opened.enter_context(each.server.device(each.who, resume=each.replica.resume)) for each in watchers]
        yield
        for each, device in zip(watchers, devices, strict=True):
            each.replica.hear(device.take())


@contextmanager
def by_poll(watchers: list[Watcher]) -> Iterator[None]:
    with ThreadPoolExecutor(len(watchers)) as threads:
        waiting: list[Future[list[Frame]]] = [threads.submit(each.poll_past_presence) for each in watchers]
        for each in watchers:
            wait_until(lambda each=each: each.server.polls_of(each.who) == 1)
        yield
        for each, answer in zip(watchers, waiting, strict=True):
            each.poll(each.replica.resume)  # a newer poll ends the one that waits, where it heard nothing
            each.replica.hear(answer.result())
            while frames := each.poll(each.replica.resume):
                each.replica.hear(frames)


@contextmanager
def by_resume(watchers: list[Watcher]) -> Iterator[None]:
    yield
    for each in watchers:
        with each.server.device(each.who, resume=each.replica.resume) as device:
            each.replica.hear(device.heard)


@contextmanager
def everybody_follows(world: World) -> Iterator[None]:
    """Everybody, in each way there is to hear; what they hold at the end is compared with what is shown then."""
    ways: tuple[Any, ...] = (by_socket, by_poll, by_resume)
    watching = [[Watcher(world.server, who) for who in world.people.values()] for _ in ways]
    with ExitStack() as hearing:
        for way, watchers in zip(ways, watching, strict=True):
            hearing.enter_context(way(watchers))
        yield
    for way, watchers in zip(ways, watching, strict=True):
        for watcher in watchers:
            watcher.settle()
            watcher.check(f"{watcher.who.user.display_name} {way.__name__}")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: f"{action.word}-{action.name}")
def test_the_old_snapshot_and_the_events_are_the_new_snapshot(server: Running, action: Action) -> None:
    world = build(server)
    action.before(world)
    with everybody_follows(world):
        server.do(world.people[action.who], action.word, **action.fields(world))


def test_so_are_all_of_them_one_after_another(server: Running) -> None:
    world = build(server)
    with everybody_follows(world):
        for action in ACTIONS:
            server.call(world.people[action.who], action.word, **action.fields(world))


def test_nobody_outside_hears_anything_of_a_room(server: Running) -> None:
    world = build(server)
    with server.device(world.cyd) as stranger, server.device(world.dan) as left, server.device(world.eve) as removed:
        for device in (stranger, left, removed):
            device.take()
        message = send(world, world.ada, "For us.")
        server.do(world.ben, "add_reaction", message_id=message, emoji="👍")
        server.do(world.ada, "update_room", room_id=world.group, topic="Secret")
        server.do(world.ben, "typing", room_id=world.group, active=True)
        for device in (stranger, left, removed):
            assert [frame for frame in device.take() if frame["type"] != "presence"] == []


def test_who_is_removed_hears_that_and_nothing_after_it(server: Running) -> None:
    world = build(server)
    with server.device(world.ben) as ben, server.device(world.ada) as ada:
        ada.take(), ben.take()
        send(world, world.ada, "Before.")
        server.do(world.ada, "remove_member", room_id=world.group, user_id=world.ben.id)
        send(world, world.ada, "After.")
        heard = [frame for frame in ben.take() if frame["type"] != "presence"]
        assert [frame["type"] for frame in heard] == ["message_created", "room_removed"]
        assert heard[1]["reason"] == "removed"
        of_ada = [frame["type"] for frame in ada.take() if frame["type"] != "presence"]
        assert of_ada == ["message_created", "member_left", "message_created"]
