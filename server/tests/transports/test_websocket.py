"""A WebSocket's rules over real sockets: what opens it, what closes it and with which code, and that a slow one delays nobody else."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus

from backchannel.protocol.shapes import Limits
from backchannel.runner.websocket.server import make_websocket
from backchannel.transports.session import State, heartbeat, opening
from backchannel.transports.websocket.connection import COMMANDS_AT_ONCE
from tests.running import WITHOUT_LIMITS, Device, Running, Someone, running, somebody

SMALL = Limits(sends_per_second=1e9, send_burst=10**9, commands_per_second=1e9, connections=3)


WAYS = {"our server": make_websocket, "another server": "websockets-sansio"}
"""Our own server, and another ASGI server: the same promises."""


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> Any:
    return WAYS[request.param]


@pytest.fixture(scope="module")
def server(module_database: None, way: Any) -> Iterator[Running]:
    """At most three sockets for each user, with small buffers in the kernel."""
    with running(limits=SMALL, send_buffer=8 * 1024, websocket=way) as it:
        yield it


def opened(server: Running, who: Someone | None = None) -> Device:
    device = server.device(who or somebody())
    device.received.clear()
    return device


def closed_with(server: Running, code: int) -> float:
    """The number of sockets closed with this code, from /metrics."""
    lines = server.http.get("/metrics").text.splitlines()
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith("backchannel_connections_closed_total{") and f'code="{code}"' in line
    )


def is_open(server: Running, who: Someone) -> bool:
    """Whether this person has a socket that is not about to be closed."""
    return bool(
        server.in_loop(
            lambda: [each for each in server.chat.hub.subscribers_of(who.id) if each.session.state is not State.CLOSED]
        )
    )


def test_a_newcomer_gets_hello_the_list_presence_and_caught_up_in_this_order(server: Running) -> None:
    ada, ben = somebody("ada"), somebody("ben")
    room_id = server.group(ada, ben)
    with opened(server, ben), server.dial(ada) as device:
        device.hello()
        device.until("caught_up")
        types = [frame["type"] for frame in device.received]
        assert types == ["hello", "room_list", "presence"]
        assert device.received[0]["limits"]["connections"] == 3
        assert [room["id"] for room in device.received[1]["rooms"]] == [room_id]
        assert device.received[2] == {"type": "presence", "user_id": ben.id, "state": "online"}


def test_no_hello_within_the_timeout_closes(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "HELLO_WITHIN_S", 0.01)
    with server.dial(somebody()) as device:
        assert device.closed() == (4400, "no_hello")


@pytest.mark.parametrize("first", ['{"type":"get_me"}', "{", "[]x", '{"type":"nonsense"}', b"\x00", "[1]"])
def test_anything_but_hello_first_closes(server: Running, first: Any) -> None:
    with server.dial(somebody()) as device:
        device.say(first)
        assert device.closed() == (4400, "hello_expected")


def test_another_protocol_closes(server: Running) -> None:
    with server.dial(somebody()) as device:
        device.hello(protocol=99)
        assert device.closed()[0] == 4426


def test_the_third_unreadable_frame_closes_the_socket(server: Running) -> None:
    with opened(server) as device:
        for bad in ("{", b"\x01\x02"):
            device.say(bad)
            assert device.until("error")["error"]["code"] == "bad_frame"
        assert device.call("no_such_word").code == "unknown_command"
        assert device.call("get_room").code == "invalid"
        assert device.call("ping").ok
        device.say('{"no":"type"}')
        assert device.closed() == (4400, "bad_frames")
        assert device.received[-1]["error"]["code"] == "bad_frame"


def test_a_frame_that_is_too_large_closes(server: Running) -> None:
    for text in ("x" * (64 * 1024 + 1), json.dumps({"type": "get_people", "query": "x" * 70_000})):
        with opened(server) as device:
            device.say(text)
            assert device.closed()[0] == 1009


def test_a_frame_of_exactly_the_limit_is_read(server: Running) -> None:
    with opened(server) as device:
        frame = json.dumps({"type": "ping", "id": "x"})
        device.say(frame + " " * (64 * 1024 - len(frame)))
        assert device.until("pong")["id"] == "x"


def test_every_frame_of_a_batch_is_answered(server: Running) -> None:
    with opened(server) as device:
        device.say([{"type": "get_me", "id": str(number)} for number in range(64)])
        assert {device.until("ack")["id"] for _ in range(64)} == {str(number) for number in range(64)}
        device.say([{"type": "ping", "id": "a"}, {"type": "nonsense", "id": "b"}, 7, {"type": "ping", "id": "c"}])
        device.until("pong", id="c")
        device.say([{"type": "ping"}] * 65)
        assert device.until("error")["error"]["code"] == "bad_frame"
        device.say("[]")
        assert device.call("ping").ok


def test_a_flood_closes(server: Running) -> None:
    with opened(server) as device:
        try:
            for _ in range(5000):
                device.say('{"type":"pong"}')
        except Exception:
            pass
        assert device.closed() == (4429, "flood")


def test_a_socket_beyond_the_limit_closes_the_users_oldest(server: Running) -> None:
    ada = somebody("ada")
    devices = [opened(server, ada) for _ in range(3)]
    fourth = opened(server, ada)
    assert devices[0].closed() == (4429, "too_many_connections")
    for device in (*devices[1:], fourth):
        assert device.call("ping").ok
        device.close()


def test_a_newer_socket_of_the_same_instance_replaces_the_older(server: Running) -> None:
    ada, ben, instance = somebody("ada"), somebody("ben"), str(uuid4())
    with (
        server.device(ada, instance=instance) as older,
        server.device(ben, instance=instance) as another,
        server.device(ada, instance=instance) as newer,
    ):
        assert older.closed() == (4409, "superseded")
        assert newer.call("ping").ok
        assert another.call("ping").ok


def test_a_socket_with_a_late_hello_does_not_replace_one_that_was_opened_after_it(server: Running) -> None:
    ada, instance = somebody("ada"), str(uuid4())
    with server.dial(ada) as late, server.device(ada, instance=instance) as newer:
        late.hello(instance=instance)
        late.until("caught_up")
        late.take()
        assert newer.call("ping").ok


def test_a_slow_reader_is_closed_without_delaying_others_and_resumes_without_a_gap(server: Running) -> None:
    ada, slow, quick = somebody("ada"), somebody("slow"), somebody("quick")
    room_id = server.group(ada, slow, quick)
    before = closed_with(server, 4408)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", server.port))
    with opened(server, quick) as reader, server.dial(slow, sock=narrow, max_queue=1) as device:
        device.hello()
        device.until("caught_up")
        resume = {
            "epoch": device.received[0]["epoch"],
            "user_version": device.received[0]["user_version"],
            "rooms": {str(room_id): 0},
        }
        sent = 0
        while is_open(server, slow):  # `device` reads nothing
            server.do(ada, "send_message", room_id=room_id, content="x" * 16_000)
            sent += 1
            assert reader.until("message_created")["seq"] == sent
            assert sent < 400
        server.wait_until(lambda: closed_with(server, 4408) == before + 1)
    with server.device(slow, resume=resume) as device:
        seqs = [frame["seq"] for frame in device.received if frame["type"] == "message_created"]
        assert seqs == list(range(1, sent + 1))


def test_a_long_catch_up_does_not_count_as_slow_reading(server: Running) -> None:
    ada = somebody("ada")
    room_id = server.group(ada)
    with opened(server, ada) as sender:
        for number in range(400):
            sender.say(
                {"type": "send_message", "id": str(uuid4()), "room_id": room_id, "content": f"{number} " + "x" * 1500}
            )
            if number % 25 == 24:
                for _ in range(25):
                    sender.until("ack")
        resume = {"epoch": server.sync(ada).json()["epoch"], "user_version": 0, "rooms": {str(room_id): 0}}
    with server.device(ada, resume=resume) as device:
        assert [frame["seq"] for frame in device.received if "seq" in frame] == list(range(1, 401))


def test_commands_beyond_the_limit_at_once_are_refused_and_the_rest_is_carried_out(server: Running) -> None:
    ada = somebody("ada")
    room_id = server.group(ada)
    with opened(server, ada) as device:
        texts = [json.dumps({"type": "get_history", "id": str(number), "room_id": room_id}) for number in range(250)]
        for text in texts:
            device.say(text)
        answers: dict[str, Any] = {}
        while len(answers) < 250:
            frame = device.next()
            assert frame["type"] in ("ack", "error")
            answers[frame["id"]] = frame
        refused = [frame["error"] for frame in answers.values() if frame["type"] == "error"]
        assert {(error["code"], error["status"], error["retry_after"]) for error in refused} <= {
            ("rate_limited", 429, 0.5)
        }
        assert len(refused) < 250 - COMMANDS_AT_ONCE + 1


def test_the_heartbeat_names_heads_that_moved_and_the_list_version(module_database: None, way: Any) -> None:
    with running(heartbeat_s=1, websocket=way) as server:
        ada = somebody("ada")
        room_id = server.group(ada)
        with opened(server, ada) as device:
            device.until("ping")
            device.say({"type": "pong", "timestamp": "x"})
            server.do(ada, "send_message", room_id=room_id, content="Hello.")
            while not (beat := device.until("ping"))["heads"]:
                device.say({"type": "pong"})
            assert beat["heads"] == {str(room_id): 1}
            assert beat["user_version"] == server.do(ada, "get_room_list")["user_version"]


def test_silence_closes(module_database: None, way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "SILENCE_MARGIN_S", 0.0)
    with running(heartbeat_s=1, websocket=way) as server, opened(server) as device:
        assert device.closed() == (4408, "silent")


def test_a_stopping_server_says_when_to_return_and_refuses_new_sockets(module_database: None, way: Any) -> None:
    import asyncio

    with running(websocket=way) as server:
        ada = somebody("ada")
        with opened(server, ada) as device:
            assert server.http.get("/readyz").status_code == 200
            server.in_loop(lambda: asyncio.ensure_future(server.chat.drain()))
            frame = device.until("going_away")
            assert 0 <= frame["retry_after_ms"] <= 5000
            answer = server.http.get("/readyz")
            assert (answer.status_code, answer.json()["server"]) == (503, "draining")
            with pytest.raises(InvalidStatus) as caught:
                server.dial(ada)
            assert caught.value.response.status_code == 503
            # HTTP requests are still served.
            assert server.call(ada, "get_me").ok
            assert server.call(ada, "create_room", kind="group").ok


@pytest.mark.parametrize("is_in_time", [True, False])
def test_a_stopping_server_acks_accepted_sends_unless_the_database_is_stuck(
    module_database: None, is_in_time: bool
) -> None:
    import asyncio

    from tests.store.conftest import held

    committed_within_s = 30.0 if is_in_time else 0.05
    ada = somebody("ada")
    with running() as server, opened(server, ada) as device:
        room_id = server.group(ada)
        with held(server.chat.log, ada.user):
            device.say({"type": "send_message", "id": str(uuid4()), "room_id": room_id, "content": "Begun."})
            server.wait_until(lambda: server.chat.log.waiting)
            server.in_loop(lambda: asyncio.ensure_future(server.chat.drain(committed_within_s)))
            device.until("going_away")
            if not is_in_time:
                assert device.closed() == (1012, "restart")
        if is_in_time:
            assert device.closed() == (1012, "restart")
        assert ("ack" in [frame["type"] for frame in device.received]) == is_in_time


def test_messages_committed_before_a_stop_are_there_after_the_restart(module_database: None, way: Any) -> None:
    ada = somebody("ada")
    with running(limits=WITHOUT_LIMITS, websocket=way) as server:
        room_id = server.group(ada)
        server.do(ada, "send_message", room_id=room_id, content="Before.")
    with running(limits=WITHOUT_LIMITS, websocket=way) as server:
        page = server.do(ada, "get_history", room_id=room_id)
        assert [message["content"] for message in page["messages"]] == ["Before."]


def test_a_socket_that_disappears_is_removed_from_the_hub(server: Running) -> None:
    ada = somebody("ada")
    device = opened(server, ada)
    assert server.in_loop(lambda: len(server.chat.hub.subscribers_of(ada.id))) == 1
    device.connection.socket.shutdown(socket.SHUT_RDWR)
    server.wait_until(lambda: server.in_loop(lambda: not server.chat.hub.subscribers_of(ada.id)))


def test_typing_reaches_other_members_and_no_device_of_the_typist(server: Running) -> None:
    ada, ben = somebody("ada"), somebody("ben")
    room_id = server.group(ada, ben)
    with opened(server, ada) as mine, opened(server, ada) as also_mine, opened(server, ben) as other:
        for device in (mine, also_mine, other):
            device.take()
        assert mine.call("typing", room_id=room_id, active=True).ok
        assert mine.call("typing", room_id=room_id, active=True).ok
        assert mine.call("typing", room_id=room_id, active=False).ok
        received = [frame for frame in other.take() if frame["type"] == "typing"]
        assert [(frame["user_id"], frame["active"]) for frame in received] == [(ada.id, True), (ada.id, False)]
        assert [frame for frame in (*mine.take(), *also_mine.take()) if frame["type"] == "typing"] == []


def test_presence_reaches_people_who_share_a_room(server: Running) -> None:
    ada, ben, stranger = somebody("ada"), somebody("ben"), somebody("cyd")
    server.group(ada, ben)
    with opened(server, ben) as mate, opened(server, stranger) as outside:
        with opened(server, ada) as device:
            assert mate.until("presence", user_id=ada.id)["state"] == "online"
            assert device.call("set_presence", state="away").ok
            assert mate.until("presence", user_id=ada.id)["state"] == "away"
            assert device.call("set_presence", state="online").ok
            assert mate.until("presence", user_id=ada.id)["state"] == "online"
        assert [frame for frame in outside.take() if frame["type"] == "presence"] == []
