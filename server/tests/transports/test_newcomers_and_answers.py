"""Presence from other nodes reaches a newcomer, and answers to commands do not count as being behind."""

from typing import Any
from uuid import uuid4

from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import PresenceEnvelope
from backchannel.protocol.frame_batch import AnswerBatch, FrameBatch
from backchannel.transports.websocket.outbound import (
    ANSWERS_BEHIND,
    FRAMES_BEHIND,
    Outbound,
)
from tests.running import Running, running, somebody


def report_from_another_node(server: Running, user_id: int, state: Any, rooms: tuple[int, ...]) -> None:
    """Publish a presence report as another node would."""
    body = envelopes.encode(PresenceEnvelope("another", user_id, state, rooms))
    server.in_loop(server.chat.node.context.bus.publish, envelopes.EVERYBODY, body)


def test_a_newcomer_gets_the_presence_of_people_on_other_nodes(server: Running) -> None:
    ada, ben, cyd, dan = (somebody(name) for name in ("ada", "ben", "cyd", "dan"))
    room = server.group(ada, ben, cyd)
    report_from_another_node(server, ben.id, "away", (room,))
    report_from_another_node(server, cyd.id, "online", (room,))
    report_from_another_node(server, cyd.id, "offline", (room,))
    report_from_another_node(server, dan.id, "online", (room + 10**6,))

    def seen(frames: list[dict[str, Any]]) -> dict[int, str]:
        return {frame["user_id"]: frame["state"] for frame in frames if frame["type"] == "presence"}

    with server.device(ada) as device:
        assert seen(device.received) == {ben.id: "away"}
    assert seen(server.sync(ada).json()["frames"]) == {ben.id: "away"}
    report_from_another_node(server, ben.id, "offline", (room,))
    with server.device(ada) as device:
        assert seen(device.received) == {}


def test_pending_answers_do_not_count_as_being_behind() -> None:
    outbound = Outbound()
    for _ in range(500):
        assert outbound.put(AnswerBatch(b"a" * 1900, 1))
    for _ in range(FRAMES_BEHIND + 1):
        assert outbound.put(FrameBatch(b"e", 1))
        outbound.end_turn()
    assert not outbound.put(FrameBatch(b"e", 1))


def test_pending_answers_are_bounded() -> None:
    outbound = Outbound()
    assert outbound.put(AnswerBatch(b"a" * 4 * 1024 * 1024, 1))  # one answer may have any size
    assert not outbound.put(AnswerBatch(b"a", 1))
    outbound.clear()
    assert [outbound.put(AnswerBatch(b"a", 1)) for _ in range(ANSWERS_BEHIND + 1)] == [True] * ANSWERS_BEHIND + [False]


def test_a_client_that_pipelines_commands_and_reads_later_stays_connected(module_database: None) -> None:
    with running(send_buffer=4096) as server:
        ada = somebody("ada")
        room = server.group(ada)
        with server.device(ada) as device:
            ids = [str(uuid4()) for _ in range(100)]
            for id_ in ids:
                device.say({"type": "send_message", "id": id_, "room_id": room, "content": "x" * 1500})
            acked = {device.until("ack")["id"] for _ in ids}
        assert acked == set(ids)
