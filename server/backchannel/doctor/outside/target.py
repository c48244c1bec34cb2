"""The address that is examined."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT_S = 10.0


class NotAnAddress(Exception):
    """`str(error)` says what to write."""


@dataclass(frozen=True, slots=True)
class Target:
    """`path`: where the chat is mounted, "" at the root."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Target:
        """Raises `NotAnAddress`."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise NotAnAddress(f"{url!r} is not an address like https://chat.example.com")
        if parts.username or parts.password:
            raise NotAnAddress("an address with a password in it is not used; leave the password out")
        return cls(
            parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/")
        )

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    @property
    def is_local(self) -> bool:
        """Whether the name is one of this machine's loopback names: what is true of the way there is not true of other machines'."""
        return self.host == "localhost" or self.host.endswith(".localhost") or self.host in {"127.0.0.1", "::1"}

    @property
    def authority(self) -> str:
        """The `Host` of a browser's request."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.is_secure else 80) else f"{name}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.path

    def dial(self, timeout_s: float = CONNECT_S) -> socket.socket:
        """A connection, encrypted if the address is. Raises OSError (ssl.SSLError is one)."""
        plain = socket.create_connection((self.host, self.port), timeout=timeout_s)
        if not self.is_secure:
            return plain
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        try:
            return context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
