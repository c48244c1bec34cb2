"""A polling session answers from its backlog, and reads the log only for events older than that."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from backchannel.protocol.errors import CloseCode
from backchannel.transports.http.backlog import BACKLOG_EVENTS
from backchannel.transports.http.polling_session import LINGER_S, PollingSession
from tests.running import Frame, Running, running, somebody
from tests.transports.conftest import QueriesOf


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    with running() as it:
        yield it


class Known:
    """ben, whose client has polled once and has a polling session, and ada, who writes in their room."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.ada, self.ben = somebody("ada"), somebody("ben")
        self.room = server.group(self.ada, self.ben)
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
        """Poll and advance the cursors; returns the seqs of events and the types of other frames."""
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

    def find_session(self) -> PollingSession | None:
        sessions = [each for each in self.server.chat.hub.subscribers_of(self.ben.id) if not each.is_socket]
        return sessions[0] if sessions else None

    def on_session(self, act: Callable[[PollingSession], None]) -> None:
        """Call `act` with the polling session, on the server's event loop."""
        session = self.find_session()
        assert session is not None
        self.server.in_loop(act, session)


@pytest.fixture
def known(server: Running) -> Known:
    return Known(server)


def about_ben(queries: list[str]) -> list[str]:
    """The queries without those of periodic maintenance, which reads the heads of all rooms and users."""
    return [each for each in queries if not each.startswith(("SELECT id, ", "SELECT epoch"))]


def test_a_poll_of_a_kept_session_makes_no_query(known: Known, queries_of: QueriesOf) -> None:
    assert about_ben(queries_of(known.poll)) == []
    known.say(3)
    received: list[Any] = []
    assert about_ben(queries_of(lambda: received.extend(known.poll()))) == []
    assert received == [1, 2, 3, "caught_up"]


def test_a_repeated_poll_repeats_its_answer(known: Known) -> None:
    known.say(2)
    assert known.ask() == known.ask()
    known.resume["rooms"][str(known.room)] = 1
    assert known.poll() == [2, "caught_up"]


def test_a_repeated_poll_that_had_read_makes_no_query(known: Known, queries_of: QueriesOf) -> None:
    known.say(2)
    known.server.forget_devices_of(known.ben)
    answers = [known.ask()]
    assert about_ben(queries_of(lambda: answers.append(known.ask()))) == []
    assert answers[0] == answers[1]
    known.say()
    assert known.poll() == [1, 2, 3, "caught_up"]


def test_events_that_were_read_are_withheld_from_a_removed_member(known: Known) -> None:
    known.say(2)
    known.server.forget_devices_of(known.ben)
    known.ask()
    known.server.do(known.ada, "remove_member", room_id=known.room, user_id=known.ben.id)
    known.resume["user_version"] += 1  # as a client that received the removal would ask
    assert known.poll() == []


@pytest.mark.parametrize(("count", "content"), [(BACKLOG_EVENTS + 1, "Hi."), (5, "x" * 16_000)])
def test_events_beyond_the_backlog_are_read(known: Known, count: int, content: str) -> None:
    known.say(count, content)
    assert known.poll() == [*range(1, count + 1), "caught_up"]
    assert known.poll() == []


@pytest.mark.parametrize("cursor", [5, 2**40])
def test_a_cursor_beyond_the_end_is_reset(known: Known, cursor: int) -> None:
    known.resume["rooms"][str(known.room)] = cursor
    answer = known.ask()
    assert answer["frames"] == [{"type": "room_reset", "room_id": known.room, "seq": 0}, {"type": "caught_up"}]


def test_a_room_without_a_cursor_is_delivered_from_its_head(known: Known, threads: ThreadPoolExecutor) -> None:
    known.say()
    known.resume["rooms"] = {}
    waiting = known.waiting(threads)
    known.say()
    assert waiting.result() == [2]


def test_a_waiting_poll_follows_rooms_that_are_joined_and_left(known: Known, threads: ThreadPoolExecutor) -> None:
    waiting = known.waiting(threads)
    known.server.do(known.ada, "remove_member", room_id=known.room, user_id=known.ben.id)
    assert waiting.result() == ["room_removed"]
    known.say()
    assert known.poll() == []
    waiting = known.waiting(threads)
    known.server.do(known.ada, "add_members", room_id=known.room, user_ids=[known.ben.id])
    assert waiting.result()[0] == "room_added"
    known.resume["rooms"][str(known.room)] = 3  # the removal, a message, the return
    known.say()
    assert known.poll() == [4, "caught_up"]


def test_kept_events_are_withheld_from_a_removed_member(known: Known) -> None:
    known.say(3)
    known.server.do(known.ada, "remove_member", room_id=known.room, user_id=known.ben.id)
    assert known.poll() == ["room_list", "caught_up"]


def test_a_waiting_poll_reads_the_list_after_a_lost_update(known: Known, threads: ThreadPoolExecutor) -> None:
    waiting = known.waiting(threads)
    known.on_session(lambda session: session.observe_version(2**40))
    known.say()
    assert 1 in waiting.result()


def test_a_waiting_poll_reads_again_when_the_epoch_changes(known: Known, threads: ThreadPoolExecutor) -> None:
    waiting = known.waiting(threads)
    known.on_session(lambda session: session.end(CloseCode.RESTART, "new_epoch"))
    assert known.server.polls_of(known.ben) == 1 or not waiting.done()
    known.say()
    assert 1 in waiting.result()


def test_a_session_without_polls_is_closed(known: Known) -> None:
    now = known.server.chat.node.context.clock()
    known.on_session(lambda session: session.tick(now + LINGER_S - 5))
    assert known.find_session() is not None
    known.on_session(lambda session: session.tick(now + LINGER_S + 5))
    assert known.find_session() is None
    known.say()
    assert known.poll() == [1, "caught_up"]


def test_a_waiting_poll_is_refused_when_its_credential_ends(known: Known, threads: ThreadPoolExecutor) -> None:
    waiting = threads.submit(known.server.sync, known.ben, known.resume, 25, client=known.client)
    known.server.wait_until(lambda: known.server.polls_of(known.ben) == 1)
    known.on_session(lambda session: session.end(CloseCode.SESSION_OVER, "session_over"))
    answer = waiting.result()
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
