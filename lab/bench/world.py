"""People and rooms for a measurement, written straight into the server's database before it starts.

    python -m lab.bench.world --people 5000 --rooms 100,1000,5000 --own 256 --small 5x50

Runs as a process of its own, as Django reads its settings once: BACKCHANNEL_DATA or BACKCHANNEL_DATABASE_URL says where.
It makes the tables where they are not there yet, and prints one JSON object: the `tokens` of the people in order, the
ids of `rooms` by size, of `own` rooms by person, and of rooms with a `history` by its length.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import uuid
from collections.abc import Sequence
from typing import Any


def main(argv: list[str]) -> int:
    """Make what the options name, in an empty database."""
    parser = argparse.ArgumentParser(prog="world")
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--rooms", default="", help="rooms with the first N people each")
    parser.add_argument("--own", type=int, default=0, help="so many people have a room with one other each")
    parser.add_argument("--history", default="", help="for each number a room of everybody with so many messages")
    parser.add_argument("--small", default="", help="5x50: everybody is in 5 rooms of 50; several with commas")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backchannel.site.settings")
    import django

    django.setup()
    from django.db import transaction

    from backchannel.site import state

    if state.unapplied():
        state.migrate()
    with transaction.atomic():
        made = _make(options)
    print(json.dumps(made))
    return 0


def _make(options: argparse.Namespace) -> dict[str, Any]:
    from backchannel.store.models import Person, Room
    from backchannel.store.workspace import workspace

    workspace()
    tokens = _accounts(options.people)
    people = list(Person.objects.order_by("id").values_list("id", flat=True))
    sizes = [int(size) for size in options.rooms.split(",") if size]
    members: list[Sequence[int]] = [range(size) for size in sizes]
    members += [(index, (index + 1) % options.people) for index in range(options.own)]
    lengths = [int(length) for length in options.history.split(",") if length]
    members += [range(options.people)] * len(lengths)
    for small in filter(None, options.small.split(",")):
        count, size = map(int, small.split("x"))
        members += [group for turn in range(count) for group in _groups(options.people, size, turn)]
    rooms = Room.objects.bulk_create(
        [Room(kind="group", name=f"Room {at}", member_count=len(who)) for at, who in enumerate(members)]
    )
    ids = [room.id for room in rooms]
    _memberships(ids, members, people)
    own = ids[len(sizes) : len(sizes) + options.own]
    old = dict(zip(map(str, lengths), ids[len(sizes) + options.own :], strict=False))
    for length, room in old.items():
        _history(room, int(length), people)
    return {"tokens": tokens, "rooms": dict(zip(map(str, sizes), ids, strict=False)), "own": own, "history": old}


def _history(room: int, length: int, people: list[int]) -> None:
    """A room in which people spoke in turn, a message a second, until now. Without the ORM, as there may be a million."""
    from django.db import connection

    from backchannel.store.clock import now_us
    from backchannel.store.models import Message, Room

    began = now_us() - length * 1_000_000
    as_kept = Message._meta.get_field("id").get_db_prep_value
    names = ("id", "room_id", "seq", "rev_seq", "sender_id", "content", "fingerprint", "created_us")
    more = ("deleted", "mentions", "reactions", "attachments")
    sql = f"INSERT INTO {Message._meta.db_table} ({', '.join(names + more)}) VALUES ({', '.join(['%s'] * len(names + more))})"
    rows = (
        (
            *(as_kept(uuid.UUID(int=room << 64 | seq), connection), room, seq, seq, people[seq % len(people)]),
            *(f"Message {seq}, about as long as most of them are.", b"\0" * 16, began + seq * 1_000_000),
            *(False, "[]", "[]", "[]"),
        )
        for seq in range(1, length + 1)
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)  # type: ignore[arg-type]  # it takes what can be iterated
    Room.objects.filter(pk=room).update(head=length)


def _groups(people: int, size: int, turn: int) -> list[list[int]]:
    """Everybody in groups of `size`; each turn mixes them differently."""
    step = people // size
    if turn == 0:
        return [list(range(at, min(at + size, people))) for at in range(0, people, size)]
    return [[(at + index * step + index * turn) % people for index in range(size)] for at in range(step)]


def _accounts(count: int) -> list[str]:
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from backchannel.accounts.models import Token
    from backchannel.accounts.secrets import TOKEN_PREFIX, digest, new_secret
    from backchannel.store.models import Person

    model: Any = get_user_model()
    names = [f"member{number}" for number in range(count)]
    users = model.objects.bulk_create(
        [model(username=name, display_name=name.title(), password="!") for name in names], batch_size=500
    )
    Person.objects.bulk_create(
        [
            # As a first visit leaves them: what is written at that visit is no part of what is measured.
            Person(
                account=str(user.pk),
                username=user.username,
                display_name=user.display_name,
                external_id=str(user.pk),
            )
            for user in users
        ],
        batch_size=500,
    )
    secrets = [new_secret(TOKEN_PREFIX) for _ in users]
    # Used a moment ago: what is noted of a token's use is no part of what is measured.
    Token.objects.bulk_create(
        [
            Token(user=user, digest=digest(secret), last_used=timezone.now())
            for user, secret in zip(users, secrets, strict=True)
        ],
        batch_size=500,
    )
    return secrets


def _memberships(rooms: list[int], members: list[Any], people: list[int]) -> None:
    from backchannel.store.models import Membership

    rows = [
        Membership(room_id=room, person_id=people[index], role="owner" if at == 0 else "member")
        for room, who in zip(rooms, members, strict=True)
        for at, index in enumerate(dict.fromkeys(who))
    ]
    Membership.objects.bulk_create(rows, batch_size=500)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
