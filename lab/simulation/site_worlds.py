"""Processes of a site and nodes of the chat on one database, from one seed: they die, commits break, and nothing is lost or doubled.

A process runs transactions: each commits, rolls back, or breaks; some are repeated as a whole, as a task queue does. A node applies what
waits. Every one may be killed at every failpoint. In the end everything is healed, applied and compared with what was asked for.

The database is the simulation's: a real SQLite in memory beneath the store's own statements.

    python -m lab.simulation.site_worlds --seeds 0:1000
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any
from unittest import mock

from lab.simulation.__main__ import prepare

PEOPLE, ROOMS = 4, 3


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


class RolledBack(Exception):
    """By the site's own code."""


@dataclass
class Said:
    """A post that was asked for."""

    text: str
    room: str
    key: str | None


@dataclass
class Transaction:
    process: int
    outcome: str = "unknown"
    """committed, rolled back, or unknown: its process, or its connection, broke at the end."""
    said: list[Said] = field(default_factory=list)


class World:
    def __init__(self, seed: int) -> None:
        from backchannel.store.models import Person, Workspace
        from lab.simulation.world.database import Database

        self.rng = Random(seed)
        self.database = Database(self.rng)
        Workspace.objects.create(id=1, epoch="e")
        self.people = [
            Person.objects.create(account=str(number), username=f"user{number}", display_name=f"User {number}")
            for number in range(1, PEOPLE + 1)
        ]
        self.transactions: list[Transaction] = []
        self.kills = 0.0
        self._texts = count(1)

    # -- what happens

    def run(self) -> list[str]:
        """What is wrong in the end; empty if nothing is."""
        self.kills = self.rng.choice((0.0, 0.02, 0.1))
        self.database.breaks_commits = self.rng.choice((0.0, 0.05, 0.2))
        for _ in range(self.rng.randrange(10, 30)):
            step = self.rng.choice((self._transact, self._transact, self._apply, self._call_outside))
            with suppress(Killed):
                step()
        self.kills, self.database.breaks_commits = 0.0, 0.0
        from backchannel import api

        api.apply_waiting()
        return list(self._wrong())

    def _transact(self) -> None:
        from django.db import DatabaseError, transaction

        from backchannel.api import ChatError

        mine = Transaction(self.rng.randrange(3))
        self.transactions.append(mine)
        is_repeated = self.rng.random() < 0.4
        calls = [self._some_call(mine, keyed=is_repeated) for _ in range(self.rng.randrange(1, 6))]
        rolls_back = self.rng.random() < 0.25
        for _ in range(2 if is_repeated else 1):
            try:
                with transaction.atomic():
                    for call in calls:
                        call()
                    if rolls_back:
                        raise RolledBack
                mine.outcome = "committed"
            except RolledBack:
                mine.outcome = "rolled back"
            except (DatabaseError, ChatError):
                if mine.outcome != "committed":
                    mine.outcome = "unknown"

    def _call_outside(self) -> None:
        from django.db import DatabaseError

        from backchannel.api import ChatError

        mine = Transaction(self.rng.randrange(3))
        self.transactions.append(mine)
        call = self._some_call(mine, keyed=False)
        try:
            call()
            mine.outcome = "committed"
        except ChatError as error:
            mine.outcome = "unknown" if error.code.status == 503 else "rolled back"
        except DatabaseError:
            mine.outcome = "unknown"

    def _some_call(self, mine: Transaction, *, keyed: bool) -> Callable[[], Any]:
        """A call that the caller's process is going to make. Refusals at once are as good as no call."""
        from backchannel import api

        room = f"order:{self.rng.randrange(ROOMS)}"
        who = [api.Person(p.pk, p.username, p.display_name) for p in self.rng.sample(self.people, 2)]
        chance = self.rng.random()
        if chance < 0.2:
            return lambda: self._tolerant(api.room, room, members=who)
        if chance < 0.3:
            return lambda: self._tolerant(api.add, room, *who)
        if chance < 0.4:
            return lambda: self._tolerant(api.remove, room, who[0])
        if chance < 0.45:
            return lambda: self._tolerant(api.update, room, topic=f"topic {next(self._texts)}")
        said = Said(f"text {next(self._texts)}", room, None)
        if keyed or self.rng.random() < 0.3:
            said.key = f"key of {said.text}"
        as_ = who[0] if self.rng.random() < 0.3 else None

        def post() -> None:
            # The room first, so that a refusal is due to the sender alone.
            self._tolerant(api.room, room)
            if said not in mine.said:
                mine.said.append(said)
            try:
                api.post(room, said.text, as_=as_, key=said.key)
            except api.ChatError as error:
                if error.code.status == 503:
                    raise
                mine.said.remove(said)

        return post

    @staticmethod
    def _tolerant(call: Callable[..., Any], *given: Any, **named: Any) -> None:
        """A site that goes on where the chat refuses something; trouble of the database is its own."""
        from backchannel.api import ChatError

        try:
            call(*given, **named)
        except ChatError as error:
            if error.code.status == 503:
                raise

    def _apply(self) -> None:
        from msgspec import structs

        from backchannel.api import ChatError
        from backchannel.intents.applying import ApplyIntents, apply_some
        from backchannel.store.log import commit_here

        limit = self.rng.randrange(1, 8)

        def write(operation: Any) -> Any:
            if isinstance(operation, ApplyIntents):
                operation = structs.replace(operation, limit=limit)
            return commit_here(operation)

        with suppress(ChatError):
            for _ in range(self.rng.randrange(1, 4)):
                if not apply_some(write):
                    break

    def reach(self, _place: str, _committed: object = None) -> None:
        """Every failpoint, whatever was committed."""
        if self.kills and self.rng.random() < self.kills:
            raise Killed

    # -- what must be

    def _wrong(self) -> Iterator[str]:
        from backchannel.intents.kinds import PostIntent, decode
        from backchannel.store import intents
        from backchannel.store.models import Message, Room
        from tests.store.making import log_of

        if intents.is_waiting():
            yield "something still waits"
        refused = [decode(row.body) for row in intents.refused()]
        refused_texts = {intent.text for intent in refused if isinstance(intent, PostIntent)}
        stored: dict[str, list[str]] = {}
        keys = dict(Room.objects.values_list("pk", "key"))
        for room_id, content in Message.objects.order_by("seq").values_list("room_id", "content"):
            stored.setdefault(str(keys[room_id]), []).append(content)
        for row in Room.objects.all():
            if log_of(row.pk) != list(range(1, row.head + 1)):
                yield f"the log of {row.key} has gaps"
        everything = [text for texts in stored.values() for text in texts]
        if len(everything) != len(set(everything)):
            yield "a message is stored twice"
        for number, transaction in enumerate(self.transactions):
            # A repeated transaction may post what was refused the first time.
            ordered = [said for said in transaction.said if said.text not in refused_texts]
            texts = [said.text for said in transaction.said]
            answered = [text for text in texts if text in everything or text in refused_texts]
            if transaction.outcome == "committed" and answered != texts:
                yield f"transaction {number} committed, and lost {set(texts) - set(answered)}"
            if transaction.outcome == "rolled back" and answered:
                yield f"transaction {number} rolled back, and left {answered}"
            if transaction.outcome == "unknown" and answered not in ([], texts):
                yield f"transaction {number} is there in part: {answered} of {texts}"
            for room, sequence in stored.items():
                mine = [said.text for said in ordered if said.room == room and said.text in sequence]
                if mine != [text for text in sequence if text in mine]:
                    yield f"transaction {number} is out of order in {room}: {mine}"
        yield from self._out_of_order(stored, refused_texts)

    def _out_of_order(self, stored: dict[str, list[str]], refused: set[str]) -> Iterator[str]:
        """What one process committed first, comes first."""
        for process in range(3):
            for room, sequence in stored.items():
                said = [
                    each.text
                    for transaction in self.transactions
                    if transaction.process == process and transaction.outcome == "committed"
                    for each in transaction.said
                    if each.room == room and each.text in sequence and each.text not in refused
                ]
                if said != [text for text in sequence if text in said]:
                    yield f"process {process} is out of order in {room}"


def run(seed: int) -> list[str]:
    """What is wrong in the world of this seed. Call within `seams.installed()`."""
    from backchannel import failpoints

    world = World(seed)
    with mock.patch.object(failpoints, "reach", world.reach):
        return world.run()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.simulation.site_worlds", description=__doc__)
    parser.add_argument("--seeds", default="0:1000", metavar="FROM:TO")
    first, last = map(int, parser.parse_args(arguments).seeds.split(":"))
    prepare()
    import backchannel.api  # noqa: F401  # its log is silenced as well
    from lab.simulation.seams import installed

    failed = 0
    with installed():
        for seed in range(first, last):
            for line in run(seed):
                failed += 1
                print(f"seed {seed}: {line}")
    print(f"{last - first} seeds, {failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
