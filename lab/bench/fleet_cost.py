"""How long each of the fleet's pages takes to answer, where there is much to read.

    python -m lab.bench.fleet_cost [--rows 100000] [--rounds 5] [--limit-ms 300]

Makes so many connections of 2,000 people over 14 days, with rollups of their hours, a day of minutes of three processes, 200 groups of
errors, 100,000 messages in 50 rooms that one person is in, and as many audit entries as a tenth of the connections; on SQLite, or on the
PostgreSQL that BACKCHANNEL_DATABASE_URL names, which has to be empty. Prints for each page the CPU and the wall time of its answer, the
least and the median of the rounds. Exit status 1 if a median of CPU time is above the limit.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from lab.bench.servers import NOT_INHERITED

PEOPLE, ROOMS, MESSAGES, DAYS = 2000, 50, 2000, 14
NODES = ("0a", "0b", "0c")
BATCH = 5000


def main(argv: list[str]) -> int:
    """The command line that the module's docstring shows."""
    parser = argparse.ArgumentParser(prog="fleet_cost")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit-ms", type=float, default=300)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="bench-data-") as data:
        kept = {name: value for name, value in NOT_INHERITED.items() if name != "BACKCHANNEL_DATABASE_URL"}
        os.environ.update(kept | {"BACKCHANNEL_DATA": data, "DJANGO_SETTINGS_MODULE": "backchannel.site.settings"})
        import django

        django.setup()
        return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    from backchannel.site import state

    state.migrate()
    now_us = time.time_ns() // 1000
    message = _fill(options.rows, now_us)
    too_slow = False
    print(f"{options.rows:,} connections; milliseconds of CPU and of wall time, least / median of {options.rounds}")
    for name, ask in _pages(now_us, message).items():
        spent = [_timed(ask) for _ in range(options.rounds)]
        cpu, wall = zip(*spent, strict=True)
        print(f"{name:20} CPU {min(cpu):7.1f} / {median(cpu):7.1f}    wall {min(wall):7.1f} / {median(wall):7.1f}")
        too_slow = too_slow or median(cpu) > options.limit_ms
    return int(too_slow)


def _timed(ask: Callable[[], Any]) -> tuple[float, float]:
    from backchannel.protocol.codec import encode

    cpu, wall = time.process_time(), time.perf_counter()
    encode(ask())
    return (time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000


def _pages(now_us: int, message: Any) -> dict[str, Callable[[], Any]]:
    from backchannel.evidence.database import database_beside_messages
    from backchannel.fleet import audit, errors, fallback, journey, now, person
    from backchannel.fleet.kept import Kept
    from backchannel.protocol import fleet as f

    kept = Kept("on", database_beside_messages())
    return {
        "now": lambda: now.now(kept, None, None, now_us),
        "fallback, a day": lambda: fallback.fallback(kept, f.FallbackQuery(), now_us),
        "fallback, 30 days": lambda: fallback.fallback(kept, f.FallbackQuery(hours=720), now_us),
        "person": lambda: person.person(kept, f.PersonQuery(person="p1", hours=336), now_us),
        "journey, list": lambda: journey.journey(kept, f.JourneyQuery(person="p1"), now_us),
        "journey": lambda: journey.journey(kept, f.JourneyQuery(person="p1", message=message), now_us),
        "errors": lambda: errors.errors(kept, f.ErrorsQuery(), now_us),
        "audit": lambda: audit.audit(f.AuditQuery(), now_us),
        "audit of a person": lambda: audit.audit(f.AuditQuery(person="p1", limit=500), now_us),
    }


def _fill(rows: int, now_us: int) -> Any:
    """Returns the id of a message."""
    from django.utils import timezone

    from backchannel.accounts.models import AuditEntry
    from backchannel.store.driver import read
    from backchannel.store.models import Membership, Person, Room
    from backchannel.store.transaction import from_db_uuid
    from backchannel.store.workspace import workspace

    workspace()
    people = Person.objects.bulk_create(
        Person(username=f"p{at}", display_name=f"Person {at}") for at in range(1, PEOPLE + 1)
    )
    rooms = Room.objects.bulk_create(Room(kind="group", name=f"Room {at}", head=MESSAGES) for at in range(ROOMS))
    Membership.objects.bulk_create(Membership(room=room, person=people[0], read_seq=MESSAGES // 2) for room in rooms)
    _fill_messages(now_us, people[1].id)
    at = timezone.now()
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                at=at, actor="os:root@x", address="", action="made_up", subject=f"p{n % 500}", position=n, digest="x"
            )
            for n in range(1, rows // 10 + 1)
        ),
        batch_size=BATCH,
    )
    _fill_evidence(rows, now_us, rooms[0].id)
    found = read("SELECT id FROM backchannel_message WHERE room_id = %s AND seq = %s", [rooms[0].id, MESSAGES // 2])
    return from_db_uuid(found[0][0])


def _fill_messages(now_us: int, sender: int) -> None:
    """By the database itself: MESSAGES in each room, over a day."""
    from django.db import connection

    postgres = connection.vendor == "postgresql"
    id_, blob = ("gen_random_uuid()", "''::bytea") if postgres else ("lower(hex(randomblob(16)))", "x''")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO backchannel_message (id, room_id, seq, rev_seq, sender_id, content, fingerprint, created_us, deleted, mentions,"
            " reactions, attachments) WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < %s) "
            f"SELECT {id_}, r.id, g.n, g.n, %s, 'x', {blob}, %s - CAST(%s - g.n AS bigint) * 43200000, {'false' if postgres else '0'}, '[]', '[]', '[]'"
            " FROM backchannel_room r CROSS JOIN g",
            [MESSAGES, sender, now_us, MESSAGES],
        )


def _fill_evidence(rows: int, now_us: int, room: int) -> None:
    from backchannel.evidence import upkeep
    from backchannel.evidence.database import database_beside_messages
    from backchannel.evidence.errors import ErrorGroups
    from backchannel.evidence.nodes import NodeState, beat
    from backchannel.evidence.pace import MINUTE_US, Pace, write_minute
    from backchannel.evidence.rows import RowIds
    from backchannel.evidence.tables import Tables

    connected = database_beside_messages().connect()
    ids = RowIds(1)
    tables = Tables(NODES[0], ids, ErrorGroups())
    made = list(_happened(rows, now_us, ids, room))
    for first in range(0, len(made), BATCH):
        with connected.transaction() as driver:
            tables.write(driver, made[first : first + BATCH])
    for hour in range(now_us // upkeep.HOUR_US - DAYS * 24, now_us // upkeep.HOUR_US):
        with connected.transaction() as driver:
            upkeep.roll_up(driver, tables.words, hour)
    with connected.transaction() as driver:
        for minute in range(24 * 60):
            for node in NODES:
                at_us = now_us - minute * MINUTE_US
                write_minute(driver, node, at_us, Pace(800, 40, 700, 10**6 - minute * 100, [10**6 - minute] * 15))
        for node in NODES:
            beat(driver, node, now_us - 10**12, now_us, NodeState("1.0", free_bytes=9, size_bytes=10))
    connected.close()


def _happened(rows: int, now_us: int, ids: Any, room: int) -> Iterator[Any]:
    """A tenth of the connections fails; one in a hundred is open still. The first person has twenty times as many as others."""
    from backchannel.evidence.classify import Reached
    from backchannel.evidence.rows import Arrived, Ended, Failed, Origin, Seen

    chance = random.Random(1)
    step_us = DAYS * 86_400_000_000 // rows
    for at in range(rows):
        person = 1 if chance.random() < 0.01 else chance.randrange(2, PEOPLE)
        origin = Origin(
            person,
            f"10.{person % 40}.{person % 25}.0/24",
            f"chrome {100 + person % 30}, windows",
            "1.1 squid" if at % 9 == 0 else "",
        )
        row_id = ids.next(now_us - (rows - at) * step_us)
        if at % 10 == 0:
            yield Arrived(row_id, "websocket", origin, Reached.NO_UPGRADE, 426, at + 1)
            continue
        transport: Any = "http" if at % 20 == 1 else "websocket"
        yield Arrived(row_id, transport, origin, attempt=at + 1, client="web", device=person)
        if at % 5 == 1:
            yield Seen(row_id, {room: 1 + at * MESSAGES // rows})
        if at % 100:
            yield Ended(row_id, transport, chance.randrange(10**7), 1006, "link_lost", 5, "web", person)
    for at in range(200):
        yield Failed(now_us, "server", f"Error{at}", f"place{at}", "sample " * 500, f"AAAA-{at:04}", "1.0")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
