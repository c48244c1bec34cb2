"""Once an hour: finished hours are rolled up, and what is too old or too much is deleted, in small steps.

A rollup is made again while late reports may still change its rows. It has no person and no device, so it is kept for long.
"""

import json
from bisect import bisect_left
from collections import defaultdict
from typing import Final

from backchannel.evidence.pace import forget_minutes
from backchannel.evidence.recordings import drop_old_recordings
from backchannel.evidence.rows import id_at
from backchannel.evidence.words import Words, unused
from backchannel.store.driver import Driver

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
ROLLED_AGAIN: Final = 3
"""Hours: a client that was asleep reports late."""
HOURS_KEPT: Final = 400 * 24
"""13 months."""
GROUPS: Final = 200
"""Most groups of one hour; the smallest beyond are added up as `other`."""
STEP: Final = 5000
"""Rows deleted in one transaction: nobody waits for more."""
PERSON_DAYS: Final = 30
LIVES_S: Final = (1, 5, 20, 30, 60, 90, 120, 300, 1800, 7200, 28800, 86400)
"""Upper bounds of the histogram of lives: a proxy's time-out shows as a step."""
ERROR_DAYS: Final = 90

_READ_HOUR: Final = (
    "SELECT transport, cause, code, network, agent, lived_ms FROM ops_connection WHERE id >= %s AND id < %s"
)
Key = tuple[str, str, int, str, str]


def roll_up(driver: Driver, words: Words, hour: int) -> int:
    """Make the rollup of this hour (hours since 1970) again, and return its groups."""
    rows = driver.query(_READ_HOUR, [id_at(hour * HOUR_US), id_at((hour + 1) * HOUR_US)])
    if not rows:  # deleted since, or none: an older rollup stays
        return 0
    counts: dict[Key, list[int]] = defaultdict(lambda: [0, 0, *[0] * (len(LIVES_S) + 1)])
    for transport, cause, code, network, agent, lived_ms in rows:
        named = [words.word_of(driver, number) for number in (cause, network, agent)]
        key = ("http" if transport else "websocket", named[0], code or 0, named[1], named[2])
        group = counts[key]
        group[0] += 1
        if lived_ms is not None:
            group[1] += lived_ms
            group[2 + bisect_left(LIVES_S, lived_ms / 1000)] += 1
    groups = bounded(counts)
    driver.execute("DELETE FROM ops_hour WHERE hour = %s", [hour])
    driver.execute_many(
        "INSERT INTO ops_hour (hour, transport, cause, code, network, agent, connections, lived_ms, lives)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [(hour, *key, group[0], group[1], json.dumps(group[2:])) for key, group in groups.items()],
    )
    return len(groups)


def bounded(counts: dict[Key, list[int]], most: int = GROUPS) -> dict[Key, list[int]]:
    """The largest groups; the others are added up by transport and cause, with network and agent `other`."""
    if len(counts) <= most:
        return dict(counts)
    ordered = sorted(counts.items(), key=lambda item: item[1][0], reverse=True)
    kept = dict(ordered[: most // 2])
    for (transport, cause, _, _, _), group in ordered[most // 2 :]:
        key = (transport, cause, 0, "other", "other")
        kept[key] = [a + b for a, b in zip(kept.get(key, [0] * len(group)), group, strict=True)]
    return kept


def hours_due(last: int | None, now_us: int) -> list[int]:
    """Which hours to roll up. `last`: the last one that is."""
    current = now_us // HOUR_US
    first = current - ROLLED_AGAIN if last is None else min(last + 1, current - ROLLED_AGAIN)
    return list(range(max(first, current - 15 * 24), current))


def last_rolled(driver: Driver) -> int | None:
    found = driver.query("SELECT max(hour) FROM ops_hour", [])[0][0]
    return None if found is None else int(found)


def delete_step(driver: Driver, now_us: int, days: int, rows: int) -> int:
    """Delete the oldest connections that are too old, or beyond `rows`: at most `STEP`. Returns how many."""
    before = id_at(now_us - days * DAY_US)
    newest = driver.query(f"SELECT id FROM ops_connection ORDER BY id DESC LIMIT 1 OFFSET {int(rows)}", [])
    if newest:
        before = max(before, newest[0][0] + 1)
    return driver.execute(
        f"DELETE FROM ops_connection WHERE id IN (SELECT id FROM ops_connection WHERE id < %s ORDER BY id LIMIT {STEP})",
        [before],
    )


def forget_old(driver: Driver, words: Words, now_us: int, days: int) -> None:
    """All but connections."""
    driver.execute(
        "UPDATE ops_connection SET person = NULL, device = NULL WHERE person IS NOT NULL AND id < %s",
        [id_at(now_us - PERSON_DAYS * DAY_US)],
    )
    driver.execute("DELETE FROM ops_hour WHERE hour < %s", [now_us // HOUR_US - HOURS_KEPT])
    driver.execute("DELETE FROM ops_error WHERE last_us < %s", [now_us - ERROR_DAYS * DAY_US])
    forget_minutes(driver, now_us)
    drop_old_recordings(driver, id_at(now_us - days * DAY_US))
    if unused(driver, ("network", "agent", "via", "client")):
        words.forget()


def forget_person(driver: Driver, person: int) -> int:
    """Deletes everything of an erased person. Returns how many rows there were."""
    driver.execute("DELETE FROM ops_report WHERE person = %s", [person])
    return driver.execute(
        "UPDATE ops_connection SET person = NULL, device = NULL, seen = NULL WHERE person = %s", [person]
    )
