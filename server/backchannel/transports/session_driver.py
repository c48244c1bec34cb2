"""Carries out the effects of a session: the one interpreter, for sockets and polls alike.

    a frame, an event, a tick ─▶ Session ──effects──▶ carry_out ─┬─ output, presence ──▶ Shell
                                   ▲                             ├─ Enter, Follow ─────▶ SessionReads, at once
                                   └──────────results────────────┴─ reads ─────────────▶ SessionReads, in `drive`

`carry_out` does everything that can be done at once and returns the read that remains, if any: a socket that has nothing to read
has no task. `drive` goes on from there, read after read, until none remains. It knows no transport.
"""

from collections.abc import Sequence
from typing import Protocol

from backchannel.protocol.commands import Command
from backchannel.transports.session import Session
from backchannel.transports.session.effects import (
    Announce,
    Answer,
    Arrive,
    Close,
    Effect,
    Enter,
    Follow,
    Read,
    Run,
    Send,
    UpdateDelivery,
)
from backchannel.transports.session_reads import SessionReads


class Shell(Protocol):
    """A transport around one session. All calls come on the event loop and must not wait."""

    session: Session

    @property
    def reads(self) -> SessionReads:
        """The same object from `ReadPosition` until no read remains."""

    def send(self, frames: Sequence[bytes]) -> None: ...
    def answer(self, frame: bytes) -> None: ...
    def run_command(self, command: Command) -> None: ...
    def close(self, close: Close) -> None: ...
    def announce(self, opened_us: int) -> None:
        """Older sockets of the same client instance are superseded by this one, which opened at this time."""

    def update_delivery(self) -> None:
        """`delivers_directly` answers differently from now on."""

    def arrive(self) -> None:
        """The client has caught up: its user is present."""


def carry_out(shell: Shell, effects: Sequence[Effect]) -> Read | None:
    """Do these in order, and what follows from them. Returns the read that is to be driven."""
    for effect in effects:
        match effect:
            case Run():
                shell.run_command(effect.command)
            case Send():
                shell.send(effect.frames)
            case Answer():
                shell.answer(effect.frame)
            case Close():
                shell.close(effect)
            case Announce():
                shell.announce(effect.opened_us)
            case UpdateDelivery():
                shell.update_delivery()
            case Arrive():
                shell.arrive()
            case Enter():
                return carry_out(shell, shell.session.on(shell.reads.enter()))
            case Follow():
                return carry_out(shell, shell.session.on(shell.reads.follow(effect.room_list)))
            case _:
                return effect
    return None


async def drive(shell: Shell, read: Read) -> None:
    """Read, and carry out what follows, until no read remains. Raises what a read raises: the session cannot go on then."""
    remaining: Read | None = read
    while remaining is not None:
        result = await shell.reads.read(remaining)
        remaining = carry_out(shell, shell.session.on(result))
