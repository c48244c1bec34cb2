"""What the application sends is one well-formed answer, or none."""

import logging
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from backchannel.runner.request_cycle import RequestCycle, Signal


class Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


def cycle_of(transport: Any, method: str = "POST", *, keep_alive: bool = True) -> RequestCycle:
    cycle = RequestCycle(
        {"method": method},
        transport,
        FlowControl(transport),
        logging.getLogger("tests"),
        [],
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: None,
    )
    cycle.more_body = False
    return cycle


async def answer(cycle: RequestCycle, headers: list[tuple[bytes, bytes]], *pieces: bytes, status: int = 200) -> None:
    await cycle.send({"type": "http.response.start", "status": status, "headers": headers})
    for number, piece in enumerate(pieces, 1):
        await cycle.send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})


async def test_head_and_body_are_one_write() -> None:
    transport = Transport()
    cycle = cycle_of(transport)
    await answer(cycle, [(b"content-length", b"2")], b"hi")
    assert transport.written == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"]
    assert cycle.response_complete
    assert not transport.is_closed


async def test_a_body_without_a_length_is_sent_in_chunks() -> None:
    transport = Transport()
    await answer(cycle_of(transport), [], b"one", b"", b"two")
    head, _, rest = b"".join(transport.written).partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert rest == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


async def test_an_answer_to_head_has_a_length_and_no_body() -> None:
    transport = Transport()
    await answer(cycle_of(transport, "HEAD"), [(b"content-length", b"5")], b"hello")
    assert transport.written == [b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"]


@pytest.mark.parametrize("keep_alive", [True, False])
async def test_a_connection_that_is_not_kept_is_announced_and_closed(keep_alive: bool) -> None:
    transport = Transport()
    headers = [(b"content-length", b"0")] + ([(b"Connection", b"close")] if keep_alive else [])
    await answer(cycle_of(transport, keep_alive=keep_alive), headers, b"")
    assert transport.written[0].lower().count(b"connection: close") == 1
    assert transport.is_closed


@pytest.mark.parametrize(
    "header", [(b"x", b"a\r\nset-cookie: b"), (b"x\r\ny", b"a"), (b"x", b"\x00"), (b"x y", b"a"), (b"", b"a")]
)
async def test_a_header_that_would_be_another_is_not_sent(header: tuple[bytes, bytes]) -> None:
    transport = Transport()
    with pytest.raises(RuntimeError):
        await answer(cycle_of(transport), [(b"content-length", b"0"), header], b"")
    assert transport.written == []


@pytest.mark.parametrize("pieces", [(b"too long",), (b"a",), (b"ab", b"cd")])
async def test_a_body_of_another_length_than_announced_does_not_complete(pieces: tuple[bytes, ...]) -> None:
    cycle = cycle_of(Transport())
    with pytest.raises(RuntimeError):
        await answer(cycle, [(b"content-length", b"3")], *pieces)
    assert not cycle.response_complete


async def test_one_task_at_a_time_waits_for_a_request() -> None:
    signal = Signal()
    waiting = signal.wait()
    with pytest.raises(RuntimeError):
        signal.wait()
    waiting.cancel()
    signal.set()
    await signal.wait()  # at once
    signal.is_set = False
    waiting = signal.wait()
    assert not waiting.done()
    signal.set()
    await waiting


@pytest.mark.parametrize("is_begun", [False, True])
@pytest.mark.parametrize("is_raised", [False, True])
async def test_an_application_that_does_not_answer_is_answered_for_or_cut(is_begun: bool, is_raised: bool) -> None:
    async def application(_: Any, __: Any, send: Any) -> None:
        if is_begun:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
            await send({"type": "http.response.body", "body": b"hel", "more_body": True})
        if is_raised:
            raise ValueError

    transport = Transport()
    await cycle_of(transport).run_asgi(application)
    assert transport.is_closed
    written = b"".join(transport.written)
    assert written.endswith(b"hel" if is_begun else b"Internal Server Error")
    assert written.startswith(b"HTTP/1.1 200" if is_begun else b"HTTP/1.1 500")


async def test_a_body_in_many_pieces_is_received_whole() -> None:
    cycle = cycle_of(Transport())
    for number in range(5):
        cycle.add_to_body(b"%d" % number)
    cycle.message_event.set()
    assert await cycle.receive() == {"type": "http.request", "body": b"01234", "more_body": False}
