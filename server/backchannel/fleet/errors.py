"""`GET /api/fleet/errors`: groups of unexpected errors."""

from typing import Any

from backchannel.fleet.kept import Kept
from backchannel.protocol.fleet import ErrorGroup, ErrorsQuery, FleetErrors
from backchannel.protocol.times import to_wire


def errors(kept: Kept, query: ErrorsQuery, now_us: int) -> FleetErrors:
    """Blocking. At most 200 groups are kept, so all are read."""
    answer = FleetErrors(to_wire(now_us), kept.analytics, [])
    with kept.view() as view:
        if view is not None:
            rows = view.driver.query(
                "SELECT side, kind, place, version, first_us, last_us, count, reference, sample FROM ops_error ORDER BY last_us DESC",
                [],
            )
            groups = map(_group, rows)
            answer.groups = [each for each in groups if _is_asked_for(each, query)]
    return answer


def _group(row: tuple[Any, ...]) -> ErrorGroup:
    side, kind, place, version, first_us, last_us, count, reference, sample = row
    return ErrorGroup(side, kind, place, version, to_wire(first_us), to_wire(last_us), count, reference.split(), sample)


def _is_asked_for(group: ErrorGroup, query: ErrorsQuery) -> bool:
    if query.side is not None and group.side != query.side:
        return False
    return query.reference is None or query.reference.strip().upper() in group.references
