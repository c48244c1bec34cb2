"""Metrics of connections and of what clients report. Every label has a closed set of values: no user, room or address is among them.

What a client reports is one client's word: a person who wants to can report nonsense, within the bounds of a report (protocol/reports.py).
"""

from collections.abc import Sequence
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from backchannel.counted_histogram import CountedHistogram
from backchannel.evidence.causes import Cause
from backchannel.evidence.classify import Verdict
from backchannel.evidence.pace import Pace
from backchannel.evidence.upkeep import LIVES_S
from backchannel.protocol.reports import BOUNDS_S

CLIENTS: Final = ("web", "react", "node")
"""Names of clients that have a label of their own; all others are `other`."""
PHASES: Final = ("open", "hello", "catch_up", "prove")
CODES: Final = frozenset({1000, 1001, 1005, 1006, 1009, 1011, 1012, 4400, 4401, 4403, 4408, 4409, 4426, 4429})

connections: Final = Gauge(
    "backchannel_connections",
    "Clients connected now: WebSockets past their hello, and clients that poll.",
    ["transport", "client"],
)
opened: Final = Counter("backchannel_connections_opened", "Clients that were greeted.", ["transport", "resumed"])
closed: Final = Counter("backchannel_connections_closed", "Connections that ended.", ["transport", "code", "reason"])
lifetime: Final = Histogram(
    "backchannel_connection_lifetime_seconds",
    "How long connections lived. A proxy's time-out shows as a step.",
    ["transport"],
    buckets=LIVES_S,
)
failures: Final = Counter(
    "backchannel_connection_failures",
    "Attempts to use the WebSocket that failed or were cut, each once, by the cause that both sides' evidence gives.",
    ["stage", "cause"],
)
fallbacks: Final = Counter(
    "backchannel_fallbacks", "Clients that lost a proven WebSocket and went on over HTTP, by cause.", ["cause"]
)
recoveries: Final = Counter("backchannel_recoveries", "Clients that resumed on a WebSocket, which they had before.")
phase: Final = Histogram(
    "backchannel_connect_seconds",
    "How long each phase of connecting took, as clients saw it.",
    ["phase"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16),
)
rtt: Final = CountedHistogram(
    "backchannel_heartbeat_rtt_seconds",
    "From a ping to its pong, as clients saw it.",
    BOUNDS_S,
    ["transport"],
    has_sum=False,
)
delivery: Final = CountedHistogram(
    "backchannel_delivery_seconds",
    "From a message's commit until another person's client had applied it, as that client saw it.",
    BOUNDS_S,
    ["transport"],
    has_sum=False,
)
send: Final = CountedHistogram(
    "backchannel_send_seconds",
    "From the key press until a message was shown as sent, as its client saw it.",
    BOUNDS_S,
    ["transport"],
    has_sum=False,
)
reports: Final = Counter("backchannel_reports", "Reports of clients.", ["outcome"])
errors: Final = Counter("backchannel_errors", "Unexpected errors.", ["side"])
written: Final = Counter("backchannel_evidence_written", "Rows of evidence that were written.")
dropped: Final = Counter(
    "backchannel_evidence_dropped",
    "Rows of evidence that were dropped, because too many waited or none could be written.",
)
ENDS_SHOWN: Final = 56
"""Combinations of transport, code and reason with a sample of their own; those beyond count as `other`."""
OTHER: Final = "other"
_ends: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
"""The metrics of what ended so. Looking them up takes longer than counting."""


def client_label(name: str) -> str:
    return name if name in CLIENTS else OTHER


def code_label(code: int) -> str:
    """Clients may close with any code."""
    return str(code) if code in CODES else OTHER


def count_end(transport: str, code: int, reason: str, seconds: float) -> None:
    """Count the end of a connection. `reason`: one of the server's own words."""
    key = (transport, code_label(code), reason)
    found = _ends.get(key)
    if found is None:
        shown = key if len(_ends) < ENDS_SHOWN else (transport, OTHER, OTHER)
        found = _ends[key] = (closed.labels(*shown), lifetime.labels(transport))
    found[0].inc()
    found[1].observe(seconds)


def count_failures(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        failures.labels(verdict.stage.value, (verdict.cause or Cause.UNKNOWN).value).inc()


def pace_of(people: int, sends: int) -> Pace:
    """The figures of this process at present. From any thread. `sends`: messages taken since the start."""
    open_now = {"websocket": 0, "http": 0}
    for family in connections.collect():
        for sample in family.samples:
            open_now[sample.labels["transport"]] += int(sample.value)
    counts = (delivery.labels(transport).counts for transport in open_now)
    return Pace(
        open_now["websocket"], open_now["http"], people, sends, [sum(each) for each in zip(*counts, strict=True)]
    )
