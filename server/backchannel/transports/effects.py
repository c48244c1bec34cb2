"""What a session wants done. The session decides and returns these; the shells carry them out, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backchannel.protocol.commands import Command
from backchannel.protocol.errors import CloseCode


@dataclass(frozen=True, slots=True)
class Send:
    """Say these frames, in order."""

    frames: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """Read where the user stands; answer with `placed`."""


@dataclass(frozen=True, slots=True)
class Enter:
    """Listen to these rooms from now on. Always comes before the `Read` that brings them up."""


@dataclass(frozen=True, slots=True)
class Read:
    """Read events above `cursors`, and the room list where `with_list`; answer with `caught_up`."""

    cursors: Mapping[int, int]
    with_list: bool


@dataclass(frozen=True, slots=True)
class ReadList:
    """The user's list may be behind: read it again; answer with `listed`."""


@dataclass(frozen=True, slots=True)
class Run:
    """Run the command; its answer goes straight out."""

    command: Command


@dataclass(frozen=True, slots=True)
class Close:
    code: CloseCode
    reason: str


Effect = Send | ReadPosition | Enter | Read | ReadList | Run | Close
