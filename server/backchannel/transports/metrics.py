"""Prometheus counters of both transports, served at /metrics."""

from typing import Final, Literal

from prometheus_client import Counter, Gauge

from backchannel.counted_histogram import CountedHistogram, Samples
from backchannel.protocol.commands import COMMANDS

commands: Final = Counter(
    "backchannel_commands",
    "Commands answered. Rare ones count as `other` together.",
    ["command", "transport", "outcome"],
)
command_seconds: Final = CountedHistogram(
    "backchannel_command_seconds",
    "Seconds from a command's arrival to its answer. The kind is send, change or read: a histogram for each command would be most of a page.",
    (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    ["kind", "transport"],
)
polls: Final = Gauge("backchannel_polls_waiting", "Polls of /api/sync waiting now.")
refused: Final = Counter("backchannel_websocket_refused", "Requests for a WebSocket that could be none.", ["reason"])
syncs: Final = Counter("backchannel_syncs", "Polls of /api/sync answered.", ["kind"])
queue: Final = Gauge("backchannel_log_queue", "Operations waiting for the writer.")
arriving: Final = Gauge("backchannel_arrivals_waiting", "Handshakes, resumes and polls that wait for their turn.")
turned_away: Final = Counter("backchannel_arrivals_turned_away", "Clients asked to retry, because too many waited.")
rooms_served: Final = Gauge("backchannel_rooms_served", "Rooms that somebody listens to here.")

_of_syncs: Final = {kind: syncs.labels(kind) for kind in ("something", "nothing")}


def count_sync(kind: Literal["something", "nothing"]) -> None:
    _of_syncs[kind].inc()


SHOWN: Final = 100
"""Combinations of a command, its transport and its outcome with a sample of their own, those that came first; a page stays below 600
samples. Of `send_message`, which alerts ask for, all are shown."""
OTHER: Final = "other"
_of_commands: dict[tuple[str, str, str], tuple[Counter, Samples]] = {}
"""The library looks labels up under a lock, which for each command would cost more than counting it."""


def count_command(word: str, transport: str, outcome: str, seconds: float) -> None:
    key = (word, transport, outcome)
    found = _of_commands.get(key)
    if found is None:
        is_shown = len(_of_commands) < SHOWN or word == "send_message"
        shown = key if is_shown else (OTHER, transport, OTHER)
        found = _of_commands[key] = (commands.labels(*shown), command_seconds.labels(_kind_of(word), transport))
    found[0].inc()
    found[1].observe(seconds)


def sends_taken() -> int:
    """Messages that this process has taken since its start, each once."""
    samples = (sample for family in commands.collect() for sample in family.samples)
    return int(sum(each.value for each in samples if _is_taken_send(each.name, each.labels)))


def _is_taken_send(name: str, labels: dict[str, str]) -> bool:
    return name.endswith("_total") and labels["command"] == "send_message" and labels["outcome"] == "ok"


def _kind_of(word: str) -> str:
    if word == "send_message":
        return "send"
    return "read" if COMMANDS[word].method in {"GET", None} else "change"
