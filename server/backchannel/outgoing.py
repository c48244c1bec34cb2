"""The one HTTP client for addresses that people of the chat name: push services today, previews and webhooks later.

What it defends against: an address that leads into the network of the server (SSRF). So a name is resolved once, every address it
has must be public, and the connection goes to the address that was looked at, under the name's certificate. No redirect is followed,
no proxy and no cookie used. Time and size of the answer are bounded.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → all its addresses. Raises OSError."""

HTTPS: Final = 443
_PRINTABLE: Final = re.compile(r"[!-~]+", re.ASCII)
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)
"""A name as the DNS has them. Others do not resolve: Python raises UnicodeError for a label that is empty or too long."""
_ASSIGNED: Final = ipaddress.ip_network("2000::/3")
"""All that is given out of IPv6."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class NoAnswer(Exception):
    """The other side could not be reached, or gave no answer that can be read. A later try may succeed."""


class Forbidden(Exception):
    """The address is none that this client goes to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers`: by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def split_address(url: str) -> SplitResult:
    """The parts of an https address without user and port. Raises `Forbidden`, whose text says what is wrong."""
    if not _PRINTABLE.fullmatch(url):
        raise Forbidden("The address contains spaces or characters that are not ASCII.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Forbidden("This is not an address.") from None
    if parts.scheme != "https":
        raise Forbidden("The address does not begin with https://.")
    if port not in (None, HTTPS) or parts.username is not None or parts.password is not None:
        raise Forbidden("The address has a user, or a port other than 443.")
    if not parts.hostname or not _HOST.fullmatch(parts.hostname):
        raise Forbidden("The address names no host.")
    return parts


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet, and leads to no other one that is not."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None or found.teredo is not None:
            return False
        if found.sixtofour is not None:
            return is_public(str(found.sixtofour)) and found.is_global
        if found in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)))
        if found not in _ASSIGNED:
            return False
    return found.is_global and not found.is_multicast


class OutgoingClient:
    def __init__(
        self,
        resolve: Resolve | None = None,
        may_connect: Callable[[str], bool] = is_public,
        tls: ssl.SSLContext | None = None,
        port: int = HTTPS,
    ) -> None:
        """`resolve`: None for the system's. `may_connect`: which IP addresses it goes to. `tls`: None for the system's authorities. `port`:
        another one in tests alone."""
        self._resolve = resolve or _resolve
        self._may_connect = may_connect
        self._tls = tls or ssl.create_default_context()
        self._port = port

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, within_s: float = 10.0, at_most: int = 64 * 1024
    ) -> Answer:
        """Send, and read the answer up to `at_most` bytes with its head. Raises `Forbidden` or `NoAnswer`."""
        parts = split_address(url)
        host = parts.hostname or ""
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = {"Host": host, **headers, "Content-Length": str(len(body)), "Connection": "close"}
        if not all(_is_line(f"{name}{value}") for name, value in head.items()):
            raise ValueError("a header contains a line's end")
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        try:
            async with asyncio.timeout(within_s):
                addresses = await self.addresses_of(host)
                return _parsed(
                    await self._exchange(addresses, host, "\r\n".join(lines).encode("latin-1") + body, at_most)
                )
        except (OSError, TimeoutError, asyncio.IncompleteReadError, http.client.HTTPException) as error:
            raise NoAnswer(type(error).__name__) from error

    async def addresses_of(self, host: str) -> Sequence[str]:
        """All addresses of a host. Raises `Forbidden` if one of them is not to be connected to, and OSError."""
        addresses = await self._resolve(host, self._port)
        if not addresses:
            raise OSError("the name has no address")
        if not all(map(self._may_connect, addresses)):
            raise Forbidden("The host has an address that is not a public one.")
        return addresses

    async def _exchange(self, addresses: Sequence[str], host: str, request: bytes, at_most: int) -> bytes:
        """Over the first address that can be connected to."""
        refused = OSError("no address")
        for address in addresses:
            try:
                reader, writer = await asyncio.open_connection(address, self._port, ssl=self._tls, server_hostname=host)
            except OSError as error:
                refused = error
                continue
            try:
                writer.write(request)
                await writer.drain()
                answer = bytearray()
                while len(answer) <= at_most and (some := await reader.read(16 * 1024)):
                    answer += some
                return bytes(answer[:at_most])
            finally:
                writer.close()
                with suppress(OSError, TimeoutError):
                    await writer.wait_closed()
        raise refused


def _is_line(text: str) -> bool:
    return "\r" not in text and "\n" not in text


class _Received:
    """What `http.client` reads an answer from."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._received)


def _parsed(received: bytes) -> Answer:
    """Raises HTTPException. A body that was cut short is what there is of it: only its beginning is ever used."""
    response = http.client.HTTPResponse(_Received(received), method="POST")  # type: ignore[arg-type]
    response.begin()
    try:
        body = response.read()
    except http.client.IncompleteRead as error:
        body = error.partial
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


async def _resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
