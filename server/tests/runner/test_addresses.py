"""Addresses are those that uvicorn reports, on both event loops and for all address families."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from uvicorn.protocols.utils import get_local_addr, get_remote_addr

from backchannel.runner.addresses import local_address, remote_address

Addresses = tuple[tuple[str, int | None] | None, tuple[str, int] | None]


async def _addresses(listening: socket.socket) -> tuple[Addresses, Addresses]:
    """The addresses of a connection to `listening` as this package reports them, and as uvicorn does."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[asyncio.Transport] = loop.create_future()

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.set_result(transport)  # type: ignore[arg-type]

    is_unix = listening.family is socket.AF_UNIX
    await (loop.create_unix_server if is_unix else loop.create_server)(Accepting, sock=listening)
    with socket.socket(listening.family) as client:
        client.setblocking(False)
        await loop.sock_connect(client, listening.getsockname())
        transport = await made
        ours = local_address(transport), remote_address(transport)
        uvicorns = get_local_addr(transport), get_remote_addr(transport)
        transport.close()
    return ours, uvicorns


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX], ids=["ipv4", "ipv6", "unix"])
def test_addresses_are_those_that_uvicorn_reports(
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
        ours, uvicorns = runner.run(_addresses(listening))
        assert ours == uvicorns
        assert ours[0] is not None
