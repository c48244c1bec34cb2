"""`POST /api/report`: what a client saw of its connection. Nothing depends on it, and it carries no content, no room's name and no typed text.

Durations are in milliseconds. Moments are ages ("this long ago"), so that no clock has to agree with another.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from backchannel.protocol.frames import ClientInfo

REPORT_BODY_BYTES: Final = 192 * 1024
"""Of a report with a whole recorder; one without has a few hundred bytes."""
BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds of the buckets of `Timings`; one more bucket holds what took longer."""

Ms = Annotated[int, Meta(ge=0, le=366 * 86_400_000)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Samples = Annotated[int, Meta(ge=0, le=10_000)]
AttemptId = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
"""Made by the client for one attempt, and sent in its handshake: `GET /ws?a=…`. It opens nothing."""
Transport = Literal["websocket", "http"]
Phase = Literal["opening", "greeting", "catching_up", "proving", "live"]
"""How far an attempt came, as the states of the client's machine are named."""
Ended = Literal[
    "closed", "timeout", "zombie", "going_away", "connect", "disconnect", "retry_now", "refused", "wake", "doubt"
]
"""Which event of the client's machine ended it: the socket closed, a deadline passed, HTTP answered what the socket owed, the server said
goodbye, or the client itself stopped."""
PHASES: Final[tuple[Phase, ...]] = ("opening", "greeting", "catching_up", "proving", "live")


class AttemptReport(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One attempt to use the WebSocket, which has ended."""

    id: AttemptId | None = None
    """None where another tab holds the socket."""
    took: Annotated[list[Ms], Meta(max_length=4)] = []
    """How long each phase took that it came through: until open, hello, caught_up, pong."""
    ended: Ended
    code: Annotated[int, Meta(ge=0, le=4999)] | None = None
    """The close code, if the socket closed."""
    age: Ms
    """Since it ended."""
    lived: Ms
    """From its begin to its end."""
    hidden: bool = False
    """The page was hidden when it ended."""
    slept: Ms = 0
    """How far the clock jumped meanwhile: the device slept, or the page was frozen."""
    offline: bool = False
    """The host reported that there is no network."""
    http: bool | None = None
    """Whether requests by HTTP were answered meanwhile. None: there were none."""

    @property
    def phase(self) -> Phase:
        return PHASES[len(self.took)]


class Timings(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How many samples fell into each bucket since the last report."""

    delivery: Annotated[list[Samples], Meta(max_length=15)] = []
    """From a message's commit until it was applied here; of messages by others, while this client was awake."""
    send: Annotated[list[Samples], Meta(max_length=15)] = []
    """From the key press until the message was shown as sent."""
    rtt: Annotated[list[Samples], Meta(max_length=15)] = []
    """From a ping to its pong."""


class BrowserError(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    kind: Annotated[str, Meta(max_length=64)]
    """The error's class."""
    text: Annotated[str, Meta(max_length=300)] = ""
    stack: Annotated[str, Meta(max_length=2000)] = ""
    count: Count = 1


class Report(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The summary, and, where it was asked for or something failed, the recorder."""

    client: ClientInfo = ClientInfo()
    transport: Transport | None = None
    """What works now; None: nothing proven yet."""
    attempts: Annotated[list[AttemptReport], Meta(max_length=32)] = []
    """Those that ended since the last report, oldest first."""
    websocket: Timings | None = None
    http: Timings | None = None
    waiting: Count = 0
    """Messages that wait to be sent."""
    errors: Annotated[list[BrowserError], Meta(max_length=10)] = []
    why: Literal["summary", "error", "asked", "person"] = "summary"
    """Why the recorder is with it; `summary`: it is not."""
    recorder: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=512)] = []
    """Lines of the recorder, oldest first: `<age in ms> <event> <name>=<value> …`."""
