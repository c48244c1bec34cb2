"""Takes a person out of the chat for good: their name, picture and credentials, the evidence of their connections, and their messages where
the site wants that."""

from __future__ import annotations

from typing import Literal

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from backchannel.accounts import audit, substitutes, tokens
from backchannel.accounts.identity import Ended
from backchannel.accounts.running_chats import announce_ended, write
from backchannel.commands.erase_messages import EraseMessages
from backchannel.commands.file_upkeep import DeleteUnclaimedOf
from backchannel.commands.update_person import UpdatePerson
from backchannel.evidence.database import database_beside_messages
from backchannel.evidence.forgetting import forget_evidence_of
from backchannel.intents.dropping import DropTextsOf
from backchannel.store import erasing, people
from backchannel.store.operation import NOBODY

Messages = Literal["keep", "delete"]


def erase_account(account: str, messages: Messages = "keep") -> None:
    """Anonymise the person of `account`, the primary key of the site's user as text. Nothing happens if there is none.

    Files that they sent into no message are deleted. Others see "Deleted user" from then on, also at what was written before. `messages`:
    "delete" leaves tombstones, and nothing of what the site's code asked to post as them. What others wrote about them stays, and so do
    backups. Each step can be repeated: after an interruption call it again. Blocks; not to be called in a transaction. Raises
    CommandError 503.
    """
    ids = people.ids_of_account(account)
    if ids:
        audit.record("person_erased", f"account {account}", messages=messages)
    _end_credentials(account)
    people.set_account_active(account, False)
    for person_id in people.ids_of_account(account):
        if messages == "delete":
            write(DropTextsOf(actor=NOBODY, person_id=person_id))  # what waits is posted before this, or never
            _erase_messages(person_id)
        while write(DeleteUnclaimedOf(actor=NOBODY, person_id=person_id)):
            pass
        write(UpdatePerson(actor=NOBODY, user=people.anonymous(person_id)))
        erasing.scrub_events(person_id)
        erasing.forget_account(person_id)
        # Not before: who connects again would be the same person. A site may keep the user, and their credentials.
        announce_ended(Ended(user_id=person_id))
        forget_evidence_of(person_id, database_beside_messages())


def _end_credentials(account: str) -> None:
    """Those of the chat itself, of a user whom the site keeps. By one of the site's they come back as another person."""
    users = get_user_model()
    try:
        user = users._base_manager.filter(pk=users._meta.pk.to_python(account)).first()
    except ValidationError:  # of a user model that the site had before
        return
    if user is not None:
        tokens.revoke_tokens(user)
        substitutes.end_all_of(user)


def _erase_messages(person_id: int) -> None:
    for room_id in erasing.rooms_ever_of(person_id):
        for ids in erasing.messages_of(person_id, room_id):
            write(EraseMessages(actor=NOBODY, room_id=room_id, message_ids=ids))
