"""The seam between a request that is answered by callback and what carries it.

    DirectSync (Direct) ◀── wants, the whole request ── the runner's HTTP protocol (Reply)
                        ──── answer, or hand_over ────▶

A server that does not know it asks the application as ASGI has it, and gets the same answers.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any, Protocol


class Reply(Protocol):
    """Where the answer to one request goes: one call, of one of these, ends it."""

    def answer(self, status: int, headers: bytes, body: bytes) -> None:
        """`headers`: lines, each with its end, Content-Length among them."""

    def hand_over(self, body: bytes) -> None:
        """Have the application answer, to a request with this body."""


class Taken(Protocol):
    """A request that is answered, or will be."""

    def client_gone(self) -> None:
        """There is nobody to be answered any more. Not called once it is answered."""


class Direct(Protocol):
    """All calls come on the event loop and must not wait."""

    def wants(self, scope: Mapping[str, Any]) -> bool:
        """Is the request of this ASGI scope to be brought here when its body is there? Asked once of requests with the same
        headers."""

    def __call__(self, scope: MutableMapping[str, Any], body: bytes, reply: Reply) -> Taken | None:
        """Answer, now or later; None where the application is to answer. Requests with the same headers may come with the same
        scope: what is noted in it is found again."""
