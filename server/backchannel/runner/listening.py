"""The listening socket. What uvicorn cannot set is set here, and inherited by every connection."""

from __future__ import annotations

import errno
import socket

# A client that acknowledges nothing for so long is gone, whatever waits for it in the kernel. Without
# this, closing a connection waits for the buffer of a sleeping laptop to empty, and it never does.
TCP_USER_TIMEOUT_MS = 30_000
# What the kernel may hold for one client. The default grows to megabytes for each one that stalls.
SEND_BUFFER_BYTES = 128 * 1024
BACKLOG = 2048


class CannotListen(Exception):
    """The address cannot be listened on; one line says why."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `CannotListen`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise CannotListen(f"{host} is no address of this machine") from None
    family, kind, protocol, _, address = found[0]
    # Named, since asyncio turns Nagle's algorithm off only where it is: with it, every answer takes 40 ms.
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS)
        sock.bind(address)
        # Only now does a taken port show: SO_REUSEADDR lets two bind, and one listen.
        sock.listen(BACKLOG)
    except OSError as problem:
        sock.close()
        raise CannotListen(_why(problem, host, port)) from None
    sock.setblocking(False)
    return sock


def _why(problem: OSError, host: str, port: int) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken; choose another with --port"
    if problem.errno == errno.EACCES:
        return f"not allowed to listen on port {port}; choose one from 1024 on with --port"
    if problem.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine"
    return f"cannot listen on {host} port {port}: {problem.strerror}"
