"""Sends what is in the outbox: by the proven socket, after 2 s also over HTTP, else over HTTP at once."""

from functools import partial

from lab.simulation.clients.device import Device
from lab.simulation.clients.outbox import Item
from tests.reference import Frame

HEDGE_S = 2.0
FINAL_EXCEPTIONS = frozenset({401, 408, 425, 429})


class Sender:
    def __init__(self, client: Device) -> None:
        self._client = client
        self._loop = client.world.loop

    def pump(self, room: int) -> None:
        item = self._client.outbox.next(room)
        if item is None or not self._client.is_alive:
            return
        if item.not_before > self._loop.now:
            return  # a timer retries it
        item.in_flight = True
        item.tries += 1
        attempt = item.tries
        if self._client.is_proven:
            self._client.on_socket(
                "send_message", item.fields, lambda *a: self._sent(item, attempt, *a), item.id, 2 * HEDGE_S
            )
            self._loop.call_later(HEDGE_S, self._hedge, item, attempt)
        else:
            self._client.over_http("send_message", item.fields, lambda *a: self._sent(item, attempt, *a))

    def _hedge(self, item: Item, attempt: int) -> None:
        """No ack in time: send the same id over HTTP; the first answer counts."""
        if not self._client.is_alive or not item.in_flight or item.tries != attempt:
            return
        self._client.over_http("send_message", item.fields, lambda *a: self._sent(item, attempt, *a))
        self._client.doubt_link()

    def _sent(self, item: Item, attempt: int, status: int, result: Frame) -> None:
        if not self._client.is_alive:
            return
        if status in (200, 201):
            self._note_ack(item, result)
            self.stored(result["message"], "ack")
        elif not item.in_flight or item.tries != attempt:
            return
        elif is_final(status):
            self._client.note("refused", room=item.room, id=item.id, code=result["code"])
            self._client.outbox.remove(item, None)
        else:
            pause = result.get("retry_after") or self._client.world.chance.random() * min(
                4.0, 0.25 * 2 ** min(item.tries, 5)
            )
            item.not_before = self._loop.now + pause
            item.in_flight = False
            self._loop.call_later(pause, self.pump, item.room)
        self._client.after()

    def say_again(self) -> None:
        """Send acknowledged messages again, like copies delayed by the network: the last ones of rooms that the user has left, else
        the last ones of all."""
        sent = list(self._client.outbox.sent.values())
        gone = [item for item in sent if item.room not in self._client.replica.rooms]
        for item in (gone or sent[-1:])[-3:]:
            self._client.over_http("send_message", item.fields, partial(self._said_again, item))

    def _said_again(self, item: Item, status: int, result: Frame) -> None:
        if status in (200, 201):
            self._note_ack(item, result)

    def _note_ack(self, item: Item, result: Frame) -> None:
        message = result["message"]
        quote = message["reply_to"] or {"id": None, "excerpt": ""}
        self._client.note("ack", room=item.room, id=item.id, seq=message["seq"], duplicate=result["duplicate"],
                  epoch=self._client.replica.epoch, rev=message["rev_seq"], content=message["content"],
                  quoted=quote["id"], excerpt=quote["excerpt"])  # fmt: skip

    def stored(self, message: Frame, evidence: str) -> None:
        """The server has it, as an ack, an event or a page of history shows."""
        item = self._client.outbox.find(message["room_id"], message["id"])
        if item is not None:
            self._client.note("sent", room=item.room, id=item.id, evidence=evidence)
            self._client.outbox.remove(item, self._client.replica.epoch or "")
            self.pump(item.room)


def is_final(status: int) -> bool:
    """True if the same command can never succeed."""
    return 400 <= status < 500 and status not in FINAL_EXCEPTIONS
