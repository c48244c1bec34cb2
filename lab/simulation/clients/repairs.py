"""Requests for what the client knows to be missing: events of a gap, a room's history, the room list."""

from lab.simulation.clients.device import Device
from lab.simulation.clients.sender import is_final
from tests.reference import Frame

GAP_S = 0.2


class Repairs:
    """`is_listing`: a request for the list is in flight."""

    def __init__(self, client: Device) -> None:
        self._client = client
        self._loop = client.world.loop
        self._repairing: set[int] = set()
        self.is_listing = False

    def repair(self, room: int) -> None:
        if room in self._repairing:
            return
        self._repairing.add(room)
        self._loop.call_later(GAP_S, self._ask_events, room)

    def _ask_events(self, room: int) -> None:
        view = self._client.replica.rooms.get(room)
        if not self._client.is_alive or view is None or view.cursor >= view.head:
            self._repairing.discard(room)
            return
        cursor, epoch = view.cursor, self._client.replica.epoch

        def done(status: int, result: Frame) -> None:
            if not self._client.is_alive:
                return
            if epoch != self._client.replica.epoch or is_final(status):
                self._repairing.discard(room)
                self.read_list()  # the room list shows whether the user is still a member
                return
            if status == 200:
                for event in result["events"]:
                    self._client.world.history.received(self._client.name, self._client.who.user_id, None, event)
                    self._client.replica.receive(event)
                self._loop.call_later(0.0, self._ask_events, room)
            else:
                self._loop.call_later(1.0, self._ask_events, room)
            self._client.after()

        self._client.command(
            "get_events", {"room_id": room, "after": cursor, "limit": self._client.world.plan.page}, done
        )

    def load(self, room: int) -> None:
        """All of a room's history, from the newest back."""
        view = self._client.replica.rooms.get(room)
        if view is not None and not view.complete:
            self._load_page(room, view.begin_load(), None)

    def _load_page(self, room: int, load: int, before: int | None) -> None:
        view = self._client.replica.rooms.get(room)
        if view is None or view.load != load or not self._client.is_alive:
            return
        fields: Frame = {"room_id": room, "limit": self._client.world.plan.page}
        if before is not None:
            fields["before"] = before
        epoch = self._client.replica.epoch

        def done(status: int, result: Frame) -> None:
            if (
                not self._client.is_alive
                or epoch != self._client.replica.epoch
                or self._client.replica.rooms.get(room) is not view
            ):
                return
            if status == 200:
                self._client.world.history.read(self._client.name, self._client.who.user_id, room, result)
                if self._client.replica.page(room, load, result):
                    self._load_page(room, load, result["messages"][0]["seq"])
            else:
                if is_final(status):
                    self.read_list()  # the room list shows whether the user is still a member
                self._loop.call_later(1.0, self._load_page, room, load, before)
            self._client.after()

        self._client.command("get_history", fields, done)

    def read_list(self) -> None:
        if self.is_listing:
            return
        self.is_listing = True

        def done(status: int, result: Frame) -> None:
            self.is_listing = False
            if not self._client.is_alive:
                return
            if status != 200:
                self._loop.call_later(1.0, self.read_list)
                return
            if result.get("type") is None:  # over HTTP it is a body; on the socket the frame was recorded already
                self._client.replica.receive({"type": "room_list", **result})
            self._client.after()

        self._client.command("get_room_list", {}, done)
