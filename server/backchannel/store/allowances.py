"""Daily limits on what one person can do to other people's room lists, and the limit of rooms per person.

An allowance is one number: the time at which it is fully available again. Each use moves that time forward by its share of a
day. So an allowance refills evenly, and a refused person waits only until there is enough for their request.
"""

import math
from collections.abc import Iterable
from typing import Final

from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import Limits, User
from backchannel.store.models import Allowance
from backchannel.store.transaction import ALLOWANCE, MEMBERSHIP, Transaction, marks

DAY_US: Final = 24 * 3600 * 1_000_000
ROOMS_CREATED: Final = Allowance.Kind.ROOMS_CREATED.value
PEOPLE_ADDED: Final = Allowance.Kind.PEOPLE_ADDED.value
_WORDS: Final = {ROOMS_CREATED: "rooms created", PEOPLE_ADDED: "people added to rooms"}


class Spending:
    """The use of the actor's allowances by one operation. Call `check` before anything is written, then `write`.

    `limits` is None for imports and demonstrations, which write at other times than now: their allowances are unlimited."""

    def __init__(self, transaction: Transaction, actor: User, limits: Limits | None) -> None:
        self._transaction = transaction
        self._actor = actor
        self._limits = limits
        self._until: dict[str, int] = {}

    def check(self, kind: str, count: int) -> None:
        """Reserve `count` uses of an allowance. Raises `rate_limited` with the time to wait."""
        if count == 0 or self._limits is None:
            return
        at_most = self._limits.rooms_created_per_day if kind == ROOMS_CREATED else self._limits.people_added_per_day
        now_us = self._transaction.at_us
        rows = self._transaction.query(
            f"SELECT until_us FROM {ALLOWANCE} WHERE person_id = %s AND kind = %s", [self._actor.id, kind]
        )
        until_us = max(now_us, rows[0][0] if rows else 0) + count * DAY_US // at_most
        wait_us = until_us - now_us - DAY_US
        if wait_us > 0:
            wait_s = math.ceil(wait_us / 1000) / 1000
            raise CommandError(
                Code.RATE_LIMITED,
                f"That would be more than {at_most} {_WORDS[kind]} in a day. Retry in {math.ceil(wait_s / 60)} min.",
                retry_after=wait_s,
            )
        self._until[kind] = until_us

    def write(self) -> None:
        for kind, until_us in self._until.items():
            self._transaction.execute(
                f"INSERT INTO {ALLOWANCE} (person_id, kind, until_us) VALUES (%s, %s, %s) "
                "ON CONFLICT (person_id, kind) DO UPDATE SET until_us = excluded.until_us",
                [self._actor.id, kind, until_us],
            )


def check_room_for(transaction: Transaction, actor: User, users: Iterable[User], limits: Limits | None) -> None:
    """Check that each of the users may be in one more room. Raises `too_many_rooms`."""
    people = {user.id: user for user in users}
    if not people or limits is None:
        return
    at_most = limits.rooms
    rows = transaction.query(
        f"SELECT person_id, COUNT(*) FROM {MEMBERSHIP} WHERE person_id IN ({marks(people)}) AND state = 'member' "
        "GROUP BY person_id",
        list(people),
    )
    full = [people[person_id] for person_id, count in rows if count >= at_most]
    if actor in full:
        raise CommandError(
            Code.TOO_MANY_ROOMS,
            f"You are in {at_most} rooms, the most that one person may be in. Leave one first.",
        )
    if full:
        names = ", ".join(user.display_name for user in full)
        raise CommandError(
            Code.TOO_MANY_ROOMS,
            f"Already in {at_most} rooms, the most that one person may be in: {names}. They have to leave one first.",
        )
