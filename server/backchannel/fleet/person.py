"""`GET /api/fleet/person` and `GET /api/me/connections`: the connections of one person, by device."""

from collections.abc import Iterable
from itertools import count
from string import ascii_uppercase

from backchannel.evidence.rows import id_at, us_of
from backchannel.evidence.upkeep import HOUR_US
from backchannel.fleet.connection import Connection
from backchannel.fleet.kept import Kept, View
from backchannel.fleet.people import whom
from backchannel.fleet.stretches import connections_of
from backchannel.protocol.fleet import FleetPerson, Lane, OwnConnections, OwnQuery, PersonQuery, RecordingKept, Stretch
from backchannel.protocol.times import to_wire

UNKNOWN = "?"


def person(kept: Kept, query: PersonQuery, now_us: int) -> FleetPerson:
    """Blocking. Raises `user_not_found`."""
    found = whom(query.person)
    answer = FleetPerson(to_wire(now_us), kept.analytics, found, [], [], False)
    if not kept.has_people:
        return answer
    since_us = now_us - query.hours * HOUR_US
    with kept.view() as view:
        if view is not None:
            connections, answer.partial = connections_of(view, found.id, since_us)
            answer.lanes = lanes_of(connections)
            answer.recordings = _recordings(view, found.id, since_us)
    return answer


def own_connections(kept: Kept, query: OwnQuery, person_id: int, now_us: int) -> OwnConnections:
    """Blocking."""
    answer = OwnConnections(to_wire(now_us), kept.analytics, [], False)
    if kept.has_people:
        with kept.view() as view:
            if view is not None:
                connections, answer.partial = connections_of(view, person_id, now_us - query.hours * HOUR_US)
                answer.lanes = lanes_of(connections)
    return answer


def lanes_of(connections: Iterable[Connection]) -> list[Lane]:
    """Devices in the order in which they came; what no device is known of is last. Pure."""
    lanes: dict[int | None, Lane] = {}
    names = (letter * times for times in count(1) for letter in ascii_uppercase)
    for each in connections:
        if each.device not in lanes:
            lanes[each.device] = Lane(UNKNOWN if each.device is None else next(names), "", "", [])
        lane = lanes[each.device]
        lane.agent, lane.client = each.agent or lane.agent, each.client or lane.client
        lane.stretches.append(_shown(each))
    unknown = lanes.pop(None, None)
    return [*lanes.values(), *([unknown] if unknown else [])]


def _shown(each: Connection) -> Stretch:
    return Stretch(
        each.transport,
        to_wire(each.since_us),
        None if each.until_us is None else to_wire(each.until_us),
        each.live,
        each.code,
        each.reason,
        each.stage,
        each.cause,
        each.agent,
        each.network,
        each.via,
        each.node,
    )


def _recordings(view: View, person_id: int, since_us: int) -> list[RecordingKept]:
    """At most 500 are kept of all people together."""
    rows = view.driver.query(
        "SELECT id, why, length(body) FROM ops_report WHERE person = %s AND id >= %s ORDER BY id DESC LIMIT 50",
        [person_id, id_at(since_us)],
    )
    return [RecordingKept(str(id_), to_wire(us_of(id_)), why, size) for id_, why, size in rows]
