"""`GET /api/fleet/now`: how the fleet is at this moment, and was within the last 24 hours."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from backchannel.evidence.nodes import SILENT_US
from backchannel.evidence.pace import MINUTE_US, MinuteRow, read_minutes
from backchannel.evidence.rows import id_at
from backchannel.evidence.upkeep import HOUR_US
from backchannel.fleet.kept import Kept, View
from backchannel.fleet.problems import problems_of
from backchannel.fleet.rates import quantile
from backchannel.protocol.fleet import BackupMade, CauseCount, Durations, Examined, FleetNode, FleetNow, Minutes, Open
from backchannel.protocol.reports import BOUNDS_S
from backchannel.protocol.times import to_wire
from backchannel.store.backup_marker import Backup

SHOWN_MINUTES: Final = 24 * 60
STEP: Final = 5
"""Minutes of one point of the picture."""
SENDS_OVER: Final = 5
DELIVERY_OVER: Final = 60


def now(kept: Kept, backup: Backup | None, examined: Examined | None, now_us: int) -> FleetNow:
    """Blocking. `backup`: the newest that is known. `examined`: what the doctor found last."""
    made = None if backup is None else BackupMade(to_wire(backup.at_us), backup.size_bytes)
    answer = FleetNow(to_wire(now_us), kept.analytics, 0, 0.0, None, [], [], [], [], made, [], examined)
    with kept.view() as view:
        if view is not None:
            minute = now_us // MINUTE_US
            rows = read_minutes(view.driver, minute - SHOWN_MINUTES)
            latest = latest_of(rows, minute)
            answer.people = sum(row.pace.people for row in latest)
            answer.sends_per_s = round(_sends(rows, minute - SENDS_OVER) / (SENDS_OVER * 60), 3)
            answer.delivery = _delivery(rows, minute - DELIVERY_OVER)
            answer.minutes = points(rows)
            answer.open = _open(view)
            answer.causes = _causes(view, now_us)
            answer.nodes = _nodes(view, now_us)
    answer.problems = problems_of(answer, now_us)
    return answer


def latest_of(rows: Sequence[MinuteRow], minute: int) -> list[MinuteRow]:
    """The newest row of each process that has written one within this minute or the one before."""
    newest = {row.node: row for row in rows if row.minute >= minute - 1}
    return list(newest.values())


def points(rows: Iterable[MinuteRow]) -> list[Minutes]:
    """One point for each five minutes in which a process was there; in the order of time."""
    before: dict[str, int] = {}
    found = []
    for step, some in groupby(rows, lambda row: row.minute // STEP):
        last: dict[str, MinuteRow] = {}
        sends = 0
        for row in some:
            sends += _since(row, before)
            last[row.node] = row
        paces = [row.pace for row in last.values()]
        found.append(
            Minutes(
                to_wire(step * STEP * MINUTE_US),
                sum(pace.websocket for pace in paces),
                sum(pace.http for pace in paces),
                sum(pace.people for pace in paces),
                sends,
            )
        )
    return found


def _since(row: MinuteRow, before: dict[str, int]) -> int:
    """Messages taken since the row before of the same process, which is remembered. None of the first: when they came is not known."""
    sends = row.pace.sends - before.get(row.node, row.pace.sends)
    before[row.node] = row.pace.sends
    return sends


def _sends(rows: Iterable[MinuteRow], since: int) -> int:
    """Messages taken from this minute on."""
    before: dict[str, int] = {}
    return sum(_since(row, before) for row in rows if row.minute >= since)


def _delivery(rows: Iterable[MinuteRow], since: int) -> Durations | None:
    """Of the samples from this minute on. Those of a process that started since count from its start."""
    first: dict[str, Sequence[int]] = {}
    last: dict[str, Sequence[int]] = {}
    for row in rows:
        if row.minute < since:
            first[row.node] = row.pace.delivery
        else:
            last[row.node] = row.pace.delivery
    counts = [0] * (len(BOUNDS_S) + 1)
    for node, until in last.items():
        for index, count in enumerate(until):
            counts[index] += count - (first[node][index] if node in first else 0)
    if not any(counts):
        return None
    return Durations(sum(counts), quantile(counts, BOUNDS_S, 0.5), quantile(counts, BOUNDS_S, 0.99))


def _open(view: View) -> list[Open]:
    rows = view.driver.query(
        "SELECT transport, client, count(*) FROM ops_connection WHERE lived_ms IS NULL AND reached = 2 GROUP BY transport, client",
        [],
    )
    words = view.words(client for _, client, _ in rows)
    counts: dict[tuple[int, str], int] = defaultdict(int)
    for transport, client, count in rows:
        counts[transport, words[client]] += count
    return [Open("http" if key[0] else "websocket", key[1], count) for key, count in sorted(counts.items())]


def _causes(view: View, now_us: int) -> list[CauseCount]:
    rows = view.driver.query(
        "SELECT cause, count(*) FROM ops_connection WHERE id >= %s AND cause IS NOT NULL GROUP BY cause",
        [id_at(now_us - HOUR_US)],
    )
    words = view.words(cause for cause, _ in rows)
    return sorted((CauseCount(words[cause], count) for cause, count in rows), key=lambda each: -each.count)


def _nodes(view: View, now_us: int) -> list[FleetNode]:
    rows = view.driver.query(
        "SELECT id, version, started_us, last_us, bus_up, free_bytes, size_bytes FROM ops_node ORDER BY last_us DESC LIMIT 100",
        [],
    )
    return [
        FleetNode(id_, version, to_wire(started), to_wire(last), last < now_us - SILENT_US, bool(bus_up), free, size)
        for id_, version, started, last, bus_up, free, size in rows
    ]
