import socket

from backchannel.runner.listening import listen


def test_answers_are_not_held_back_to_be_sent_together() -> None:
    """asyncio turns Nagle's algorithm off for connections of sockets that name their protocol, and for no others."""
    with listen("127.0.0.1", 0) as sock:
        assert sock.proto == socket.IPPROTO_TCP
