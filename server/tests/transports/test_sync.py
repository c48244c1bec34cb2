"""A poll returns the frames that a socket would have sent, and holds no thread and no connection of the database while it waits."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.utils import timezone
from msgspec import structs

from backchannel.accounts.models import Token
from backchannel.accounts.people import person_of
from backchannel.protocol.shapes import Limits
from backchannel.store.models import Workspace
from backchannel.store.read_pool import READ_THREADS
from tests.running import WITHOUT_LIMITS, Frame, Running, Someone, running, somebody


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    with running() as it:
        yield it


class Poller:
    """A client that polls and advances its cursors as the protocol says."""

    def __init__(self, server: Running, who: Someone, instance: str | None = None) -> None:
        self.server = server
        self.who = who
        self.client = {"instance": instance or str(uuid4())}
        first = server.sync(who, client=self.client).json()
        (listed,) = (frame for frame in first["frames"] if frame["type"] == "room_list")
        self.resume: Frame = {
            "epoch": first["epoch"],
            "user_version": first["user_version"],
            "rooms": {str(room["id"]): room["seq"] for room in listed["rooms"]},
        }

    def ask(self, wait: float = 0) -> httpx.Response:
        return self.server.sync(self.who, self.resume, wait, client=self.client)

    def poll(self, wait: float = 0) -> list[Frame]:
        answer = self.ask(wait)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        self.resume["user_version"] = body["user_version"]
        for frame in body["frames"]:
            if "seq" in frame and str(frame["room_id"]) in self.resume["rooms"]:
                self.resume["rooms"][str(frame["room_id"])] = frame["seq"]
        return body["frames"]  # type: ignore[no-any-return]

    def waiting(self, threads: ThreadPoolExecutor, wait: float = 25) -> "Future[list[Frame]]":
        """Start a poll and wait until the server has it waiting."""
        before = self.server.polls_of(self.who)
        future = threads.submit(self.poll, wait)
        self.server.wait_until(lambda: self.server.polls_of(self.who) > before or future.done())
        return future


@pytest.fixture
def pair(server: Running) -> tuple[Someone, Poller, int]:
    """ada, who writes; ben's client, which polls; and their room."""
    ada, ben = somebody("ada"), somebody("ben")
    room_id = server.group(ada, ben)
    return ada, Poller(server, ben), room_id


def types(frames: list[Frame]) -> list[str]:
    return [frame["type"] for frame in frames if frame["type"] != "presence"]


def test_a_newcomer_gets_hello_the_list_and_caught_up_at_once(server: Running) -> None:
    ada = somebody("ada")
    for asked in ({}, {"wait": 25}, {"resume": {"epoch": "another", "user_version": 9, "rooms": {"1": 5}}, "wait": 25}):
        answer = server.http.post("/api/sync", json=asked, headers=ada.headers)
        assert types(answer.json()["frames"]) == ["hello", "room_list", "caught_up"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Accel-Buffering"] == "no"


def test_an_empty_body_is_a_first_poll(server: Running) -> None:
    assert server.http.post("/api/sync", headers=somebody().headers).status_code == 200


def test_missed_events_come_at_once_and_again_until_the_cursor_moves(
    server: Running, pair: tuple[Someone, Poller, int]
) -> None:
    ada, poller, room_id = pair
    for number in range(3):
        server.do(ada, "send_message", room_id=room_id, content=f"{number}")
    first, again = poller.ask(25).json(), poller.ask(25).json()
    assert [frame.get("seq", frame["type"]) for frame in first["frames"]] == [1, 2, 3, "caught_up"]
    assert again == first
    poller.poll()
    assert poller.poll() == []


def test_a_changed_list_comes_before_events(server: Running, pair: tuple[Someone, Poller, int]) -> None:
    ada, poller, room_id = pair
    server.do(ada, "send_message", room_id=room_id, content=f"@{poller.who.user.username}")
    assert types(poller.poll()) == ["room_list", "message_created", "caught_up"]


def test_a_poll_without_wait_that_missed_nothing_has_no_frames(pair: tuple[Someone, Poller, int]) -> None:
    _, poller, _ = pair
    answer = poller.ask().json()
    assert answer == {"frames": [], "epoch": poller.resume["epoch"], "user_version": poller.resume["user_version"]}


def test_a_poll_whose_wait_ends_has_no_frames(pair: tuple[Someone, Poller, int]) -> None:
    _, poller, _ = pair
    assert poller.poll(wait=0.05) == []


def test_a_waiting_poll_is_answered_by_the_next_event(
    server: Running, pair: tuple[Someone, Poller, int], threads: ThreadPoolExecutor
) -> None:
    ada, poller, room_id = pair
    waiting = poller.waiting(threads)
    server.do(ada, "send_message", room_id=room_id, content="Now.")
    assert [frame["message"]["content"] for frame in waiting.result()] == ["Now."]
    waiting = poller.waiting(threads)
    server.do(ada, "typing", room_id=room_id, active=True)
    assert types(waiting.result()) == ["typing"]
    waiting = poller.waiting(threads)
    server.do(ada, "remove_member", room_id=room_id, user_id=poller.who.id)
    assert types(waiting.result()) == ["room_removed"]


def test_consecutive_polls_miss_no_event(
    server: Running, pair: tuple[Someone, Poller, int], threads: ThreadPoolExecutor
) -> None:
    ada, poller, room_id = pair

    def write() -> None:
        for number in range(60):
            server.do(ada, "send_message", room_id=room_id, content=f"{number}")

    writing = threads.submit(write)
    received: list[int] = []
    while len(received) < 60:
        received += [frame["seq"] for frame in poller.poll(wait=25) if "seq" in frame]
    writing.result()
    assert received == list(range(1, 61))


def test_a_room_too_far_behind_is_reset(module_database: None) -> None:
    with running(limits=Limits(send_burst=10**9, catch_up_events=5)) as server:
        ada = somebody("ada")
        room_id = server.group(ada)
        poller = Poller(server, ada)
        for number in range(6):
            server.do(ada, "send_message", room_id=room_id, content=f"{number}")
        assert poller.poll() == [{"type": "room_reset", "room_id": room_id, "seq": 6}, {"type": "caught_up"}]
        assert poller.poll() == []


def test_a_wait_holds_no_thread_and_no_connection(server: Running, threads: ThreadPoolExecutor) -> None:
    people = [somebody("many") for _ in range(3 * READ_THREADS)]
    waiting = [Poller(server, each).waiting(threads) for each in people]
    # If a wait held a thread of the read pool, nobody else could read or write now.
    assert server.call(people[0], "get_people").ok
    assert server.http.get("/readyz").status_code == 200
    server.do(people[0], "create_room", kind="group", members=[each.id for each in people[1:]])
    assert [types(each.result())[0] for each in waiting] == ["room_added"] * len(people)


def test_a_disconnect_ends_a_waiting_poll(server: Running, pair: tuple[Someone, Poller, int]) -> None:
    _, poller, _ = pair
    body = json.dumps({"resume": poller.resume, "wait": 25}).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        head = (
            f"POST /api/sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {poller.who.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        raw.sendall(head.encode() + body)
        server.wait_until(lambda: server.polls_of(poller.who) == 1)
    server.wait_until(lambda: server.polls_of(poller.who) == 0)


class KeptConnection:
    """A kept-alive HTTP connection on which each request is sent in one piece."""

    def __init__(self, server: Running) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=30)

    def ask(self, poller: Poller, wait: float = 0) -> tuple[int, Frame]:
        """Status and body."""
        body = json.dumps({"resume": poller.resume, "wait": wait, "client": poller.client}).encode()
        head = (
            f"POST /api/sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {poller.who.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + body)
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, json.loads(answer.read())


def test_a_kept_alive_connection_is_answered_until_its_token_is_revoked(
    server: Running, pair: tuple[Someone, Poller, int], threads: ThreadPoolExecutor
) -> None:
    ada, poller, room_id = pair
    kept = KeptConnection(server)
    assert [kept.ask(poller)[1]["frames"] for _ in range(4)] == [[]] * 4
    server.do(ada, "send_message", room_id=room_id, content="Now.")
    answers = [kept.ask(poller) for _ in range(4)]
    assert [types(answer["frames"]) for _, answer in answers] == [["message_created", "caught_up"]] * 4
    poller.resume["rooms"][str(room_id)] = 1
    assert [kept.ask(poller, wait)[1]["frames"] for wait in (0, 0, 1, 1)] == [[]] * 4
    waiting = threads.submit(kept.ask, poller, 25)
    server.wait_until(lambda: server.polls_of(poller.who))
    token = Token.objects.get(user=poller.who.account)
    token.revoked = timezone.now()
    token.save()
    status, answer = waiting.result()
    assert (status, answer["code"]) == (401, "unauthenticated")
    for wait in (25, 0, 0):
        status, answer = kept.ask(poller, wait)
        assert (status, answer["code"]) == (401, "unauthenticated")


def test_polls_of_several_people_on_one_connection_are_separate(
    server: Running, pair: tuple[Someone, Poller, int]
) -> None:
    """A proxy may send the requests of several people over one connection."""
    ada, poller, room_id = pair
    other = Poller(server, somebody("other"))
    other.resume["rooms"] = poller.resume["rooms"] = {str(room_id): 0}
    server.do(ada, "send_message", room_id=room_id, content="Not for others.")
    kept = KeptConnection(server)
    for _ in range(3):
        assert types(kept.ask(poller)[1]["frames"]) == ["message_created", "caught_up"]
        assert kept.ask(other)[1]["frames"] == []


def test_a_newer_poll_of_the_same_client_ends_the_older(
    pair: tuple[Someone, Poller, int], threads: ThreadPoolExecutor
) -> None:
    _, poller, _ = pair
    waiting = poller.waiting(threads)
    poller.poll()
    assert waiting.result() == []


def test_a_poll_that_is_superseded_before_it_has_read_is_answered_with_503(
    server: Running, pair: tuple[Someone, Poller, int], threads: ThreadPoolExecutor
) -> None:
    """It knows no epoch and no version that an answer without frames could carry."""
    _, poller, _ = pair

    def under_way() -> int:
        sessions = [each for each in server.chat.hub.subscribers_of(poller.who.id) if not each.is_socket]
        return sum(len(each._polls) for each in sessions)

    async def read_when(released: threading.Event) -> None:
        await asyncio.gather(*(server.chat.node.context.reads.run(released.wait) for _ in range(READ_THREADS)))

    server.forget_devices_of(poller.who)
    released = threading.Event()
    server.in_loop(lambda: asyncio.ensure_future(read_when(released)))
    try:
        older = threads.submit(poller.ask, 25)
        server.wait_until(lambda: server.in_loop(under_way) == 1)
        newer = threads.submit(poller.ask)
        server.wait_until(lambda: server.in_loop(under_way) == 2)
    finally:
        released.set()
    answer = older.result()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert "newer poll of the same client" in answer.json()["detail"]
    assert newer.result().status_code == 200


def test_polls_of_several_clients_wait_at_the_same_time(
    server: Running, pair: tuple[Someone, Poller, int], threads: ThreadPoolExecutor
) -> None:
    ada, poller, room_id = pair
    other = Poller(server, poller.who)
    waiting = [poller.waiting(threads), other.waiting(threads)]
    server.do(ada, "send_message", room_id=room_id, content="Now.")
    assert [types(each.result()) for each in waiting] == [["message_created"]] * 2


def test_more_polls_than_allowed_end_the_oldest(module_database: None, threads: ThreadPoolExecutor) -> None:
    with running(limits=Limits(connections=2)) as server:
        ada = somebody("ada")
        pollers = [Poller(server, ada) for _ in range(3)]
        oldest = threads.submit(pollers[0].ask, 25)
        server.wait_until(lambda: server.polls_of(ada) == 1)
        waiting = [pollers[1].waiting(threads), threads.submit(pollers[2].poll, 25)]
        answer = oldest.result()
        assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
        assert answer.headers["Retry-After"]
        server.wait_until(lambda: server.polls_of(ada) == 2)
        server.do(ada, "create_room", kind="group")
        assert [types(each.result()) for each in waiting] == [["room_added"]] * 2


def test_the_next_poll_after_a_new_epoch_starts_over(server: Running, pair: tuple[Someone, Poller, int]) -> None:
    _, poller, _ = pair
    restored = uuid4().hex
    Workspace.objects.update(epoch=restored)
    answer = poller.ask(25).json()
    assert answer["epoch"] == restored
    assert types(answer["frames"]) == ["hello", "room_list", "caught_up"]


def test_a_draining_server_answers_waiting_polls(module_database: None, threads: ThreadPoolExecutor) -> None:
    with running(limits=WITHOUT_LIMITS) as server:
        poller = Poller(server, somebody("ada"))
        waiting = poller.waiting(threads)
        server.in_loop(lambda: asyncio.ensure_future(server.chat.drain()))
        assert types(waiting.result()) == ["going_away"]
        assert poller.poll(wait=25) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"wait": 26}, "wait"),
        ({"wait": -1}, "wait"),
        ({"wait": "1"}, "wait"),
        ({"nonsense": 1}, "nonsense"),
        ({"resume": {}}, "resume"),
        ({"resume": {"epoch": "x", "user_version": 1, "rooms": {"x": 1}}}, "resume"),
        ({"resume": {"epoch": "x", "user_version": 1, "rooms": {"1": -1}}}, "resume"),
        ({"client": {"instance": ""}}, "client"),
    ],
)
def test_an_invalid_poll_names_the_field(server: Running, body: Any, field: str) -> None:
    answer = server.http.post("/api/sync", json=body, headers=somebody().headers)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    assert list(answer.json()["errors"]) in ([field], ["epoch"]), answer.json()


def _begin(server: Running, who: Someone, path: str, body: bytes) -> socket.socket:
    """Send the header and the first byte of the body."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {who.token}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body[:1]
    )
    return connection


@pytest.mark.parametrize("way", ["poll", "send"])
def test_a_credential_revoked_while_a_body_is_sent_authorises_nothing(server: Running, way: str) -> None:
    ada, ben = somebody("ada"), somebody("ben")
    room_id = server.group(ada, ben)
    server.sync(ben)  # the identity is cached
    path, body = {
        "poll": ("/api/sync", b'{"wait":0}'),
        "send": (f"/api/rooms/{room_id}/messages", b'{"content":"After the end."}'),
    }[way]
    with _begin(server, ben, path, body) as connection:
        time.sleep(
            0.2
        )  # so that the server has read the header; a slower one reads it after the revocation, and must refuse too
        token = Token.objects.get(user=ben.account)
        token.revoked = timezone.now()
        token.save()
        server.wait_until(lambda: server.sync(ben).status_code == 401)
        server.do(ada, "send_message", room_id=room_id, content="Not for Ben.")
        connection.sendall(body[1:])
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 401")
    history = server.do(ada, "get_history", room_id=room_id)["messages"]
    assert [message["content"] for message in history] == ["Not for Ben."]


def test_a_polling_client_gets_the_current_display_name(server: Running) -> None:
    ben = somebody("ben")
    server.sync(ben, client={"instance": "x"})
    ben.account.display_name = "Renamed"
    ben.account.save()
    person_of(ben.account)
    server.forget_identities()
    frames = server.sync(ben, client={"instance": "x"}).json()["frames"]
    assert frames[0]["user"]["display_name"] == "Renamed"


def test_the_number_of_polling_sessions_is_limited_by_the_connections_of_a_user(module_database: None) -> None:
    with running(limits=structs.replace(WITHOUT_LIMITS, connections=3)) as server:
        ben = somebody("ben")
        for number in range(6):
            assert server.sync(ben, client={"instance": f"tab {number}"}).status_code == 200
        kept = server.in_loop(lambda: [each.instance for each in server.chat.node.hub.subscribers_of(ben.id)])
        assert kept == ["tab 3", "tab 4", "tab 5"]
