"""The actions and faults of one seed, and the end of all faults."""

import sqlite3
from collections.abc import Callable
from typing import Any

from lab.simulation.world.world import World

QUIET_WITHIN_S = 90.0
"""Longer than any deadline of client or server: missed heartbeats (heartbeat + 10 s), backoff, waiting polls, repairs."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"

CRASH_POINTS = ("before_commit", "after_commit", "after_publish")


class Scenario:
    """Actions and faults, set at random times of `plan.seconds`; `heal` ends all faults."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plan = world.plan
        self._random = world.chance.random
        self._choice = world.chance.rng.choice
        self._words = 0
        self._backup: sqlite3.Connection | None = None

    def set_up(self) -> None:
        world, plan = self.world, self.plan
        for number in range(plan.nodes):
            world.start_node(number)
        for index, user in enumerate(plan.devices):
            name = f"{LETTERS[index]}{user}"
            world.later(self._random() * plan.seconds * 0.4, world.start_client, name, user)
        for _ in range(plan.action_count):
            world.later(0.3 + self._random() * plan.seconds, self._act)
        for _ in range(plan.fault_count if plan.faults else 0):
            world.later(0.2 + self._random() * plan.seconds, self._fault)
        if plan.restores:
            world.later(plan.seconds * 0.3, self._back_up)
            world.later(plan.seconds * 0.7, self._restore)

    def heal(self) -> None:
        """End all faults: links, bus and database work, all nodes and clients run."""
        world = self.world
        world.history.add("healed")
        world.network.heal()
        world.broker.heal()
        self._set_chance(slow=1.0, far=1.0, db_slow=1.0)
        world.database.is_down, world.database.breaks_commits = False, 0.0
        for node in world.nodes.values():
            node.crash_at = None
        for name in list(world.gone):
            world.start_client(name, int(name[1:]))
        self._keep_reviving()

    def _keep_reviving(self) -> None:
        """A node that is still draining may end later."""
        self._revive()
        if any(node.node.draining for node in self.world.nodes.values()):
            self.world.later(1.0, self._keep_reviving)

    def _revive(self) -> None:
        for node in list(self.world.nodes.values()):
            if node.is_dead:
                self._start_again(node.number)

    # -- actions

    def _act(self) -> None:
        clients = [client for client in self.world.clients.values() if client.is_alive and client.replica.rooms]
        if clients:
            client = self._choice(clients)
            room = self._choice(sorted(client.replica.rooms))
            getattr(self, f"_do_{self._choice(self.plan.actions)}")(client, room)

    def _do_send(self, client: Any, room: int) -> None:
        messages = client.replica.rooms[room].messages
        for _ in range(3 if self._random() < 0.2 else 1):
            self._words += 1
            reply_to = self._choice(sorted(messages)) if messages and self._random() < 0.2 else None
            named = f" @user{self._choice(range(1, self.plan.people + 1))}" if self._random() < 0.2 else ""
            client.send(room, f"word {self._words}{named}", reply_to)

    def _some_message(self, client: Any, room: int, *, own: bool) -> str | None:
        me = client.who.user_id
        held = client.replica.rooms[room].messages.values()
        found = sorted((m["seq"], m["id"]) for m in held if not own or m["sender"]["id"] == me)
        return self._choice(found[-2:] if self._random() < 0.5 else found)[1] if found else None

    def _do_edit(self, client: Any, room: int) -> None:
        if id_ := self._some_message(client, room, own=True):
            self._words += 1
            client.do("edit_message", message_id=id_, content=f"edit {self._words}")

    def _do_delete(self, client: Any, room: int) -> None:
        if id_ := self._some_message(client, room, own=True):
            client.do("delete_message", message_id=id_)

    def _do_react(self, client: Any, room: int) -> None:
        if id_ := self._some_message(client, room, own=False):
            word = "add_reaction" if self._random() < 0.7 else "remove_reaction"
            client.do(word, message_id=id_, emoji=self._choice(("+1", "heart")))

    def _do_pin(self, client: Any, room: int) -> None:
        if id_ := self._some_message(client, room, own=False):
            client.do("pin_message" if self._random() < 0.6 else "unpin_message", message_id=id_)

    def _do_mark(self, client: Any, room: int) -> None:
        client.do("mark_read", room_id=room, seq=client.replica.rooms[room].cursor)

    def _do_leave_join(self, client: Any, room: int) -> None:
        if self._random() < 0.5:
            client.do("leave_room", room_id=room)
        else:
            room = self._choice(range(1, self.plan.rooms + 1))
            client.do("join_room", room_id=room)

    def _do_remove_add(self, client: Any, room: int) -> None:
        user = self._choice(range(1, self.plan.people + 1))
        if self._random() < 0.5:
            client.do("remove_member", room_id=room, user_id=user)
        else:
            client.do("add_members", room_id=room, user_ids=[user])

    def _do_look_back(self, client: Any, room: int) -> None:
        client.look_back(self._choice(range(1, self.plan.rooms + 1)))
        client.sender.say_again()

    def _do_rename(self, client: Any, room: int) -> None:
        self._words += 1
        client.do("update_room", room_id=room, topic=f"topic {self._words}")

    def _do_create(self, client: Any, room: int) -> None:
        self._words += 1
        other = self._choice(range(1, self.plan.people + 1))
        client.do("create_room", kind="channel", name=f"made {self._words}", members=[other])

    def _do_direct(self, client: Any, room: int) -> None:
        client.do("create_room", kind="direct", members=[self._choice(range(1, self.plan.people + 1))])

    # -- faults

    def _fault(self) -> None:
        fault = self._choice(self.plan.faults)
        self.world.history.add("breaks", what=fault)
        getattr(self, f"_break_{fault}")(0.2 + self._random() * 3.0)

    def _for(self, seconds: float, undo: Callable[[], None]) -> None:
        self.world.later(seconds, undo)

    def _break_kill(self, seconds: float) -> None:
        node = self._choice(list(self.world.nodes.values()))
        if self._random() < 0.5:
            node.kill()
        else:
            node.crash_at = self._choice(CRASH_POINTS)
        self._for(seconds, self._revive)

    def _break_drain(self, seconds: float) -> None:
        node = self._choice(list(self.world.nodes.values()))
        self.world.loop.create_task(node.drain())
        self._for(seconds + 1.5, self._revive)

    def _start_again(self, number: int) -> None:
        self.world.start_node(number)

    def _break_bus_loses(self, seconds: float) -> None:
        self.world.broker.loses = self._choice((0.1, 0.5))
        self._for(seconds, lambda: setattr(self.world.broker, "loses", 0.0))

    def _break_bus_away(self, seconds: float) -> None:
        numbers = None if self._random() < 0.5 else {self._choice(range(self.plan.nodes))}
        self.world.broker.interrupt(numbers)
        self._for(seconds, self.world.broker.heal)

    def _break_bus_reorders(self, seconds: float) -> None:
        self.world.broker.reorders = 0.5
        self._for(seconds, lambda: setattr(self.world.broker, "reorders", 0.0))

    def _break_bus_doubles(self, seconds: float) -> None:
        self.world.broker.doubles = 0.5
        self._for(seconds, lambda: setattr(self.world.broker, "doubles", 0.0))

    def _set_chance(self, **values: float) -> None:
        for name, value in values.items():
            setattr(self.world.chance, name, value)

    def _break_slow(self, seconds: float) -> None:
        self._set_chance(slow=self._choice((10.0, 60.0)), far=self._choice((1.0, 10.0)))
        self._for(seconds, lambda: self._set_chance(slow=1.0, far=1.0))

    def _break_db_down(self, seconds: float) -> None:
        self.world.database.is_down = True
        self._for(seconds, lambda: setattr(self.world.database, "is_down", False))

    def _break_db_slow(self, seconds: float) -> None:
        self._set_chance(db_slow=self._choice((50.0, 500.0)))
        self._for(seconds, lambda: self._set_chance(db_slow=1.0))

    def _break_db_breaks(self, seconds: float) -> None:
        self.world.database.breaks_commits = 0.5
        self._for(seconds, lambda: setattr(self.world.database, "breaks_commits", 0.0))

    def _some_link(self) -> Any:
        links = [client.link for client in self.world.clients.values() if client.is_alive and client.link is not None]
        return self._choice(links) if links else None

    def _break_cut(self, seconds: float) -> None:
        if link := self._some_link():
            link.cut()

    def _break_dark(self, seconds: float) -> None:
        if link := self._some_link():
            up, down = self._choice(((True, True), (True, False), (False, True)))
            link.blacken(up=up, down=down)

    def _break_stall(self, seconds: float) -> None:
        if link := self._some_link():
            up, down = self._choice(((True, True), (True, False), (False, True)))
            link.stall(up=up, down=down)
            self._for(seconds, link.heal)

    def _break_drop_message(self, seconds: float) -> None:
        if link := self._some_link():
            link.drops += 1

    def _break_slow_reader(self, seconds: float) -> None:
        if link := self._some_link():
            link.reads = False
            self._for(seconds, link.heal)

    def _break_offline(self, seconds: float) -> None:
        names = sorted(self.world.clients)
        if names:
            name = self._choice(names)
            self.world.network.offline.add(name)
            link = self.world.clients[name].link
            if link is not None:
                link.cut() if self._random() < 0.5 else link.blacken(up=True, down=True)
            self._for(seconds, lambda: self.world.network.offline.discard(name))

    def _break_requests_lost(self, seconds: float) -> None:
        self.world.network.loses = 0.3
        self._for(seconds, lambda: setattr(self.world.network, "loses", 0.0))

    def _break_requests_doubled(self, seconds: float) -> None:
        self.world.network.doubles = 0.5
        self._for(seconds, lambda: setattr(self.world.network, "doubles", 0.0))

    def _break_no_upgrade(self, seconds: float) -> None:
        self.world.network.refuses_upgrades = True
        self._for(seconds, lambda: setattr(self.world.network, "refuses_upgrades", False))

    def _break_crash(self, seconds: float) -> None:
        alive = [client for client in self.world.clients.values() if client.is_alive]
        if not alive:
            return
        client = self._choice(alive)
        kept = client.crash(keeps_replica=self._random() < 0.7, keeps_outbox=self._random() < 0.8)
        self.world.gone[client.name] = kept
        self._for(seconds, lambda: self._come_back(client.name, client.who.user_id))

    def _come_back(self, name: str, user: int) -> None:
        if name in self.world.gone:
            self.world.start_client(name, user)

    def _break_new_device(self, seconds: float) -> None:
        known = len(self.world.clients)
        if known < len(self.plan.devices) + 3:
            user = self._choice(range(1, self.plan.people + 1))
            self.world.start_client(f"{LETTERS[known + 10]}{user}", user)

    def _break_sign_out(self, seconds: float) -> None:
        """A sign-in is revoked, by the device or elsewhere; the device signs in again later."""
        alive = [client for client in self.world.clients.values() if client.is_alive]
        if alive:
            self.world.end_credential(self._choice(alive).who.credential)

    def _back_up(self) -> None:
        self._backup = self.world.database.back_up()

    def _restore(self) -> None:
        assert self._backup is not None
        self.world.restore(self._backup)
        self._for(0.5, self._revive)
