"""Joins what the client and the server saw of one attempt into a cause. Pure and total: any two observations have an answer.

    the server's answer decides first (it knows what arrived), then the close that somebody sent, then what the client knows of
    itself (asleep, offline), then where frames stopped, and last whether it looks like the ends before.

The cases are in protocol/vectors/causes.json. A cause of None says that nothing failed: somebody left, or was replaced.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from backchannel.evidence.causes import Cause, Stage
from backchannel.protocol.errors import CloseCode
from backchannel.protocol.reports import AttemptReport


class Reached(StrEnum):
    """The server's result of the handshake."""

    NO_UPGRADE = "no_upgrade"
    REFUSED = "refused"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Sighting:
    """An attempt as the server saw it."""

    reached: Reached
    status: int = 101
    """HTTP status of the answer to the handshake."""
    received: int = 0
    """Messages of the client."""
    code: int | None = None
    """Its close code; None: it is open, or never was."""
    reason: str = ""
    """`link_lost` and `client_gone` where the server did not close it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    stage: Stage
    cause: Cause | None


ALIKE_OF: Final = 5
"""How many of the last ends count."""
ALIKE: Final = 3
"""How many of them have to be alike."""
ALIKE_WITHIN_S: Final = 2.0
ALIKE_WITHIN: Final = 0.05
"""Two lives are alike if they differ by no more than this, in seconds or as a share of the longer one."""
SHORTEST_CUT_S: Final = 5.0
"""A link that is cut earlier is not idle: its client has just sent something."""
SLEPT_MS: Final = 5_000

_OVER: Final = frozenset({CloseCode.SESSION_OVER, CloseCode.FORBIDDEN})
_STOPPED: Final = frozenset({"connect", "disconnect", "retry_now", "wake", "doubt"})
"""The client itself ended it, to try again or because somebody left."""
_LEFT: Final = frozenset({1000, CloseCode.SUPERSEDED, CloseCode.PROTOCOL_UNSPOKEN})
_RESTART: Final = frozenset({1001, CloseCode.RESTART})
_STAGES: Final = {
    "greeting": Stage.HELLO,
    "catching_up": Stage.CATCH_UP,
    "proving": Stage.PROVE,
    "live": Stage.LIVE,
}


def classify(client: AttemptReport | None, server: Sighting | None, lives_s: Sequence[float] = ()) -> Verdict:
    """`client`, `server`: what each saw; None: nothing. `lives_s`: how long the last links of this client lived that were cut, in seconds,
    oldest first, this one included."""
    seen = _Seen(client, server, lives_s)
    stage = _stage_of(client, server)
    for rule in _RULES:
        found = rule(seen)
        if found is not None:
            return Verdict(stage, None if found == "left" else found)
    return Verdict(stage, Cause.UNKNOWN)


def is_idle_cut(lives_s: Sequence[float]) -> bool:
    """The last one is like enough of those before it."""
    recent = lives_s[-ALIKE_OF:]
    if not recent or recent[-1] < SHORTEST_CUT_S:
        return False
    last = recent[-1]
    return sum(abs(life - last) <= max(ALIKE_WITHIN_S, ALIKE_WITHIN * max(life, last)) for life in recent) >= ALIKE


def _stage_of(client: AttemptReport | None, server: Sighting | None) -> Stage:
    if client is not None and client.phase != "opening":
        return _STAGES[client.phase]
    if server is None:
        return Stage.REACH
    if server.reached is not Reached.ACCEPTED:
        return Stage.UPGRADE
    if client is not None:  # the answer that accepted it did not arrive
        return Stage.UPGRADE
    return Stage.HELLO if server.received == 0 else Stage.LIVE


@dataclass(frozen=True, slots=True)
class _Seen:
    client: AttemptReport | None
    server: Sighting | None
    lives_s: Sequence[float]

    @property
    def codes(self) -> frozenset[int]:
        """The close codes of both sides; 1006 says that there was none. How the client closed is its own doing: it reported why."""
        client, server = self.client, self.server
        is_own = client is not None and server is not None and server.reason == "client_gone"
        both = (client.code if client else None, server.code if server and not is_own else None)
        return frozenset(code for code in both if code is not None and code != 1006)

    @property
    def was_cut(self) -> bool:
        """It ended without a close from either side."""
        return not self.codes and self.ended in {None, "closed", "timeout"}

    @property
    def ended(self) -> str | None:
        return self.client.ended if self.client else None


_Found = Cause | Literal["left"] | None
"""`left`: nothing failed. None: this rule does not say."""


def _by_handshake(seen: _Seen) -> _Found:
    server = seen.server
    if server is None or server.reached is Reached.ACCEPTED:
        return None
    if server.reached is Reached.NO_UPGRADE:
        return Cause.UPGRADE_STRIPPED
    return {401: Cause.REFUSED_AUTH, 403: Cause.REFUSED_ORIGIN, 429: Cause.REFUSED_BUSY, 503: Cause.REFUSED_BUSY}.get(
        server.status, Cause.UNKNOWN
    )


def _by_close(seen: _Seen) -> _Found:
    codes = seen.codes
    if seen.ended == "going_away" or codes & _RESTART:
        # 1001 is also what a browser sends when its page is closed.
        return "left" if seen.server and seen.server.reason == "client_gone" else Cause.RESTART
    if codes & _OVER or seen.ended == "refused":  # HTTP was refused, so the client gave up the socket too
        return Cause.REFUSED_AUTH
    if CloseCode.TOO_MANY in codes:
        return Cause.REFUSED_BUSY
    if seen.ended in _STOPPED or codes & _LEFT or (seen.client is None and 1005 in codes):
        return "left"
    if CloseCode.TOO_SLOW in codes and seen.server is not None and seen.server.reason == "behind":
        return Cause.SLOW
    return None


def _by_device(seen: _Seen) -> _Found:
    client = seen.client
    if client is None:
        return None
    if client.slept >= SLEPT_MS:
        return Cause.ASLEEP
    if client.offline:
        return Cause.OFFLINE
    is_silent = client.ended == "timeout" or CloseCode.TOO_SLOW in seen.codes
    return Cause.ASLEEP if client.hidden and client.phase == "live" and is_silent else None


def _by_reach(seen: _Seen) -> _Found:
    """The client did not see it open."""
    client = seen.client
    if client is None or client.phase != "opening":
        return None
    if seen.server is not None:  # accepted, and the answer did not arrive
        return Cause.SWALLOWED_DOWN
    return Cause.OFFLINE if client.http is False else Cause.BLOCKED_BEFORE


def _by_frames(seen: _Seen) -> _Found:
    """It opened: where did frames stop?"""
    client, server = seen.client, seen.server
    if client is None:
        return Cause.SWALLOWED_UP if server is not None and server.received == 0 else None
    received = server.received if server is not None else 0
    if client.phase == "greeting":
        return Cause.SWALLOWED_DOWN if received else Cause.SWALLOWED_UP
    if client.phase == "catching_up" and client.ended == "timeout":
        return Cause.SWALLOWED_DOWN  # the server goes on after hello without being asked
    if (client.phase == "proving" and client.ended == "timeout") or client.ended == "zombie":
        return Cause.SWALLOWED_DOWN if received > 1 else Cause.SWALLOWED_UP  # the first was hello, the second its ping
    return None


def _by_repetition(seen: _Seen) -> _Found:
    return Cause.IDLE_CUT if seen.was_cut and is_idle_cut(seen.lives_s) else None


def _by_silence(seen: _Seen) -> _Found:
    """The client is fast enough, and awake as far as it knows; nothing arrived for the heartbeat's time all the same."""
    return Cause.SLOW if CloseCode.TOO_SLOW in seen.codes and seen.server is None else None


_RULES: Final[Sequence[Callable[[_Seen], _Found]]] = (
    _by_handshake,
    _by_close,
    _by_device,
    _by_reach,
    _by_frames,
    _by_repetition,
    _by_silence,
)
