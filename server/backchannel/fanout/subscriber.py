"""The port that the hub delivers to: a socket, or a client that polls. The hub knows nothing else about them."""

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

from backchannel.protocol.errors import CloseCode
from backchannel.protocol.frame_batch import FrameBatch
from backchannel.protocol.shapes import User

Sink = Callable[[FrameBatch], None]
"""Takes a batch that is the same for all subscribers of a room. Must not wait, raise, or change the subscribers."""


class Subscriber(Protocol):
    """One socket, or one client that polls. All calls come on the event loop and must not wait."""

    @property
    def user_id(self) -> int: ...
    @property
    def credential(self) -> str: ...
    @property
    def proof(self) -> Hashable:
        """The proof by which the credential is rechecked while the subscriber is attached."""

    @property
    def is_socket(self) -> bool: ...

    def sink(self, room_id: int) -> Sink | None:
        """Where the events of this room may be written without asking; None where each is to come by `room_event`. A question
        without side effects: when the answer changes, the subscriber calls `Hub.sinks_changed`."""

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None: ...
    def user_frame(self, version: int, frame: bytes) -> None: ...
    def ephemeral_frames(self, frames: Sequence[bytes]) -> None:
        """Typing, presence, a question of the operator: of use only now."""

    def joined(self, room_id: int, seq: int) -> None:
        """Comes before the hub enters the subscriber in the room."""

    def left(self, room_id: int) -> None:
        """Comes after the hub took the subscriber out of the room."""

    def observe_version(self, version: int) -> None:
        """The version of the user's room list in the database."""

    def person_changed(self, user: User) -> None:
        """The user's own name or picture, as what they do is to show it from now on."""

    def instance_opened(self, instance: str, session_id: str, opened_us: int) -> None:
        """A socket of the user's opened, on this node or another: an older one of the same client instance is superseded."""

    def end(self, code: CloseCode, reason: str) -> None: ...
    def tick(self, now: float) -> None: ...
    def say(self, frame: bytes) -> None:
        """Send a frame of the server's own (`going_away`)."""
