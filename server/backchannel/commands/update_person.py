"""Change what the chat shows of a person. The site decides it; no client can ask for it."""

from backchannel.protocol.events import PersonUpdated
from backchannel.protocol.shapes import User
from backchannel.store import people
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction


class UpdatePerson(Operation, frozen=True, kw_only=True):
    """Sends `person_updated` to the person, and to everybody who shares a small room with them."""

    user: User
    """As they are to be."""

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        # Who was erased stays so: this may have been queued before.
        if people.as_stored(transaction, self.user.id) in (None, self.user, people.anonymous(self.user.id)):
            return
        informed = [self.user.id, *people.companions_of(transaction, self.user.id)]
        transaction.lock_people(informed)
        people.rewrite(transaction, self.user)
        for person_id in informed:
            transaction.notify_user(
                outcome, person_id, lambda version: PersonUpdated(user_version=version, user=self.user)
            )
        outcome.people.append(self.user)
