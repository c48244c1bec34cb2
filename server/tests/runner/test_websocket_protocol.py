"""The WebSocket machine without a socket: every state decides every input, and bytes leave once and in order."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.protocol.frame_batch import AnswerBatch, FrameBatch
from backchannel.runner.head import Refused
from backchannel.runner.websocket.frame_reader import NO_CODE, Kind
from backchannel.runner.websocket.protocol import FRAMES_PER_SECOND, NO_CLOSE, Ending, ServerProtocol, State
from backchannel.transports.websocket.link import HELLO_BYTES
from backchannel.transports.websocket.outbound import FRAMES_BEHIND
from tests.runner.test_frame_reader import client_frame

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
CLOSE_4000 = b"\x88\x02\x0f\xa0"
VIOLATION = b"\x83\x80"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def connecting(clock: Clock | None = None, frame_burst: float = 100) -> ServerProtocol:
    return ServerProtocol(1000, clock or Clock(), frame_burst)


def opened(clock: Clock | None = None, frame_burst: float = 100) -> ServerProtocol:
    it = connecting(clock, frame_burst)
    assert it.receive_request(REQUEST) is not None
    it.accept(b"101")
    assert sent(it) == b"101"
    return it


def closing() -> ServerProtocol:
    it = opened()
    it.close(4000, "", drop=False)
    assert sent(it) == CLOSE_4000
    return it


def failed() -> ServerProtocol:
    it = opened()
    receive(it, VIOLATION)
    sent(it)
    return it


def closed() -> ServerProtocol:
    it = opened()
    receive(it, client_frame(8, b""))
    sent(it)
    return it


def receive(it: ServerProtocol, data: bytes) -> list[tuple[int, bytes]]:
    """The messages."""
    return [(int(kind), payload) for kind, payload in it.receive_data(data) if kind in (Kind.TEXT, Kind.BINARY)]


def sent(it: ServerProtocol) -> bytes:
    return b"".join(iter(it.data_to_send, b""))


def payloads(written: bytes) -> list[bytes]:
    """Of frames that a server writes: unmasked, up to 125 bytes or with a length of 16 bits."""
    found = []
    while written:
        head, size = (2, written[1]) if written[1] < 126 else (4, int.from_bytes(written[2:4], "big"))
        found.append(written[head : head + size])
        written = written[head + size :]
    return found


def batch(text: bytes) -> FrameBatch:
    return FrameBatch(text, 1)


# -- every state decides every input

INPUTS: dict[str, Callable[[ServerProtocol], object]] = {
    "accept": lambda it: it.accept(b"101"),
    "reject": lambda it: it.reject(b"403"),
    "text": lambda it: receive(it, client_frame(1, b"x")),
    "binary": lambda it: receive(it, client_frame(2, b"x")),
    "ping": lambda it: receive(it, client_frame(9, b"x")),
    "pong": lambda it: receive(it, client_frame(10, b"x")),
    "close of the client": lambda it: receive(it, client_frame(8, b"\x0f\xa1bye")),
    "violation": lambda it: receive(it, VIOLATION),
    "send": lambda it: it.send(batch(b"x")),
    "send_soon": lambda it: it.send_soon(batch(b"x")),
    "send_catch_up": lambda it: it.send_catch_up([batch(b"x")]),
    "send_binary": lambda it: it.send_binary(b"x"),
    "close": lambda it: it.close(4000, "", drop=False),
    "lost": lambda it: it.connection_lost(),
}
WITH_EFFECT: dict[tuple[Callable[[], ServerProtocol], str], tuple[State, bytes]] = {
    (connecting, "accept"): (State.OPEN, b"101"),
    (connecting, "reject"): (State.CLOSED, b"403"),
    (opened, "text"): (State.OPEN, b""),
    (opened, "binary"): (State.OPEN, b""),
    (opened, "ping"): (State.OPEN, b"\x8a\x01x"),
    (opened, "pong"): (State.OPEN, b""),
    (opened, "close of the client"): (State.CLOSED, b"\x88\x02\x0f\xa1"),
    (opened, "violation"): (State.FAILED, b"\x88\x10\x03\xeano such opcode"),
    (opened, "send"): (State.OPEN, b"\x81\x01x"),
    (opened, "send_soon"): (State.OPEN, b"\x81\x01x"),
    (opened, "send_catch_up"): (State.OPEN, b"\x81\x01x"),
    (opened, "send_binary"): (State.OPEN, b"\x82\x01x"),
    (opened, "close"): (State.CLOSING, CLOSE_4000),
    (closing, "close of the client"): (State.CLOSED, b""),
    (closing, "violation"): (State.FAILED, b""),
}
STATES = (connecting, opened, closing, failed, closed)
RECEIVED = {"text", "binary", "ping", "pong", "close of the client", "violation"}


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_every_state_decides_every_input(state: Callable[[], ServerProtocol], name: str) -> None:
    it = state()
    before = it.state
    result = INPUTS[name](it)
    written = (result if isinstance(result, bytes) else b"") + sent(it)
    if name == "lost":
        assert (it.state, written) == (State.CLOSED, b"")
        return
    assert (it.state, written) == WITH_EFFECT.get((state, name), (before, b""))
    if name in ("text", "binary"):
        assert bool(result) is (before is State.OPEN)


@pytest.mark.parametrize(
    ("state", "ending"),
    [(connecting, None), (opened, None), (closing, None), (failed, Ending.EOF), (closed, Ending.CLOSE)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_failed_connection_gets_eof_and_a_closed_one_is_closed(
    state: Callable[[], ServerProtocol], ending: Ending | None
) -> None:
    assert state().ending is ending


# -- the handshake


def test_a_request_is_returned_once_it_is_whole() -> None:
    it = connecting()
    assert it.receive_request(REQUEST[:50]) is None
    request = it.receive_request(REQUEST[50:])
    assert request is not None
    assert request.path == "/"


def test_a_request_that_rfc_6455_forbids_is_refused() -> None:
    with pytest.raises(Refused, match="Key"):
        connecting().receive_request(REQUEST.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short"))


# -- the closing handshake


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda it: it.connection_lost(), NO_CLOSE),
        (lambda it: receive(it, client_frame(8, b"")), NO_CODE),
        (lambda it: receive(it, client_frame(8, b"\x0f\xa1")), 4001),
        (lambda it: receive(it, VIOLATION), 1002),
        (lambda it: it.close(4000, "", drop=False), 4000),
    ],
)
def test_the_close_code_is_that_of_the_first_close(end: Callable[[ServerProtocol], object], code: int) -> None:
    it = opened()
    end(it)
    receive(it, client_frame(8, b"\x0f\xa2"))
    it.close(4003, "", drop=False)
    it.connection_lost()
    assert it.close_code == code


def test_messages_after_a_close_in_the_same_data_are_not_yielded() -> None:
    it = opened()
    messages = it.receive_data(client_frame(1, b"a") + client_frame(1, b"b"))
    assert next(messages) == (Kind.TEXT, b"a")
    it.close(4000, "", drop=False)
    assert list(messages) == []


def test_a_reason_is_cut_to_what_a_control_frame_holds() -> None:
    it = opened()
    it.close(4000, "x" * 200, drop=False)
    assert sent(it) == b"\x88\x7d\x0f\xa0" + b"x" * 123


@pytest.mark.parametrize("drop", [False, True])
def test_a_close_waits_behind_what_a_paused_transport_holds_back_or_drops_it(*, drop: bool) -> None:
    it = opened()
    it.pause_writing()
    it.hold(batch(b"x"))
    receive(it, client_frame(9, b"dropped: no pong after a close"))
    it.close(4000, "", drop=drop)
    assert sent(it) == b""
    it.resume_writing()
    assert sent(it) == (b"" if drop else b"\x81\x01x") + CLOSE_4000
    assert it.state is State.CLOSING


@pytest.mark.parametrize("end", [VIOLATION, client_frame(8, b"\x0f\xa1")], ids=["violation", "close of the client"])
def test_a_paused_transport_is_not_ended_before_the_close_is_written(end: bytes) -> None:
    for state in (opened, closing):
        it = state()
        it.pause_writing()
        it.hold(batch(b"dropped"))
        receive(it, end)
        assert (it.ending is None) is (state is opened)
        it.resume_writing()
        assert sent(it)[:1] == (b"\x88" if state is opened else b"")
        assert it.ending is not None


# -- limits


def test_the_first_message_may_be_larger_than_the_later_ones() -> None:
    it = opened()
    assert receive(it, client_frame(1, b"x" * HELLO_BYTES)) == [(1, b"x" * HELLO_BYTES)]
    assert receive(it, client_frame(1, b"x" * 1001)) == []
    assert it.close_code == 1009


def test_frames_beyond_the_burst_fail_the_connection_and_time_refills_it() -> None:
    clock = Clock()
    it = opened(clock, frame_burst=100)
    receive(it, client_frame(10, b"") * 100)
    assert it.state is State.OPEN
    clock.now += 50 / FRAMES_PER_SECOND
    receive(it, client_frame(10, b"") * 50)
    assert it.state is State.OPEN
    receive(it, client_frame(10, b""))
    assert (it.state, it.close_code) == (State.FAILED, 4429)


def test_a_client_that_does_not_read_is_too_slow_at_the_bound() -> None:
    it = opened()
    it.pause_writing()
    outbound = it.outbound
    assert outbound is not None
    for _ in range(FRAMES_BEHIND + 1):
        assert it.hold(batch(b"1"))
        outbound.end_turn()
    assert not it.hold(batch(b"1"))


# -- order


def test_an_answer_leaves_in_one_write_with_the_next_batch() -> None:
    it = opened()
    it.send_soon(AnswerBatch(b"1", 1))
    it.send_soon(AnswerBatch(b"2", 1))
    assert it.send(batch(b"3")) == b"\x81\x011\x81\x012\x81\x013"
    assert sent(it) == b""


def test_every_ping_is_answered_but_only_the_newest_while_the_transport_is_paused() -> None:
    it = opened()
    receive(it, client_frame(9, b"1") + client_frame(9, b"2"))
    assert sent(it) == b"\x8a\x011\x8a\x012"
    it.pause_writing()
    receive(it, client_frame(9, b"3") + client_frame(9, b"4"))
    it.resume_writing()
    assert sent(it) == b"\x8a\x014"


@given(st.lists(st.sampled_from(["send", "soon", "catch_up", "pause", "resume", "write"]), max_size=40))
def test_frames_leave_once_and_in_order_however_the_transport_pauses(steps: list[str]) -> None:
    it = opened()
    written, count = b"", 0
    for step in steps:
        match step:
            case "pause":
                it.pause_writing()
            case "resume":
                it.resume_writing()
            case "write":
                written += it.data_to_send()
            case _:
                each, count = batch(b"%d;" % count), count + 1
                if step == "catch_up":
                    it.send_catch_up([each])
                elif it.outbound is not None:
                    it.hold(each)
                elif step == "soon":
                    it.send_soon(each)
                else:
                    written += it.send(each)
    it.resume_writing()
    written += sent(it)
    numbers = re.findall(rb"\d+", b",".join(payloads(written)))
    assert [int(number) for number in numbers] == list(range(count))
    assert it.outbound is None
