"""Rate limits for each user: one count for both transports, and the same refusal on each."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from backchannel.protocol.commands import SEARCH_WEIGHT, GetMe, ScheduleMessage, Search, SendMessage
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import Limits
from backchannel.transports.rates import COMMAND_BURST, Rates
from tests.running import Running, running, somebody

ROOM = 2**53 - 1
SEND = SendMessage(room_id=1, content="x")


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    """Its buckets hardly refill during a test."""
    with running(limits=Limits(sends_per_second=0.001, send_burst=5, commands_per_second=0.001)) as it:
        yield it


def test_sends_beyond_the_burst_are_refused_on_both_transports(server: Running) -> None:
    ada = somebody("ada")
    with server.device(ada) as device:
        for turn in range(5):
            answer = (
                device.call("send_message", room_id=ROOM, content="x")
                if turn % 2
                else server.call(ada, "send_message", room_id=ROOM, content="x")
            )
            assert answer.code == "room_not_found"
        answer = device.call("send_message", room_id=ROOM, content="x")
        response = server.request(ada, "send_message", {"room_id": ROOM, "content": "x"})
        for body in (answer.body, response.json()):
            assert (body["code"], body["status"]) == ("rate_limited", 429)
            assert 0 < body["retry_after"] <= 1000
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) >= response.json()["retry_after"]
        # Other commands and other people have buckets of their own.
        assert device.call("get_me").ok
    assert server.call(somebody("ben"), "send_message", room_id=ROOM, content="x").code == "room_not_found"


def test_other_commands_polls_and_tickets_share_a_burst_on_both_transports(server: Running) -> None:
    ada = somebody("ada")
    with server.device(ada) as device:
        for turn in range(COMMAND_BURST):
            match turn % 4:
                case 0:
                    assert device.call("get_me").ok
                case 1:
                    assert server.call(ada, "get_me").ok
                case 2:
                    assert server.sync(ada).status_code == 200
                case 3:
                    assert server.http.post("/api/auth/ticket", headers=ada.headers).status_code == 200
        assert server.http.post("/api/auth/ticket", headers=ada.headers).json()["code"] == "rate_limited"
        assert device.call("get_me").code == "rate_limited"
        assert server.call(ada, "get_me").code == "rate_limited"
        assert server.sync(ada).json()["code"] == "rate_limited"
        assert device.call("ping").ok


def wait_of(rates_: Rates, now: float, command: object = SEND) -> float:
    """Seconds to wait; 0 if the command is accepted, -1 for another refusal."""
    try:
        rates_.check(1, command, now)  # type: ignore[arg-type]
    except CommandError as error:
        return (error.retry_after or 0.0) if error.code is Code.RATE_LIMITED else -1.0
    return 0.0


def test_a_command_is_accepted_once_retry_after_has_passed() -> None:
    limits = Rates(Limits(sends_per_second=10, send_burst=3))
    assert [wait_of(limits, 0.0) for _ in range(4)] == [0, 0, 0, 0.1]
    assert wait_of(limits, 0.05) == 0.05
    assert wait_of(limits, 0.11) == 0
    assert wait_of(limits, 0.11) > 0


def test_a_refused_command_takes_no_token() -> None:
    limits = Rates(Limits(sends_per_second=1, send_burst=1))
    assert wait_of(limits, 0.0) == 0
    for moment in range(1, 100):
        assert wait_of(limits, moment / 101) > 0
    assert wait_of(limits, 1.0) == 0


def test_a_bucket_holds_no_more_than_the_burst() -> None:
    limits = Rates(Limits(sends_per_second=10, send_burst=3))
    wait_of(limits, 0.0)
    assert [bool(wait_of(limits, 1e6)) for _ in range(4)] == [False, False, False, True]


def test_sends_and_other_commands_have_separate_buckets() -> None:
    limits = Rates(Limits(sends_per_second=1, send_burst=1))
    assert wait_of(limits, 0.0) == 0
    assert wait_of(limits, 0.0) > 0
    assert wait_of(limits, 0.0, GetMe()) == 0


def test_what_is_scheduled_counts_as_a_send() -> None:
    limits = Rates(Limits(sends_per_second=1, send_burst=1))
    assert wait_of(limits, 0.0, ScheduleMessage(id=UUID(int=1), at="2026-12-01T09:00:00Z", room_id=1, content="x")) == 0
    assert wait_of(limits, 0.0) > 0


def test_a_search_counts_as_several_commands() -> None:
    limits = Rates(Limits(commands_per_second=0.001))
    for _ in range(COMMAND_BURST // SEARCH_WEIGHT):
        limits.check(1, Search(query="x"), now=0)
    with pytest.raises(CommandError):
        limits.check(1, GetMe(), now=0)


def test_buckets_that_are_full_again_are_dropped() -> None:
    limits = Rates(Limits(sends_per_second=1, send_burst=2), sweep_at=100)
    for user in range(1000):
        limits.check(user, SEND, float(user))
    assert len(limits._sends) <= 101
