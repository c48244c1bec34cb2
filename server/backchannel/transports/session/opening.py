"""The opening of a session: a client must say hello, in time and in a protocol version that the server speaks.

    waiting ──hello──▶ open ──the third frame that cannot be read──▶ refused
       └─ HELLO_WITHIN_S, another frame, another version ──▶ refused

Theory. Before its hello a client gets nothing but one error: a peer that speaks another language is closed at once, and costs
little. After it, single frames that cannot be read are answered with an error, and only BAD_FRAMES of them end the session. A
frame that can be read but has a wrong field, and a text that is too long, do not count.

It does not know what follows the hello.
"""

from typing import Final

from backchannel.protocol.codec import BadFrame
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.frames import ClientHello
from backchannel.protocol.version import SPOKEN
from backchannel.transports.session.effects import Close

HELLO_WITHIN_S: Final = 5.0
BAD_FRAMES: Final = 3

HELLO_EXPECTED: Final = Close(CloseCode.NOT_UNDERSTOOD, "hello_expected")


class Opening:
    __slots__ = ("_bad_frames", "opened_at")

    def __init__(self, now: float) -> None:
        self.opened_at = now
        self._bad_frames = 0

    def refusal_of(self, hello: ClientHello) -> Close | None:
        if hello.protocol in SPOKEN:
            return None
        return Close(CloseCode.PROTOCOL_UNSPOKEN, "protocol_unspoken")

    def timeout_at(self, now: float) -> Close | None:
        """While no hello has come."""
        return Close(CloseCode.NOT_UNDERSTOOD, "no_hello") if now - self.opened_at >= HELLO_WITHIN_S else None

    def bad_frame(self, error: CommandError) -> Close | None:
        """A frame after the hello could not be read."""
        is_text = isinstance(error, BadFrame) and error.is_text
        self._bad_frames += error.code is Code.BAD_FRAME and not is_text
        return Close(CloseCode.NOT_UNDERSTOOD, "bad_frames") if self._bad_frames >= BAD_FRAMES else None
