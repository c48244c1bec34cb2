"""HTTP/1.1 heads: just enough to tell an upgrade from a request, and where a message ends. Pure."""

from __future__ import annotations

from dataclasses import dataclass

END = b"\r\n\r\n"


@dataclass(frozen=True)
class Head:
    """The first line's words and the header fields (names in lower case) of a request or an answer."""

    words: tuple[str, ...]
    fields: dict[str, str]

    @property
    def is_upgrade(self) -> bool:
        """A request for a WebSocket."""
        return self.fields.get("upgrade", "").lower() == "websocket"

    @property
    def length(self) -> int | None:
        """Bytes of body; None: it comes in chunks."""
        if "chunked" in self.fields.get("transfer-encoding", "").lower():
            return None
        return int(self.fields.get("content-length", "0"))


def parse(head: bytes) -> Head:
    """`head` ends with the blank line."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Head(tuple(first.split(" ", 2)), {name.strip().lower(): value.strip() for name, _, value in pairs})


def without_upgrade(head: bytes) -> bytes:
    """The same request as a proxy passes it on that knows nothing of WebSockets: hop-by-hop fields are its own."""
    lines = head.removesuffix(END).split(b"\r\n")
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in {b"upgrade", b"connection"}]
    return b"\r\n".join(kept) + END


def is_complete(answer: bytes) -> bool:
    """Whether these bytes hold the whole answer to a GET, POST and so on (not to HEAD)."""
    head, end, body = answer.partition(END)
    if not end:
        return False
    length = parse(head + END).length
    return body.endswith(b"0" + END) if length is None else len(body) >= length
