"""Rooms, messages and their index for searches to be measured on.

    python -m lab.bench.search.data MESSAGES

A process of its own, as Django reads its settings once. Three readers are in 4, 120 and all 500 rooms. The messages have words of
Zipf's distribution, about twelve each. Prints as JSON: the readers' tokens, words of each
frequency, how long indexing took where the follower did it, and the times of the database's own ranked search on the same index.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from statistics import median
from typing import Any
from uuid import UUID

ROOMS = 500
READERS = {"4 rooms": 4, "120 rooms": 120, "500 rooms": ROOMS}
PEOPLE = 200
WORDS = 20_000
WORDS_EACH = 12
AT_ONCE = 10_000
START_US = 1_700_000_000_000_000
EVERY_US = 20_000_000
FOLLOWED = 10_000
"""Up to so many messages are indexed by the follower, which is measured. More are written into the index directly, as it would write them."""
OWN_RANKED = 5
"""Runs of the database's own ranked search: each may take a second."""


def main(messages: int) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backchannel.site.settings")
    import django

    django.setup()
    from django.db import connection

    from backchannel.site import state

    state.migrate()
    random = Random(1)
    tokens = _people_and_rooms(random)
    is_followed = messages <= FOLLOWED
    common, heads = _messages(random, messages, is_indexed=not is_followed)
    took = {}
    if is_followed:
        began, cpu = time.monotonic(), time.process_time()
        _follow(heads)
        took = {"index_s": round(time.monotonic() - began, 1), "index_cpu_s": round(time.process_time() - cpu, 1)}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    words = _words_by_frequency(common)
    print(json.dumps({"tokens": tokens, "words": words, "took": took, "own": _own_ranked(words)}))
    return 0


def _people_and_rooms(random: Random) -> dict[str, str]:
    from django.contrib.auth import get_user_model
    from django.db import connection

    from backchannel.accounts.lookup import issue_token
    from backchannel.accounts.people import person_of
    from backchannel.store.models import Person, Room
    from backchannel.store.workspace import workspace

    workspace()
    accounts = {
        name: get_user_model()._default_manager.create(username=f"reader{count}") for name, count in READERS.items()
    }
    Person.objects.bulk_create(
        Person(account=f"o:{n}", username=f"o{n}", display_name=f"Other {n}") for n in range(PEOPLE)
    )
    Room.objects.bulk_create(Room(kind="group", name=f"Room {n}", member_count=3) for n in range(ROOMS))
    rooms = list(range(1, ROOMS + 1))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO backchannel_membership (room_id, person_id, role, state, joined_seq, read_seq) "
            "VALUES (%s, %s, 'member', 'member', 0, 0)",
            [
                (room, person_of(account).id)
                for name, account in accounts.items()
                for room in random.sample(rooms, READERS[name])
            ],
        )
    return {name: issue_token(account) for name, account in accounts.items()}


def _messages(random: Random, count: int, *, is_indexed: bool) -> tuple[Counter[str], list[int]]:
    """Returns how many messages have each word, and the rooms' heads."""
    from django.db import connection, transaction

    from backchannel.store.models import Person

    letters = "aaabcdeeeefghiiijklmnoopqrrsstttuuvwxyz"
    vocabulary = list(dict.fromkeys("".join(random.choices(letters, k=random.randint(3, 9))) for _ in range(WORDS)))
    weights = list(accumulate(1 / (rank + 1) for rank in range(len(vocabulary))))
    people = list(Person.objects.filter(account__startswith="o:").values_list("id", flat=True))
    heads = [0] * (ROOMS + 1)
    seen: Counter[str] = Counter()
    insert = (
        "INSERT INTO backchannel_message (id, room_id, seq, rev_seq, sender_id, content, fingerprint, created_us, deleted, "
        "mentions, reactions, attachments) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '[]', '[]', '[]')"
    )
    is_postgres = connection.vendor == "postgresql"
    for start in range(0, count, AT_ONCE):
        rows: list[tuple[Any, ...]] = []
        before = heads.copy()
        for number in range(start, min(start + AT_ONCE, count)):
            words = random.choices(vocabulary, cum_weights=weights, k=random.randint(3, WORDS_EACH * 2 - 3))
            seen.update(set(words))
            room = min(int(random.paretovariate(0.5)), ROOMS)
            heads[room] += 1
            id_ = UUID(int=random.getrandbits(128))
            rows.append(
                (id_ if is_postgres else id_.hex, room, heads[room], heads[room], random.choice(people), " ".join(words),
                 b"\0", START_US + number * EVERY_US, False)
            )  # fmt: skip
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(insert, rows)
        if is_indexed:
            _write_index(rows, before, heads)
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE backchannel_room SET head = %s WHERE id = %s", [(h, n) for n, h in enumerate(heads) if h]
        )
    return seen, heads


def _follow(heads: Sequence[int]) -> None:
    """Index everything as the follower's runner does, without the server."""
    from backchannel.followers.search import SearchFollower
    from backchannel.store.followers import Stretch

    follower = SearchFollower()
    for room, head in enumerate(heads):
        for after in range(0, head, follower.batch):
            follower.prepare([Stretch(room, after, min(head, after + follower.batch))])


def _write_index(rows: Sequence[Sequence[Any]], before: Sequence[int], heads: Sequence[int]) -> None:
    """What the follower would make of the rows, without reading them from the log."""
    from backchannel.search.words import words_of
    from backchannel.store import reads
    from backchannel.store.followers import Stretch
    from backchannel.store.search.choice import index
    from backchannel.store.search.documents import Document

    stretches = [
        Stretch(room, after, upto) for room, (after, upto) in enumerate(zip(before, heads, strict=True)) if upto > after
    ]
    documents = (
        Document(
            UUID(str(id_)), room, seq, sender, at_us, tuple((word.text, word.place) for word in words_of(text)), ()
        )
        for id_, room, seq, _, sender, text, _, at_us, _ in rows
    )
    index().write(reads.epoch(), stretches, documents, [])


def _words_by_frequency(seen: Counter[str]) -> dict[str, str]:
    ordered = [word for word, _ in seen.most_common()]
    return {"commonest": ordered[0], "common": ordered[30], "rare": ordered[3000], "rarest": ordered[-1]}


def _own_ranked(words: dict[str, str]) -> dict[str, float]:
    """Milliseconds of the database's own ranked search for each word, in all rooms and without a look at permissions."""
    return {name: _median_ms(word) for name, word in words.items()}


def _median_ms(word: str) -> float:
    import sqlite3
    from contextlib import closing

    from django.db import connection

    from backchannel.store.search.sqlite_file import file_beside

    times = []
    for _ in range(OWN_RANKED):
        began = time.perf_counter()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM backchannel_search_doc WHERE words @@ %s::tsquery "
                    "ORDER BY ts_rank(words, %s::tsquery) DESC LIMIT 20",
                    [f"'{word}'", f"'{word}'"],
                )
                cursor.fetchall()
        else:
            with closing(sqlite3.connect(file_beside(str(connection.settings_dict["NAME"])))) as database:
                database.execute(
                    "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT 20", [word]
                ).fetchall()
        times.append((time.perf_counter() - began) * 1000)
    return round(median(times), 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
