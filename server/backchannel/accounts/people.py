"""The chat people of a site's users: made when they are needed, kept as the site's adapter describes them (`backchannel.people`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from backchannel.accounts.identity import Ended
from backchannel.accounts.running_chats import announce_ended, write
from backchannel.commands.update_person import UpdatePerson
from backchannel.people import PersonAdapter
from backchannel.protocol.shapes import User as Person
from backchannel.store import people
from backchannel.store.after_commit import after_commit
from backchannel.store.operation import NOBODY
from backchannel.store.people import Profile

SPACE_LENGTH = 64


def adapter() -> PersonAdapter:
    """The class that `BACKCHANNEL["PERSON"]` names. Raises `ImportError` if there is no such class."""
    return _adapter(getattr(settings, "BACKCHANNEL", {}).get("PERSON") or "backchannel.people.PersonAdapter")


@lru_cache(maxsize=8)
def _adapter(path: str) -> PersonAdapter:
    return import_string(path)()  # type: ignore[no-any-return]


def person_of(user: Any) -> Person:
    """The person of `user`. Made at the first call, in the caller's transaction. Where the site says something else of them than before,
    their row is brought up to date after the commit, and connected clients are informed."""
    found = people.person_for_account(profile_of(user))
    for person_id in found.elsewhere:
        _leave_space(person_id)
    if found.is_outdated:
        # By the chat's writer: a row locked until the end of a site's transaction would stop everybody's messages.
        after_commit(partial(write, UpdatePerson(actor=NOBODY, user=found.user)))
    if not found.is_active and adapter().is_active(user):
        people.set_person_active(found.user.id, True)
    return found.user


def space_of(user: Any) -> str:
    """The tenant that the site's `SPACE` names for the user. Raises what it raises, and `TypeError` or `ValueError` for what cannot be one:
    without a space nobody is let in."""
    path = getattr(settings, "BACKCHANNEL", {}).get("SPACE")
    if not path:
        return ""
    space = import_string(path)(user)
    if not isinstance(space, str):
        raise TypeError(f"{path} returned {type(space).__name__} instead of a str.")
    if len(space) > SPACE_LENGTH or not space.isprintable():
        raise ValueError(f"{path} returned a space that is longer than {SPACE_LENGTH} characters or not printable.")
    return space


def _leave_space(person_id: int) -> None:
    """The user belongs to another tenant now: who they were in this one is gone, and so are their connections."""
    people.set_person_active(person_id, False)
    after_commit(partial(announce_ended, Ended(user_id=person_id)))


def profile_of(user: Any) -> Profile:
    """The user as the site's adapter describes them."""
    site = adapter()
    return Profile(
        str(user.pk),
        str(site.username(user) or ""),
        str(site.display_name(user) or ""),
        str(site.external_id(user) or ""),
        str(site.avatar_url(user) or ""),
        "bot" if site.kind(user) == "bot" else None,
        space_of(user),
    )


def provide_people(external_ids: Sequence[str], caller_id: int) -> None:
    """Make people of those active users of the site whose external ids are given, who have not been in the chat yet, and who are of the
    caller's space."""
    known = people.ids_of_external(external_ids, caller_id)
    unknown = {external_id for external_id in external_ids if external_id not in known and external_id.isprintable()}
    if not unknown:
        return
    space = people.space_of(caller_id)
    for external_id, user in adapter().users_by_external_id(unknown).items():
        if external_id in unknown and adapter().is_active(user) and space_of(user) == space:
            person_of(user)
