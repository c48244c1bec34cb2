"""A client: sockets, polls, hedges and timers around a replica and an outbox. It follows SPEC.md.

    socket ──▶ opening ──caught_up──▶ caught up ──pong──▶ proven ──▶ gone ─backoff─▶ socket …
    while no socket is proven it polls; a send goes by the proven socket, after 2 s also over HTTP, else over HTTP at once

Everything is a callback of the loop; a client that crashed is left with callbacks that find `is_alive` false.

Longer than 300 lines: the timers of sockets, polls and hedges decide together what a client does next.
"""

from dataclasses import replace
from typing import Any

import msgspec

from lab.simulation.clients.device import Done, Reachable
from lab.simulation.clients.outbox import Item, Outbox
from lab.simulation.clients.repairs import Repairs
from lab.simulation.clients.sender import Sender
from lab.simulation.world.link import Link
from lab.simulation.world.node import SimulatedIdentity
from tests.reference import Frame
from tests.reference.replica import Replica

ANSWER_WITHIN_S = 5.0
POLL_MARGIN_S = 5.0
PONG_WITHIN_S = 3.0
PROVEN_WITHIN_S = 10.0
BACKOFF_S = (0.5, 4.0)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Client:
    """`memory`: what an earlier process of this device stored."""

    def __init__(
        self, world: Reachable, name: str, who: SimulatedIdentity, memory: tuple[Replica, Outbox] | None = None
    ) -> None:
        self.world = world
        self.name = name
        self.who = who
        self.replica, self.outbox = memory or (Replica(who.user_id), Outbox())
        self.is_alive = True
        self.stored = self.replica.copy()
        self.link: Link | None = None
        self.is_proven = False
        self.is_signed_out = False
        self._link_epoch: str | None = None
        self._loop = world.loop
        self._tries = 0
        self._socket_timer: Any = None
        self._received_at = 0.0
        self._poll: Any = None
        self._poll_failures = 0
        self._commands: dict[str, tuple[int, Done]] = {}
        self._numbers = 0
        self.repairs = Repairs(self)
        self.sender = Sender(self)
        self._instance = f"{name}-instance"
        self.note("started", epoch=self.replica.epoch)
        for room in self.replica.rooms:
            self.replica.needs.history[room] = None
        self._connect()
        self._keep_polling()
        self.after()

    # -- actions of its user

    def send(self, room: int, content: str, reply_to: str | None = None) -> None:
        item = Item(self.world.new_id(), room, content, reply_to)
        self.note("send", room=room, id=item.id, content=content)
        self.outbox.add(item)
        self.sender.pump(room)

    def do(self, word: str, **fields: Any) -> None:
        """Any other command, tried once; its result is seen in the events."""
        self.note("do", word=word, **fields)

        def done(status: int, result: Frame) -> None:
            self.note("done", word=word, status=status, **fields)
            view = "message" in result and self.replica.rooms.get(result["message"]["room_id"])
            if view and result["message"]["id"] in view.messages:
                self.replica.hold(view, result["message"])

        self.command(word, fields, done)

    def look_back(self, room: int) -> None:
        """Read a room's newest page, as a member or not."""
        asked = self._loop.now

        def done(status: int, page: Frame) -> None:
            if status == 200:
                self.world.history.read(self.name, self.who.user_id, room, page, asked)

        self.command("get_history", {"room_id": room, "limit": 200}, done)

    def crash(self, *, keeps_replica: bool, keeps_outbox: bool) -> tuple[Replica, Outbox]:
        """Kill the process; return what its storage has."""
        self.note("crashed", keeps_outbox=keeps_outbox)
        self.leave()
        return (
            self.stored if keeps_replica else Replica(self.who.user_id),
            self.outbox.revived() if keeps_outbox else Outbox(),
        )

    def leave(self) -> None:
        """Close the socket and stop."""
        self.is_alive = False
        if self.link is not None:
            self.link.leave()
        if self._poll is not None:
            self._poll.abandon()

    # -- the socket

    def _connect(self) -> None:
        self._socket_timer = None
        if not self.is_alive or self.link is not None or self.is_signed_out:
            return
        link = self.world.network.open(self)
        self.link, self.is_proven, self._link_epoch = link, False, None
        self._received_at = self._loop.now
        link.on_text = lambda text: self._on_text(link, text)
        link.on_closed = lambda code: self._on_closed(link, code)
        resume = self.replica.resume()
        self._link_opened(link.number, "websocket", resume)
        hello: Frame = {"type": "hello", "protocol": 1, "client": {"name": "simulated", "instance": self._instance}}
        if resume is not None:
            hello["resume"] = resume
        link.say(_encode(hello).decode())
        self._loop.call_later(self.world.plan.heartbeat_s, self._watch, link)
        self._loop.call_later(PROVEN_WITHIN_S, self._give_up_unproven, link)

    def _give_up_unproven(self, link: Link) -> None:
        if link is self.link and not self.is_proven and self.is_alive:
            self._lose_link(self._backoff())

    def _link_opened(self, number: int, transport: str, resume: Frame | None) -> None:
        self.note("link", link=number, transport=transport, resume=resume, credential=self.who.credential)

    def _on_text(self, link: Link, text: str) -> None:
        if link is not self.link or not self.is_alive:
            return
        self._received_at = self._loop.now
        frames = self.world.decoded(text)
        for frame in frames if type(frames) is list else (frames,):
            if frame["type"] == "hello":
                self._link_epoch = frame["epoch"]
            elif self._link_epoch != self.replica.epoch:  # an answer of an earlier epoch
                self._lose_link(0.0)
                break
            self._on_frame(link, frame)
            if link is not self.link:
                break
        self.after()

    def _on_frame(self, link: Link, frame: Frame) -> None:
        match frame["type"]:
            case "ack":
                self._answered(frame["id"], 200, frame["result"])
            case "error":
                self._answered(frame["id"], frame["error"]["status"], frame["error"])
            case "pong":
                self._answered(str(frame.get("id")), 200, frame)
            case "caught_up":
                self._received(link.number, frame)
                self.command("ping", {}, lambda status, _: self.prove(link, status), within=PONG_WITHIN_S)
            case "going_away":
                self._lose_link(frame["retry_after_ms"] / 1000)
            case "ping":
                link.say('{"type":"pong"}')
                self._received(link.number, frame)
            case "room_list" if "id" in frame:
                self._received(None, frame)  # an answer: it has no place in the order of pushed frames
                self._answered(frame["id"], 200, frame)
            case _:
                self._received(link.number, frame)

    def prove(self, link: Link, status: int) -> None:
        if link is not self.link:
            return None
        if status == 0:  # a zombie
            return self._lose_link(self._backoff())
        self.is_proven = True
        self._tries = 0
        if self._poll is not None:
            self._poll.abandon()
            self._poll = None
        return None

    def doubt_link(self) -> None:
        """An ack is late: check whether the socket still works."""
        link = self.link
        if link is not None and self.is_proven:
            self.command("ping", {}, lambda status, _: self.prove(link, status), within=PONG_WITHIN_S)

    def _watch(self, link: Link) -> None:
        """Close the socket if nothing was received for the time of two heartbeats."""
        if link is not self.link or not self.is_alive:
            return
        silent = self._loop.now - self._received_at
        limit = self.world.plan.heartbeat_s + 10
        if silent >= limit:
            self._lose_link(self._backoff())
        else:
            # At least a millisecond: the clock stands still until the call, and the rest may be too small to move it.
            self._loop.call_later(max(limit - silent, 0.001), self._watch, link)

    def _on_closed(self, link: Link, code: int) -> None:
        if link is not self.link or not self.is_alive:
            return
        self.note("closed", link=link.number, code=code)
        self.link, self.is_proven = None, False
        self._drop_answers()
        if code == 4401:
            self._sign_out()
        elif code in (4409, 4403, 4426):  # codes after which a client must not reconnect; none has a reason here
            self.world.fault(f"{self.name} was closed with {code}")
        else:
            self._reconnect_in(self._backoff())
        self._keep_polling()
        self.after()

    def _lose_link(self, again_s: float) -> None:
        """Give up the socket and continue over HTTP."""
        assert self.link is not None
        self.link.leave()
        self.link, self.is_proven = None, False
        self._drop_answers()
        self._reconnect_in(again_s)
        self._keep_polling()
        self.after()

    def _drop_answers(self) -> None:
        """Commands on the socket that got no answer have an unknown result."""
        waiting, self._commands = self._commands, {}
        for _, done in waiting.values():
            done(0, {})

    def _reconnect_in(self, seconds: float) -> None:
        if self._socket_timer is not None:
            self._socket_timer.cancel()
        self._socket_timer = self._loop.call_later(seconds, self._connect)

    # -- signed out and in again

    def _sign_out(self) -> None:
        """The sign-in was revoked. The outbox and the replica are kept; nothing is sent until the user signs in again."""
        if self.is_signed_out or not self.is_alive:
            return
        self.note("signed_out", credential=self.who.credential)
        if self.who.credential not in self.world.ended:
            self.world.fault(f"{self.name} was signed out without a reason")
        self.is_signed_out = True
        if self._poll is not None:
            self._poll.abandon()
            self._poll = None
        if self.link is not None:
            self._lose_link(0.0)
        self._loop.call_later(0.3 + self.world.chance.random(), self._sign_in)

    def _sign_in(self) -> None:
        if self.is_alive:
            self.is_signed_out = False
            self.who = replace(self.who, credential=self.world.new_credential())
            self._reconnect_in(0.0)
            self._keep_polling()
            self.after()

    def _backoff(self) -> float:
        first, longest = BACKOFF_S
        self._tries += 1
        return self.world.chance.random() * min(longest, first * float(2 ** min(self._tries, 6)))

    # -- the poll

    def _keep_polling(self) -> None:
        if self.is_proven or self._poll is not None or not self.is_alive or self.is_signed_out:
            return
        resume = self.replica.resume()
        wait = self.world.plan.poll_wait_s if resume is not None else 0
        number = self.world.network.new_number()
        request: Frame = {"wait": wait, "client": {"instance": self._instance}}
        if resume is not None:
            request["resume"] = resume

        def done(status: int, body: Frame) -> None:
            if self._poll is not poll or not self.is_alive:
                return
            self._poll = None
            if status == 200:
                self._poll_failures = 0
                self._link_opened(number, "poll", resume)
                self.replica.set_epoch(body["epoch"])
                for frame in body["frames"]:
                    self._received(number, frame)
                self._loop.call_later(0.01, self._keep_polling)
            elif status == 401:
                self._sign_out()
            else:
                self._poll_failures += 1
                pause = body.get("retry_after") or 0.1 * 2 ** min(self._poll_failures, 5)
                self._loop.call_later(pause * (0.5 + self.world.chance.random()), self._keep_polling)
            self.after()

        poll = self._poll = self.world.network.sync(self, request, done, wait + POLL_MARGIN_S)

    # -- received frames

    def _received(self, link: int | None, frame: Frame) -> None:
        word = frame["type"]
        if word in ("presence", "typing", "going_away"):
            return
        self.world.history.received(self.name, self.who.user_id, link, frame)
        self.replica.receive(frame)

    def after(self) -> None:
        """Start the repairs that the replica needs, and send what may be sent now."""
        if not self.is_alive:
            return
        needs = self.replica.take_needs()
        if needs.reoffer and self.replica.epoch is not None:
            self.outbox.reoffer(self.replica.epoch)
        for message in needs.stored:
            self.sender.stored(message, "event")
        for room in needs.repair:
            self.repairs.repair(room)
        for room in needs.history:
            self.repairs.load(room)
        if needs.room_list:
            self.repairs.read_list()
        for room in list(self.outbox.rooms):
            self.sender.pump(room)
        if self.world.chance.random() < 0.3:
            self._store()

    def _store(self) -> None:
        """Write cursors and messages to the device's storage, in one transaction."""
        self.stored = self.replica.copy()

    # -- commands, on the transport that works now

    def command(self, word: str, fields: Frame, done: Done, within: float = ANSWER_WITHIN_S) -> None:
        if self.link is not None and (self.is_proven or word == "ping"):
            self._numbers += 1
            self.on_socket(word, fields, done, f"c{self._numbers}", within)
        else:
            self.over_http(word, fields, done)

    def on_socket(self, word: str, fields: Frame, done: Done, id_: str, within: float) -> None:
        assert self.link is not None
        self._numbers += 1
        number = self._numbers
        self._commands[id_] = (number, done)
        self.link.say(_encode({**fields, "type": word, "id": id_}).decode())
        self._loop.call_later(within, self._late, id_, number)

    def _late(self, id_: str, number: int) -> None:
        waiting = self._commands.get(id_)
        if waiting is not None and waiting[0] == number and self.is_alive:
            self._answered(id_, 0, {})

    def _answered(self, id_: str, status: int, result: Frame) -> None:
        waiting = self._commands.pop(id_, None)
        if waiting is not None:
            waiting[1](status, result)

    def over_http(self, word: str, fields: Frame, done: Done) -> None:
        credential = self.who.credential

        def answered(status: int, result: Frame) -> None:
            if status == 401 and credential == self.who.credential:
                self._sign_out()
            done(status, result)

        self.world.network.command(self, word, fields, answered, ANSWER_WITHIN_S)

    def note(self, op: str, **fields: Any) -> None:
        self.world.history.add(op, client=self.name, user=self.who.user_id, **fields)
