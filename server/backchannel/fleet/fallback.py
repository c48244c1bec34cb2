"""`GET /api/fleet/fallback`: who is on HTTP and why, and which network, browser or proxy ends WebSockets.

Finished hours come from their rollups, the current ones from the connections themselves. A client that polls is no attempt: it is seen
by the attempts at a WebSocket that it makes meanwhile.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from backchannel.evidence.causes import Cause
from backchannel.evidence.rows import id_at, us_of
from backchannel.evidence.upkeep import DAY_US, HOUR_US, LIVES_S
from backchannel.fleet.kept import Kept, View
from backchannel.fleet.rates import wilson
from backchannel.protocol.fleet import CausesOfHour, FallbackQuery, FleetFallback, Lives, OnHttp, Place, Proxy
from backchannel.protocol.times import to_wire
from backchannel.store.driver import read
from backchannel.store.transaction import PERSON, marks

PLACES: Final = 100
PEOPLE: Final = 100
PROXIES: Final = 50
BUCKETS: Final = len(LIVES_S) + 1


@dataclass(frozen=True, slots=True)
class Sums:
    """Attempts at a WebSocket, by what the page shows."""

    hours: Counter[tuple[int, str]] = field(default_factory=Counter)
    """By hour since 1970, and cause."""
    places: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By network, agent and cause."""
    lives: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    """By bucket of LIVES_S."""
    cut: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    """Of these, those with a cause."""


@dataclass(slots=True)
class _Tally:
    attempts: int = 0
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, cause: str, count: int) -> None:
        self.attempts += count
        if cause:
            self.causes[cause] += count

    @property
    def failed(self) -> int:
        return self.causes.total()

    @property
    def main_cause(self) -> str:
        """The most frequent one that says something: of an idle cut, the first two are unknown."""
        named = [cause for cause, _ in self.causes.most_common()]
        return next((cause for cause in named if cause != Cause.UNKNOWN), named[0] if named else "")


def fallback(kept: Kept, query: FallbackQuery, now_us: int) -> FleetFallback:
    """Blocking."""
    answer = FleetFallback(to_wire(now_us), kept.analytics, [], [], [], [], [])
    with kept.view() as view:
        if view is None:
            return answer
        sums = _sums(view, now_us, query.hours)
        answer.hours = hours_of(sums)
        answer.places = places_of(sums)
        answer.lives = [Lives(*each) for each in zip([*LIVES_S, None], sums.lives, sums.cut, strict=True)]
        answer.proxies = _proxies(view, now_us - min(query.hours * HOUR_US, DAY_US))
        waiting = _on_http(view) if kept.has_people else []
    answer.people = _named(waiting)
    return answer


# -- of sums: pure


def hours_of(sums: Sums) -> list[CausesOfHour]:
    tallies: dict[int, _Tally] = defaultdict(_Tally)
    for (hour, cause), count in sums.hours.items():
        tallies[hour].add(cause, count)
    return [
        CausesOfHour(to_wire(hour * HOUR_US), tally.attempts, dict(tally.causes.most_common()))
        for hour, tally in sorted(tallies.items())
    ]


def places_of(sums: Sums) -> list[Place]:
    tallies: dict[tuple[str, str], _Tally] = defaultdict(_Tally)
    for (network, agent, cause), count in sums.places.items():
        tallies[network, agent].add(cause, count)
    places = [
        Place(*key, tally.attempts, tally.failed, *wilson(tally.failed, tally.attempts), tally.main_cause)
        for key, tally in tallies.items()
    ]
    return sorted(places, key=lambda place: (-place.failed, -place.attempts, place.network, place.agent))[:PLACES]


# -- of the tables


def _sums(view: View, now_us: int, hours: int) -> Sums:
    """The newest rollup is made again while reports come late, so what follows it is counted from the connections."""
    sums, current = Sums(), now_us // HOUR_US
    first = current - hours + 1
    newest = view.driver.query("SELECT max(hour) FROM ops_hour WHERE hour < %s", [current])[0][0]
    _add_rolled(view, sums, first, current)
    _add_current(view, sums, first if newest is None else max(first, newest + 1))
    return sums


def _add_rolled(view: View, sums: Sums, first: int, before: int) -> None:
    """Added up by the database where it can: a month has up to 144,000 groups."""
    among = "FROM ops_hour WHERE hour >= %s AND hour < %s AND transport = 'websocket'"
    values = [first, before]
    for hour, cause, count in view.driver.query(f"SELECT hour, cause, sum(connections) {among} GROUP BY 1, 2", values):
        sums.hours[hour, cause] += int(count)
    by_place = f"SELECT network, agent, cause, sum(connections) {among} GROUP BY 1, 2, 3"
    for network, agent, cause, count in view.driver.query(by_place, values):
        sums.places[network, agent, cause] += int(count)
    for condition, counts in (("cause = ''", [sums.lives]), ("cause <> ''", [sums.lives, sums.cut])):
        texts = view.driver.query(f"SELECT lives {among} AND {condition}", values)
        # One parse of all of them takes a tenth of the time of one for each.
        lists = msgspec.json.decode(f"[{','.join(text for (text,) in texts)}]", type=list[list[int]])
        for bucket, column in enumerate(zip(*lists, strict=True)):
            for each in counts:
                each[bucket] += sum(column)


def _add_current(view: View, sums: Sums, first_hour: int) -> None:
    """From this hour on, grouped by the database."""
    bucket = " ".join(f"WHEN lived_ms <= {bound * 1000} THEN {index}" for index, bound in enumerate(LIVES_S))
    rows = view.driver.query(
        f"SELECT id / {id_at(HOUR_US)} AS hour, cause, network, agent, CASE WHEN lived_ms IS NULL THEN -1 {bucket}"
        f" ELSE {len(LIVES_S)} END AS life, count(*) FROM ops_connection WHERE id >= %s AND transport = 0 GROUP BY 1, 2, 3, 4, 5",
        [id_at(first_hour * HOUR_US)],
    )
    words = view.words(number for _, *named, _, _ in rows for number in named)
    for hour, cause, network, agent, life, count in rows:
        sums.hours[hour, words[cause]] += count
        sums.places[words[network], words[agent], words[cause]] += count
        if life >= 0:
            sums.lives[life] += count
            sums.cut[life] += count if cause is not None else 0


def _proxies(view: View, since_us: int) -> list[Proxy]:
    rows = view.driver.query(
        "SELECT via, count(*) AS attempts, count(cause) FROM ops_connection WHERE id >= %s AND transport = 0 AND via IS NOT NULL"
        f" GROUP BY via ORDER BY attempts DESC LIMIT {PROXIES}",
        [id_at(since_us)],
    )
    words = view.words(via for via, _, _ in rows)
    return [Proxy(words[via], attempts, failed) for via, attempts, failed in rows]


@dataclass(frozen=True, slots=True)
class _Polling:
    person: int
    since_us: int
    agent: str
    network: str
    cause: str


def _on_http(view: View) -> list[_Polling]:
    """Their last attempt that failed is found by the index of persons, one look for each of at most PEOPLE."""
    rows = view.driver.query(
        "SELECT c.person, c.id, c.agent, c.network, (SELECT w.cause FROM ops_connection w WHERE w.person = c.person AND w.transport = 0"
        " AND w.id > c.id - %s AND w.cause IS NOT NULL AND (w.device = c.device OR w.device IS NULL OR c.device IS NULL)"
        " ORDER BY w.id DESC LIMIT 1) FROM ops_connection c WHERE c.lived_ms IS NULL AND c.reached = 2"
        f" AND c.transport = 1 AND c.person IS NOT NULL ORDER BY c.id LIMIT {PEOPLE}",
        [id_at(DAY_US)],
    )
    words = view.words(number for _, _, *named in rows for number in named)
    return [
        _Polling(person, us_of(id_), words[agent], words[network], words[cause])
        for person, id_, agent, network, cause in rows
    ]


def _named(polling: Sequence[_Polling]) -> list[OnHttp]:
    """Who was erased meanwhile is left out."""
    ids = sorted({each.person for each in polling})
    names = dict(read(f"SELECT id, username FROM {PERSON} WHERE id IN ({marks(ids)})", ids)) if ids else {}
    return [
        OnHttp(each.person, names[each.person], to_wire(each.since_us), each.agent, each.network, each.cause)
        for each in polling
        if each.person in names
    ]
