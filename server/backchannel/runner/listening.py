"""The listening socket, with the options that uvicorn cannot set. Every accepted connection inherits them."""

from __future__ import annotations

import errno
import socket

# The kernel drops a connection whose peer acknowledges nothing for so long. Without it, closing waits until the send buffer of a
# sleeping laptop is empty, which is never.
TCP_USER_TIMEOUT_MS = 30_000
# Send buffer of one client in the kernel. The default grows to megabytes for each client that stalls.
SEND_BUFFER_BYTES = 128 * 1024
BACKLOG = 2048


class CannotListen(Exception):
    """The address cannot be listened on. The message is one line with the reason."""


def listen(host: str, port: int) -> socket.socket:
    """A non-blocking listening socket. Raises `CannotListen`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise CannotListen(f"{host} is not an address of this machine") from None
    family, kind, protocol, _, address = found[0]
    # `protocol` is named because asyncio disables Nagle's algorithm only then; with it, every answer takes 40 ms.
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS)
        sock.bind(address)
        # Fails only here for a port in use: SO_REUSEADDR lets two sockets bind, but one listen.
        sock.listen(BACKLOG)
    except OSError as problem:
        sock.close()
        raise CannotListen(_why(problem, host, port)) from None
    sock.setblocking(False)
    return sock


def _why(problem: OSError, host: str, port: int) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; choose another with --port"
    if problem.errno == errno.EACCES:
        return f"not allowed to listen on port {port}; choose one from 1024 on with --port"
    if problem.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine"
    return f"cannot listen on {host} port {port}: {problem.strerror}"
