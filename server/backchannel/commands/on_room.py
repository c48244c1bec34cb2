"""Shared by the commands on a room."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import RoomResult
from backchannel.protocol.shapes import User
from backchannel.store import people, rooms
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction
from backchannel.text_rules import fold

FOLDED_LENGTH: Final = 200
"""Characters of a folded room name that are kept for searching."""


class OnRoom(Operation, frozen=True, kw_only=True):
    room_id: int

    def rooms_to_lock(self) -> Sequence[int]:
        return (self.room_id,)

    def answer_with_room(self, transaction: Transaction, outcome: Outcome) -> None:
        """Sets the result: the room as the actor sees it when everything is written."""
        answer_with_room(transaction, outcome, self.room_id, self.actor.id)


def answer_with_room(transaction: Transaction, outcome: Outcome, room_id: int, user_id: int) -> None:
    def answer() -> None:
        outcome.result = RoomResult(rooms.rooms_of(user_id, [room_id])[0])

    transaction.after_heads(answer)


Named = Mapping[str, int | None]
"""External id → person; None: nobody has it."""
_NOBODY: Final[Named] = MappingProxyType({})


def check_users(ids: Sequence[int], field: str, actor: User, external: Named = _NOBODY) -> dict[int, User]:
    """The active users with these ids, of the actor's space. Raises as `check_found` does."""
    return check_found(ids, people.users_by_id(ids, actor.id), field, external)


def check_found(ids: Sequence[int], users: dict[int, User], field: str, external: Named = _NOBODY) -> dict[int, User]:
    """Return `users`, if all that were looked for are there. Raises `user_not_found`, which names `field`.

    `external`: how the caller named some of them. Who is missing is named in the same way, so that an id that nobody has and one of
    somebody who cannot be found are answered alike.
    """
    absent = set(ids).difference(users)
    unknown = [external_id for external_id, user_id in external.items() if user_id is None or user_id in absent]
    if unknown:
        sentence = f"There is no user with the external id {', '.join(unknown)}."
        raise CommandError(Code.USER_NOT_FOUND, sentence, errors={"members_external": [sentence]})
    missing = [str(user_id) for user_id in ids if user_id in absent]
    if missing:
        sentence = f"There is no user {', '.join(missing)}."
        raise CommandError(Code.USER_NOT_FOUND, sentence, errors={field: [sentence]})
    return users


def named_by(external_ids: Sequence[str], actor: User) -> Named:
    """The people of the actor's space, in any state, whom the site knows by these."""
    found = people.ids_of_external(external_ids, actor.id)
    return {external_id: found.get(external_id) for external_id in external_ids}


def ids_of(ids: Sequence[int], external: Named) -> list[int]:
    """Everybody who is named and is there, once, in order."""
    return list(dict.fromkeys([*ids, *(user_id for user_id in external.values() if user_id is not None)]))


def folded_name(name: str | None) -> str:
    return fold(name or "")[:FOLDED_LENGTH]
