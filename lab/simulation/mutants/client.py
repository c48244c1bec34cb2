"""Breakages of the rules that a client follows."""

from typing import Any
from unittest import mock

from lab.simulation.mutants.registry import mutant, replaced


@mutant(faults=("crash",))
def a_cursor_is_stored_before_its_messages() -> Any:
    from lab.simulation.clients.client import Client

    def store(self: Any) -> None:
        early, stored = self.replica.copy(), self.stored
        for room, view in early.rooms.items():
            view.messages = dict(stored.rooms[room].messages) if room in stored.rooms else {}
        self.stored = early

    yield from replaced(Client, "_store", store)


@mutant(actions=("edit", "delete", "react", "react"), faults=("slow", "no_upgrade"), is_busy=True)
def an_older_state_replaces_a_newer_one() -> Any:
    from tests.reference.replica import Replica

    def hold(self: Any, view: Any, message: Any) -> None:
        view.messages[message["id"]] = message

    yield from replaced(Replica, "hold", hold)


@mutant(actions=("edit", "delete", "react"), faults=("crash", "slow", "new_device"))
def changes_during_a_history_read_are_forgotten() -> Any:
    from tests.reference.replica import Replica

    usual = Replica.advance

    def advance(self: Any, view: Any, event: Any) -> None:
        usual(self, view, event)
        view.replay = []

    yield from replaced(Replica, "advance", advance)


@mutant(actions=("pin",), is_busy=True)
def an_unpinned_message_stays_pinned() -> Any:
    from tests.reference import message

    yield from replaced(message, "SETS", {**message.SETS, "message_unpinned": {}})


@mutant(faults=("drop_message", "bus_loses"))
def a_gap_in_seqs_is_ignored() -> Any:
    from tests.reference.replica import Replica

    def event(self: Any, event: Any) -> None:
        view = self.rooms.get(event["room_id"])
        if view is not None and event["seq"] > view.cursor:
            self.advance(view, event)

    yield from replaced(Replica, "event", event)


@mutant(faults=("bus_loses", "drop_message"), actions=("mark", "leave_join", "create"))
def a_gap_in_versions_is_ignored() -> Any:
    from backchannel.transports.session import Session
    from tests.reference.replica import Replica

    usual = Replica.take_needs

    def take(self: Any) -> Any:
        needs = usual(self)
        needs.room_list = False
        return needs

    with mock.patch.object(Replica, "take_needs", take), mock.patch.object(Session, "observe_version", return_value=[]):
        yield


@mutant(faults=("cut", "requests_lost"))
def a_retry_gets_a_new_id() -> Any:
    from lab.simulation.clients.sender import Sender

    usual = Sender.pump

    def pump(self: Any, room: int) -> None:
        item = self._client.outbox.next(room)
        if item is not None and item.tries and item.not_before <= self._loop.now:
            item.id = self._client.world.new_id()
        usual(self, room)

    yield from replaced(Sender, "pump", pump)


@mutant(faults=("cut", "requests_lost", "dark"))
def nothing_is_retried() -> Any:
    from lab.simulation.clients.sender import Sender

    usual = Sender._sent

    def sent(self: Any, item: Any, attempt: int, status: int, result: Any) -> None:
        if status == 0:
            self._client.outbox.remove(item, self._client.replica.epoch or "") if item.in_flight else None
            self._client.note("sent", room=item.room, id=item.id, evidence="hope")
        else:
            usual(self, item, attempt, status, result)

    yield from replaced(Sender, "_sent", sent)


@mutant(faults=("dark",))
def a_silent_socket_is_trusted() -> Any:
    from lab.simulation.clients.client import Client

    yield from replaced(Client, "_watch", lambda *_: None)


@mutant(restores=True)
def acked_messages_are_not_resent_after_a_restore() -> Any:
    from lab.simulation.clients.outbox import Outbox

    yield from replaced(Outbox, "reoffer", lambda *_: None)


@mutant(faults=("cut", "offline"))
def a_reset_room_keeps_its_old_messages() -> Any:
    from tests.reference.replica import Replica

    def reset(self: Any, frame: Any) -> None:
        view = self.rooms.get(frame["room_id"])
        if view is not None:
            view.cursor = view.head = frame["seq"]

    yield from replaced(Replica, "reset", reset)


@mutant(faults=("db_slow", "slow"))
def several_messages_are_in_flight_at_once() -> Any:
    from lab.simulation.clients.outbox import Outbox
    from lab.simulation.clients.sender import Sender

    usual = Sender.pump

    def pump(self: Any, room: int) -> None:
        for _ in self._client.outbox.rooms.get(room, ()):
            usual(self, room)

    def following(self: Any, room: int) -> Any:
        return next((item for item in reversed(self.rooms.get(room, ())) if not item.in_flight), None)

    with mock.patch.object(Sender, "pump", pump), mock.patch.object(Outbox, "next", following):
        yield
