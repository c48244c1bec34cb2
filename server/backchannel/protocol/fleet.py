"""`/api/fleet/…`: what staff see of connections, nodes and errors, and `/api/me/connections`: what each person sees of their own. For people
and scripts; no client needs it.

No answer has the content of a message. Of a direct room no answer has the name, the id or who else is in it. `analytics` says what
the server keeps: with `anonymous` nothing is listed by person, with `off` there is only what the messages' own tables say.

Moments are ISO 8601 in UTC. Durations are in milliseconds where their name ends with `ms`, else in seconds.

Longer than 300 lines: it is one list of declarations, as commands.py is.
"""

from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Meta

Analytics = Literal["on", "anonymous", "off"]
Transport = Literal["websocket", "http"]
Evidence = Literal["exact", "bounded", "unknown"]
"""`exact`: at `latest`. `bounded`: not before `earliest` and not after `latest`, as far as each is there. `unknown`: nothing was kept."""


class Query(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The parameters of one address."""


class NowQuery(Query):
    pass


class FallbackQuery(Query):
    hours: Annotated[int, Meta(ge=1, le=720)] = 24
    """How far back, up to 30 days."""


class PersonQuery(Query):
    person: Annotated[str, Meta(min_length=1, max_length=150)]
    """A username, or an id."""
    hours: Annotated[int, Meta(ge=1, le=336)] = 24
    """How far back, up to 14 days."""


class OwnQuery(Query):
    hours: Annotated[int, Meta(ge=1, le=336)] = 24
    """How far back, up to 14 days."""


class AskQuery(Query):
    person: Annotated[str, Meta(min_length=1, max_length=150)]
    """A username, or an id."""


class RecordingQuery(Query):
    id: Annotated[str, Meta(pattern="^[0-9]{1,19}$")]
    """As `person` lists it."""


class JourneyQuery(Query):
    person: Annotated[str, Meta(min_length=1, max_length=150)]
    """Who should have received it: a username, or an id."""
    message: UUID | None = None
    """By its id. Without it and `room`: the newest messages that this person should have."""
    room: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None
    """With `seq`, as in the address of a message. Not of a direct room: there anybody could be tried with anybody."""
    seq: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None


class ErrorsQuery(Query):
    side: Literal["server", "browser"] | None = None
    reference: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    """As a person was shown it: "K7QF-2MZD"."""


class AuditQuery(Query):
    action: Annotated[str, Meta(max_length=40)] = ""
    person: Annotated[str, Meta(max_length=200)] = ""
    """Who did it, or whom it concerns."""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


# -- now


class Open(msgspec.Struct):
    """Connections that are open now."""

    transport: Transport
    client: str
    count: int


class Minutes(msgspec.Struct):
    """The whole fleet in five minutes: connections and people at their end, messages taken within them. A person who is connected to two
    nodes counts twice."""

    at: str
    websocket: int
    http: int
    people: int
    sends: int


class Durations(msgspec.Struct):
    """How long something took within the last hour, as people's clients saw it. `p50` and `p99`: the upper bound of the bucket it is in, in
    seconds; null if it took longer than 300 s."""

    count: int
    p50: float | None
    p99: float | None


class FleetNode(msgspec.Struct):
    """A process that serves. `silent`: it has not been seen for a minute: it was stopped, or was lost. The disk is SQLite's."""

    id: str
    version: str
    started_at: str
    last_at: str
    silent: bool
    bus_up: bool
    free_bytes: int | None
    size_bytes: int | None


class BackupMade(msgspec.Struct):
    """The newest backup that `backchannel backup` made of this database."""

    at: str
    size_bytes: int


class CauseCount(msgspec.Struct):
    cause: str
    count: int


class OpenProblem(msgspec.Struct):
    """What an alert of this name would say (docs/runbook.md)."""

    alert: str
    text: str


class FindingShown(msgspec.Struct):
    """Of `backchannel doctor`; docs/reference/doctor.md has the codes. A note need not be wrong."""

    code: str
    title: str
    is_problem: bool
    text: str
    advice: str
    """What to change, as lines to paste."""


class Examined(msgspec.Struct):
    at: str
    findings: list[FindingShown]
    """Without those that are as they should be; problems first."""


class FleetNow(msgspec.Struct):
    at: str
    analytics: Analytics
    people: int
    """Connected, as each node counts them."""
    sends_per_s: float
    """Within the last five minutes."""
    delivery: Durations | None
    """From the commit until another client had applied it; null: nobody reported any."""
    open: list[Open]
    minutes: list[Minutes]
    """Of the last 24 hours, oldest first. Those in which no node was there are left out."""
    causes: list[CauseCount]
    """Why attempts to use the WebSocket ended within the last hour; the most frequent first."""
    nodes: list[FleetNode]
    backup: BackupMade | None
    """Null: none is known."""
    problems: list[OpenProblem]
    examined: Examined | None = None
    """What the doctor found last, at most ten minutes ago while somebody looks; null: not known yet, or in a site of its own."""


# -- fallback


class CausesOfHour(msgspec.Struct):
    at: str
    attempts: int
    """To use the WebSocket; those that nothing ended count too."""
    causes: dict[str, int]


class Place(msgspec.Struct):
    """One kind of browser in one network. `low` and `high`: between which the true rate of failures is with 95 % (Wilson)."""

    network: str
    agent: str
    attempts: int
    failed: int
    low: float
    high: float
    cause: str
    """The most frequent one that is known; "" where nothing failed."""


class Lives(msgspec.Struct):
    """WebSockets that lived up to so many seconds, and longer than those of the entry before. A proxy's time-out shows as a spike."""

    up_to: int | None
    """Null: longer than all others."""
    count: int
    cut: int
    """Of these, with a cause."""


class Proxy(msgspec.Struct):
    """As it names itself in `Via`."""

    via: str
    attempts: int
    failed: int


class OnHttp(msgspec.Struct):
    """Somebody whose client polls now. `cause`: why their last attempt at a WebSocket ended; "" if none is known: a program that polls
    has not tried one."""

    person: int
    username: str
    since: str
    agent: str
    network: str
    cause: str


class FleetFallback(msgspec.Struct):
    at: str
    analytics: Analytics
    hours: list[CausesOfHour]
    """Oldest first."""
    places: list[Place]
    """The 100 with the most failures."""
    lives: list[Lives]
    proxies: list[Proxy]
    """Within the last 24 hours at most."""
    people: list[OnHttp]
    """At most 100, those longest on HTTP first. Empty unless `analytics` is `on`."""


# -- person


class Whom(msgspec.Struct):
    id: int
    username: str
    display_name: str


class Stretch(msgspec.Struct):
    """A WebSocket, an attempt at one, or a time of polling. `until`: null while it is open. `live`: it was greeted."""

    transport: Transport
    since: str
    until: str | None
    live: bool
    code: int | None
    reason: str
    stage: str
    cause: str
    agent: str
    network: str
    via: str
    node: str


class Lane(msgspec.Struct):
    """One device, that is one browser profile or program. `name`: a letter, that of this answer alone; "?" has what nobody knows the device of."""

    name: str
    agent: str
    client: str
    stretches: list[Stretch]
    """Oldest first."""


class RecordingKept(msgspec.Struct):
    """A flight recorder that a client sent. `why`: `error`, `asked` or `person`."""

    id: str
    at: str
    why: str
    size_bytes: int
    """Compressed."""


class FleetPerson(msgspec.Struct):
    at: str
    analytics: Analytics
    person: Whom
    lanes: list[Lane]
    recordings: list[RecordingKept]
    partial: bool
    """There is more than the newest 500 stretches."""


class OwnConnections(msgspec.Struct):
    """`analytics` other than `on`: nothing is kept by person."""

    at: str
    analytics: Analytics
    lanes: list[Lane]
    partial: bool
    """There is more than the newest 500 stretches."""


class RecorderAsked(msgspec.Struct):
    """Those of the person's clients that are connected send their recorders within seconds; `person` then lists them."""

    at: str
    person: Whom


class RecordedLine(msgspec.Struct):
    """`text`: `<event> <name>=<value> …`; never contents, names of rooms or typed text."""

    at: str
    text: str


class FleetRecording(msgspec.Struct):
    at: str
    """When it was sent."""
    why: str
    client: str
    """Name and version, as the client says."""
    transport: Transport | None
    """What worked when it was sent."""
    waiting: int
    """Messages that waited to be sent."""
    lines: list[RecordedLine]
    """Oldest first."""


# -- journey


class RoomOfMessage(msgspec.Struct):
    """`id` and `name`: null for a direct room. A group may have no name."""

    kind: Literal["direct", "group", "channel"]
    id: int | None
    name: str | None


class Expected(msgspec.Struct):
    """A message that a person should have. `arrived`: null where nothing says so."""

    id: UUID
    at: str
    seq: int
    room: RoomOfMessage
    arrived: bool | None
    read: bool


StepName = Literal["typed", "tried", "committed", "published", "written", "seen", "read"]


class Step(msgspec.Struct, kw_only=True):
    """One step of a message. `state`: `open` if it has not happened, as far as can be known."""

    step: StepName
    state: Literal["done", "open", "unknown"]
    evidence: Evidence
    earliest: str | None = None
    latest: str | None = None
    transport: Transport | None = None
    text: str
    """What this rests on."""


class Journey(msgspec.Struct):
    id: UUID
    seq: int
    room: RoomOfMessage
    sender: Whom | None
    """Null in a direct room."""
    verdict: str
    """One sentence."""
    steps: list[Step]


class FleetJourney(msgspec.Struct):
    at: str
    analytics: Analytics
    person: Whom
    expected: list[Expected]
    """The newest first, at most 20; empty where a message was named."""
    journey: Journey | None


# -- errors, audit


class ErrorGroup(msgspec.Struct):
    """Errors of one kind at one place of the code. `references`: the last ones that people were shown. `sample`: scrubbed of secrets."""

    side: Literal["server", "browser"]
    kind: str
    place: str
    version: str
    first_at: str
    last_at: str
    count: int
    references: list[str]
    sample: str


class FleetErrors(msgspec.Struct):
    at: str
    analytics: Analytics
    groups: list[ErrorGroup]
    """Those met last first; at most 200 are kept."""


class AuditLine(msgspec.Struct):
    """`position`: in the chain; null until it is sealed."""

    position: int | None
    at: str
    actor: str
    address: str
    action: str
    subject: str
    details: dict[str, Any]
    digest: str


class FleetAudit(msgspec.Struct):
    at: str
    entries: list[AuditLine]
    """The newest first."""


class Address(NamedTuple):
    """Of this part of the API: its parameters, its answer, and who may ask."""

    query: type[Query]
    answer: type[msgspec.Struct]
    summary: str
    method: Literal["GET", "POST"] = "GET"
    for_staff: bool = True


ADDRESSES: Final[dict[str, Address]] = {
    "/api/fleet/now": Address(
        NowQuery, FleetNow, "See how the fleet is: people, transports, nodes, backup, and what is wrong."
    ),
    "/api/fleet/fallback": Address(
        FallbackQuery, FleetFallback, "See who is on HTTP and why: causes, networks, browsers, proxies."
    ),
    "/api/fleet/person": Address(PersonQuery, FleetPerson, "See the connections of one person, by device."),
    "/api/fleet/recorder": Address(
        AskQuery, RecorderAsked, "Ask a person's clients to send what they recorded of their connection.", "POST"
    ),
    "/api/fleet/recording": Address(RecordingQuery, FleetRecording, "See the lines of a recorder that a client sent."),
    "/api/fleet/journey": Address(
        JourneyQuery, FleetJourney, "See the way of one message to one person, and what stopped it."
    ),
    "/api/fleet/errors": Address(
        ErrorsQuery, FleetErrors, "See unexpected errors of the server and of browsers, in groups."
    ),
    "/api/fleet/audit": Address(AuditQuery, FleetAudit, "See who changed whose access, or the server."),
    "/api/me/connections": Address(
        OwnQuery, OwnConnections, "See one's own connections by device, and why each ended.", for_staff=False
    ),
}
