"""A device that polls: what it missed between two polls comes without the database, or is read where that cannot be said."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from backchannel.protocol.errors import CloseCode
from backchannel.transports.http.backlog import BACKLOG_EVENTS
from backchannel.transports.http.polling_session import LINGER_S, PollingSession
from tests.running import Frame, Running, running, somebody
from tests.transports.conftest import QueriesOf


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    with running() as it:
        yield it


class Known:
    """Ben, whose device has polled once, and Ada, who writes in their room."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.ada, self.ben = somebody("ada"), somebody("ben")
        self.room = server.do(self.ada, "create_room", kind="group", members=[self.ben.id])["room"]["id"]
        self.client = {"instance": "one"}
        first = server.sync(self.ben, client=self.client).json()
        self.resume: Frame = {
            "epoch": first["epoch"],
            "user_version": first["user_version"],
            "rooms": {str(self.room): 0},
        }

    def say(self, count: int = 1, content: str = "Hi.") -> None:
        for _ in range(count):
            self.server.do(self.ada, "send_message", room_id=self.room, content=content)

    def ask(self, wait: float = 0) -> Frame:
        answer = self.server.sync(self.ben, self.resume, wait, client=self.client)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def poll(self, wait: float = 0) -> list[Any]:
        """What is said, events by their seq; the cursors move."""
        answer = self.ask(wait)
        self.resume["user_version"] = answer["user_version"]
        for frame in answer["frames"]:
            if "seq" in frame and str(frame["room_id"]) in self.resume["rooms"]:
                self.resume["rooms"][str(frame["room_id"])] = frame["seq"]
        return [frame.get("seq", frame["type"]) for frame in answer["frames"] if frame["type"] != "presence"]

    def waiting(self, threads: ThreadPoolExecutor) -> "Future[list[Any]]":
        future = threads.submit(self.poll, 25)
        self.server.wait_until(lambda: self.server.polls_of(self.ben) or future.done())
        return future

    @property
    def device(self) -> PollingSession | None:
        devices = [each for each in self.server.chat.hub.subscribers_of(self.ben.id) if not each.is_socket]
        return devices[0] if devices else None


@pytest.fixture
def known(server: Running) -> Known:
    return Known(server)


def about_ben(queries: list[str]) -> list[str]:
    """Without those of the reconciler, which asks for all rooms and all users."""
    return [each for each in queries if not each.startswith(("SELECT id, ", "SELECT epoch"))]


def test_a_poll_that_missed_nothing_and_one_that_missed_a_little_ask_the_database_nothing(
    known: Known, queries_of: QueriesOf
) -> None:
    assert about_ben(queries_of(known.poll)) == []
    known.say(3)
    heard: list[Any] = []
    assert about_ben(queries_of(lambda: heard.extend(known.poll()))) == []
    assert heard == [1, 2, 3, "caught_up"]


def test_what_is_not_acknowledged_is_said_again(known: Known) -> None:
    known.say(2)
    assert known.ask() == known.ask()
    known.resume["rooms"][str(known.room)] = 1
    assert known.poll() == [2, "caught_up"]


def test_what_was_read_once_is_not_read_again_for_the_same_poll(known: Known, queries_of: QueriesOf) -> None:
    known.say(2)
    known.server.forget_devices_of(known.ben)
    answers = [known.ask()]
    assert about_ben(queries_of(lambda: answers.append(known.ask()))) == []
    assert answers[0] == answers[1]
    known.say()
    assert known.poll() == [1, 2, 3, "caught_up"]


def test_nothing_of_what_was_read_is_said_to_who_was_removed_meanwhile(known: Known) -> None:
    known.say(2)
    known.server.forget_devices_of(known.ben)
    known.ask()
    known.server.do(known.ada, "remove_member", room_id=known.room, user_id=known.ben.id)
    known.resume["user_version"] += 1  # as who heard of the removal would ask
    assert known.poll() == []


@pytest.mark.parametrize(("count", "content"), [(BACKLOG_EVENTS + 1, "Hi."), (5, "x" * 16_000)])
def test_more_than_it_keeps_is_read(known: Known, count: int, content: str) -> None:
    known.say(count, content)
    assert known.poll() == [*range(1, count + 1), "caught_up"]
    assert known.poll() == []


@pytest.mark.parametrize("cursor", [5, 2**40])
def test_a_cursor_beyond_the_end_is_reset(known: Known, cursor: int) -> None:
    known.resume["rooms"][str(known.room)] = cursor
    answer = known.ask()
    assert answer["frames"] == [{"type": "room_reset", "room_id": known.room, "seq": 0}, {"type": "caught_up"}]


def test_a_room_that_is_not_named_is_heard_from_where_it_stands(known: Known, threads: ThreadPoolExecutor) -> None:
    known.say()
    known.resume["rooms"] = {}
    waiting = known.waiting(threads)
    known.say()
    assert waiting.result() == [2]


def test_a_room_comes_and_goes_while_it_listens(known: Known, threads: ThreadPoolExecutor) -> None:
    waiting = known.waiting(threads)
    known.server.do(known.ada, "remove_member", room_id=known.room, user_id=known.ben.id)
    assert waiting.result() == ["room_removed"]
    known.say()
    assert known.poll() == []
    waiting = known.waiting(threads)
    known.server.do(known.ada, "add_members", room_id=known.room, user_ids=[known.ben.id])
    assert waiting.result()[0] == "room_added"
    known.resume["rooms"][str(known.room)] = 3  # its removal, a message, its return
    known.say()
    assert known.poll() == [4, "caught_up"]


def test_what_was_said_in_a_room_is_not_said_to_who_was_removed_from_it(known: Known) -> None:
    known.say(3)
    known.server.do(known.ada, "remove_member", room_id=known.room, user_id=known.ben.id)
    assert known.poll() == ["room_list", "caught_up"]


def test_a_list_of_which_news_was_lost_is_read(known: Known, threads: ThreadPoolExecutor) -> None:
    waiting = known.waiting(threads)
    known.server.in_loop(lambda: known.device and known.device.observe_version(2**40))
    known.say()
    assert 1 in waiting.result()


def test_another_numbering_is_read_by_whoever_waits(known: Known, threads: ThreadPoolExecutor) -> None:
    waiting = known.waiting(threads)
    known.server.in_loop(lambda: known.device and known.device.end(CloseCode.RESTART, "new_epoch"))
    assert known.server.polls_of(known.ben) == 1 or not waiting.done()
    known.say()
    assert 1 in waiting.result()


def test_a_device_that_polls_no_more_is_forgotten(known: Known) -> None:
    now = known.server.chat.node.context.clock()
    known.server.in_loop(lambda: known.device and known.device.tick(now + LINGER_S - 5))
    assert known.device is not None
    known.server.in_loop(lambda: known.device and known.device.tick(now + LINGER_S + 5))
    assert known.device is None
    known.say()
    assert known.poll() == [1, "caught_up"]


def test_who_is_ended_while_waiting_is_told_why(known: Known, threads: ThreadPoolExecutor) -> None:
    waiting = threads.submit(known.server.sync, known.ben, known.resume, 25, client=known.client)
    known.server.wait_until(lambda: known.server.polls_of(known.ben) == 1)
    known.server.in_loop(lambda: known.device and known.device.end(CloseCode.SESSION_OVER, "session_over"))
    answer = waiting.result()
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
