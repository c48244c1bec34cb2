"""The metrics have a listener of their own, which answers one request and knows one address."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from backchannel.ops.health import exposition
from backchannel.ops.metrics.listener import MetricsListener
from backchannel.runner.listening import listen


async def text() -> str:
    return exposition()


@pytest.fixture
async def address() -> AsyncIterator[tuple[str, int]]:
    with listen("127.0.0.1", 0) as sock:
        listener = MetricsListener(sock, text)
        await listener.start()
        yield sock.getsockname()
        await listener.stop()


async def test_it_answers_with_the_metrics(address: tuple[str, int]) -> None:
    async with httpx.AsyncClient(base_url=f"http://{address[0]}:{address[1]}", trust_env=False) as client:
        answer = await client.get("/metrics?x=1")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain")
        assert "backchannel_build_info" in answer.text
        head = await client.head("/metrics")
        assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("GET", "/admin", 404), ("POST", "/metrics", 405)]
)
async def test_it_knows_nothing_else(address: tuple[str, int], method: str, path: str, status: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://{address[0]}:{address[1]}", trust_env=False) as client:
        assert (await client.request(method, path)).status_code == status


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01", b"GET /metrics HTTP/1.1\r\n", b"A" * 100_000])
async def test_what_is_no_request_ends_its_connection_and_nothing_else(address: tuple[str, int], said: bytes) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(said)
    writer.write_eof()
    try:
        assert await reader.read() == b""
    except ConnectionError:
        pass
    writer.close()
    async with httpx.AsyncClient(base_url=f"http://{address[0]}:{address[1]}", trust_env=False) as client:
        assert (await client.get("/metrics")).status_code == 200
