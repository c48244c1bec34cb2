"""The interface between a conversation on a WebSocket and what carries its bytes.

    Connection (Peer) ◀── open, message_received, fell_behind, lost ── Link ──▶ the socket
                      ──── send, send_soon, send_catch_up, close ────▶

There are two links: `AsgiLink` over any ASGI server, and the runner's `SocketLink`, which an application reaches through
`scope["extensions"]`: it calls back, and needs no task, coroutine or queue for an idle socket.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from backchannel.protocol.frame_batch import FrameBatch

EXTENSION: Final = "backchannel.link"
"""In `scope["extensions"]`, where the server has it: {"attach": Attach}."""
HELLO_BYTES: Final = 256 * 1024
"""Limit of a client's first message, which may name every room it is in; `frame_bytes` limits all later ones."""
FLUSH_WITHIN_S: Final = 2.0
"""Time in which a client has to read what was sent before a close, and to close. Then it is cut off."""


class Peer(Protocol):
    """The server's side of a conversation. All calls come on the event loop and must not wait."""

    def open(self, link: "Link") -> None:
        """The first call, made once."""

    def message_received(self, message: bytes, *, is_text: bool) -> None:
        """A whole message of the client; a text is valid UTF-8."""

    def lost(self, code: int) -> None:
        """The last call, made once. `code`: of the Close that ended it, from either side; 1005 if it had none, 1006 without."""

    def fell_behind(self) -> None:
        """More waits for the client than may. The peer is to close with `drop`."""


class Link(Protocol):
    """Nothing here waits, and nothing has an effect after `close`."""

    def send(self, batch: FrameBatch) -> None:
        """Send `batch` after everything sent before."""

    def send_soon(self, batch: FrameBatch) -> None:
        """Send an answer: in one write with what is sent next, at the latest in the next turn of the loop."""

    def send_catch_up(self, batches: Sequence[FrameBatch]) -> None:
        """Send history, which may be long without the client being slow."""

    def close(self, code: int, reason: str, *, drop: bool) -> None:
        """Close after what waits is sent, or dropped; after `FLUSH_WITHIN_S` the client is cut off."""


Attach = Callable[[Peer], None]
"""After the accepted handshake: everything comes and goes by the link from now on, and the ASGI call may return."""
