import socket

from backchannel.runner.listening import listen


def test_nagles_algorithm_is_off() -> None:
    """asyncio disables it only for sockets that name their protocol."""
    with listen("127.0.0.1", 0) as sock:
        assert sock.proto == socket.IPPROTO_TCP
