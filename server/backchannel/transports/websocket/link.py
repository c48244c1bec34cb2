"""The seam between what is said on a WebSocket and what carries it.

    Connection (Peer) ◀── open, heard, fell_behind, lost ── Link ──▶ the socket
                      ──── send, send_catch_up, close ────▶

Two carry it: `AsgiLink` over any ASGI server, and the runner's own protocol class, which an application reaches through
`scope["extensions"]`: by callback, without a task, a coroutine or a queue for a socket that is idle.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from backchannel.protocol.frame_batch import FrameBatch

EXTENSION: Final = "backchannel.link"
"""In `scope["extensions"]`, where the server has it: {"attach": Attach}."""
HELLO_BYTES: Final = 256 * 1024
"""Of a client's first message, which may name every room it is in; all later ones are bounded by `frame_bytes`."""
FLUSH_WITHIN_S: Final = 2.0
"""How long a closing socket may take for what is still to be said."""


class Peer(Protocol):
    """Who speaks through a link. All calls come on the event loop and must not wait."""

    def open(self, link: "Link") -> None:
        """The first call, made once."""

    def heard(self, message: bytes, *, is_text: bool) -> None:
        """A message of the client; a text is valid UTF-8."""

    def lost(self, code: int) -> None:
        """It is over; the last call, made once. `code`: of the client's close, 1005 where it had none, 1006 without a close."""

    def fell_behind(self) -> None:
        """More waits for the client than may. It is to be closed."""


class Link(Protocol):
    def send(self, text: FrameBatch) -> None:
        """Say it after all that was said before. Never waits; of no effect once closed."""

    def send_soon(self, text: FrameBatch) -> None:
        """The same, if it may be in one write with what is said next; at the latest in the next turn of the loop."""

    def send_catch_up(self, texts: Sequence[FrameBatch]) -> None:
        """The same, for what may be long without the client being slow."""

    def close(self, code: int, reason: str, *, drop: bool) -> None:
        """Say what waits, unless it is to be dropped, then close; a client that does not take it in time is cut off."""


Attach = Callable[[Peer], None]
"""From the accepted handshake on everything comes and goes by the link, and the ASGI call may return."""
