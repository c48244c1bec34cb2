"""Change what the chat shows of a person. The site decides it; no client can ask for it."""

from backchannel.protocol.events import PersonUpdated
from backchannel.protocol.shapes import User
from backchannel.store import people
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction


class UpdatePerson(Operation, frozen=True, kw_only=True):
    """Sends `person_updated` to the person, and to everybody who shares a small room with them."""

    user: User
    """The person as they are to be. If somebody else has taken the username meanwhile, a number is appended."""

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        stored = people.as_stored(transaction, self.user.id)
        # Who was erased stays so: this may have been queued before.
        if stored in (None, self.user, people.anonymous(self.user.id)):
            return
        user = people.with_free_name(transaction, self.user)
        if user == stored:
            return
        informed = [user.id, *people.companions_of(transaction, user.id)]
        transaction.lock_people(informed)
        people.rewrite(transaction, user)
        for person_id in informed:
            transaction.notify_user(outcome, person_id, lambda version: PersonUpdated(user_version=version, user=user))
        outcome.people.append(user)
