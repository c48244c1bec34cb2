"""Addresses are those that uvicorn would tell, on both loops and all families."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from uvicorn.protocols.utils import get_local_addr, get_remote_addr

from backchannel.runner.addresses import local_address, remote_address

Told = tuple[tuple[str, int | None] | None, tuple[str, int] | None]


async def _told(listening: socket.socket) -> tuple[Told, Told]:
    """Of a connection to `listening`: its addresses as told here, and as uvicorn tells them."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[asyncio.Transport] = loop.create_future()

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.set_result(transport)  # type: ignore[arg-type]

    is_unix = listening.family is socket.AF_UNIX
    await (loop.create_unix_server if is_unix else loop.create_server)(Accepting, sock=listening)  # type: ignore[operator]
    with socket.socket(listening.family) as client:
        client.setblocking(False)
        await loop.sock_connect(client, listening.getsockname())
        transport = await made
        here = local_address(transport), remote_address(transport)
        there = get_local_addr(transport), get_remote_addr(transport)
        transport.close()
    return here, there


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX], ids=["ipv4", "ipv6", "unix"])
def test_they_are_those_that_uvicorn_would_tell(
    new_loop: Callable[[], asyncio.AbstractEventLoop], family: socket.AddressFamily, tmp_path: Path
) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner, socket.socket(family) as listening:
        try:
            listening.bind(
                {socket.AF_INET: ("127.0.0.1", 0), socket.AF_INET6: ("::1", 0)}.get(family, str(tmp_path / "s"))
            )
        except OSError:
            pytest.skip("This machine does not have this family.")
        listening.listen()
        here, there = runner.run(_told(listening))
        assert here == there
        assert here[0] is not None
