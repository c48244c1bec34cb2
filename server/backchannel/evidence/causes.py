"""Why an attempt to use the WebSocket ended, as a closed set. Pure."""

from enum import StrEnum


class Cause(StrEnum):
    """The names in metrics, tables and docs/reference/causes.md."""

    BLOCKED_BEFORE = "blocked_before"
    """Nothing of it reached the server, while HTTP did: DNS, TLS, a firewall, or a proxy that refuses WebSockets."""
    UPGRADE_STRIPPED = "upgrade_stripped"
    """The request arrived without its Upgrade header: a proxy removed it."""
    SWALLOWED_UP = "swallowed_up"
    """The WebSocket opened, and what the client sent did not arrive."""
    SWALLOWED_DOWN = "swallowed_down"
    """The WebSocket opened, and what the server sent did not arrive."""
    IDLE_CUT = "idle_cut"
    """Cut again and again after the same time: a proxy's time-out."""
    RESTART = "restart"
    """The server restarted."""
    SLOW = "slow"
    """The client did not read fast enough what the server sent."""
    ASLEEP = "asleep"
    """The device slept, or the browser froze the page."""
    OFFLINE = "offline"
    """The device had no network, or the server could not be reached by HTTP either."""
    REFUSED_AUTH = "refused_auth"
    """The server did not accept the sign-in, or ended it."""
    REFUSED_ORIGIN = "refused_origin"
    """The server did not accept the page's origin."""
    REFUSED_BUSY = "refused_busy"
    """The server was overloaded, or the client sent too much."""
    UNKNOWN = "unknown"
    """None of the above is certain."""


class Stage(StrEnum):
    """How far the attempt came, both sides considered."""

    REACH = "reach"
    """To the server."""
    UPGRADE = "upgrade"
    HELLO = "hello"
    CATCH_UP = "catch_up"
    PROVE = "prove"
    LIVE = "live"
