"""Rooms and messages for the reads to be measured on, made by the database itself in a few seconds.

    python -m lab.bench.reads.data

A process of its own, as Django reads its settings once. Person 1 is in 500 rooms of 10 people with 200 messages, of which 150
are unread; in one of 1,000 messages and one of 1,000,000, whose ids it prints as JSON with a token of person 1's.
"""

from __future__ import annotations

import json
import os
import sys

ROOMS, MESSAGES, UNREAD = 500, 200, 150
LENGTHS = (1_000, 1_000_000)
BODY = "A message of about two hundred bytes. " + "x" * 150


def main() -> int:
    """Fill an empty database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backchannel.site.settings")
    import django

    django.setup()
    from django.db import connection, transaction

    from backchannel.site import state

    state.migrate()
    with transaction.atomic():
        token = _fill()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as autovacuum has a table within a minute of so many messages
    print(json.dumps({"token": token, "long": {length: ROOMS + 1 + at for at, length in enumerate(LENGTHS)}}))
    return 0


def _fill() -> str:
    from django.contrib.auth import get_user_model
    from django.db import connection

    from backchannel.accounts.lookup import issue_token
    from backchannel.accounts.people import person_of
    from backchannel.store.models import Person, Room
    from backchannel.store.workspace import workspace

    workspace()
    reader = get_user_model()._default_manager.create(username="reader", display_name="Reader")
    me = person_of(reader).id
    people = [Person(account=f"other:{n}", username=f"other{n}", display_name=f"Other {n}") for n in range(1, 1000)]
    others = [row.id for row in Person.objects.bulk_create(people)]
    heads = [MESSAGES] * ROOMS + list(LENGTHS)
    rooms = Room.objects.bulk_create(
        [Room(kind="group", name=f"Room {at}", head=head, member_count=10) for at, head in enumerate(heads)]
    )
    assert [room.id for room in rooms] == list(range(1, len(heads) + 1))
    postgres = connection.vendor == "postgresql"
    numbers = "generate_series(1, r.head) g(n)" if postgres else "g ON g.n <= r.head"
    series = (
        "" if postgres else f"WITH RECURSIVE g(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM g WHERE n < {max(heads)}) "
    )
    id_, blob = ("gen_random_uuid()", "'\\x00'::bytea") if postgres else ("lower(hex(randomblob(16)))", "x'00'")
    join = f"CROSS JOIN LATERAL {numbers}" if postgres else f"JOIN {numbers}"
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO backchannel_membership (room_id, person_id, role, state, joined_seq, read_seq) "
            "VALUES (%s, %s, 'member', 'member', 0, %s)",
            [
                (room.id, person, max(0, room.head - UNREAD))
                for room in rooms
                for person in [me, *(others[(room.id * 9 + at) % len(others)] for at in range(9))]
            ],
        )
        cursor.execute(
            "INSERT INTO backchannel_message (id, room_id, seq, rev_seq, sender_id, content, fingerprint, created_us, "
            f"deleted, mentions, reactions, attachments) {series}SELECT {id_}, r.id, g.n, g.n, %s + (g.n + r.id) %% 9, %s, "
            f"{blob}, 1700000000000000 + g.n, {'false' if postgres else '0'}, '[]', '[]', '[]' "
            f"FROM backchannel_room r {join}",
            [others[0], BODY],
        )
    return issue_token(reader)


if __name__ == "__main__":
    sys.exit(main())
