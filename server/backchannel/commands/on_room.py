"""What the commands on a room have in common."""

from collections.abc import Sequence
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
        """As its actor sees it when all is written."""
        answer_with_room(transaction, outcome, self.room_id, self.actor.id)


def answer_with_room(transaction: Transaction, outcome: Outcome, room_id: int, user_id: int) -> None:
    def answer() -> None:
        outcome.result = RoomResult(rooms.rooms_of(user_id, [room_id])[0])

    transaction.after_heads(answer)


def check_users(ids: Sequence[int], field: str, actor: User) -> dict[int, User]:
    """The active users with these ids, of the actor's space. Raises `user_not_found`, which names `field`."""
    return check_found(ids, people.users_by_id(ids, actor.id), field)


def check_found(ids: Sequence[int], users: dict[int, User], field: str) -> dict[int, User]:
    """Return `users`, if all that were looked for are there. Raises `user_not_found`, which names `field`."""
    missing = [str(user_id) for user_id in ids if user_id not in users]
    if missing:
        sentence = f"There is no user {', '.join(missing)}."
        raise CommandError(Code.USER_NOT_FOUND, sentence, errors={field: [sentence]})
    return users


def ids_of(external_ids: Sequence[str], actor: User) -> list[int]:
    """The ids of the people of the actor's space whom the site knows by these. Raises `user_not_found`."""
    found = people.ids_of_external(external_ids, actor.id)
    missing = [external_id for external_id in external_ids if external_id not in found]
    if missing:
        sentence = f"There is no user with the external id {', '.join(missing)}."
        raise CommandError(Code.USER_NOT_FOUND, sentence, errors={"members_external": [sentence]})
    return [found[external_id] for external_id in external_ids]


def folded_name(name: str | None) -> str:
    return fold(name or "")[:FOLDED_LENGTH]
