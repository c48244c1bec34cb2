"""Whether somebody may use the chat who is not there, so that no credential of theirs is looked at: the sender of a scheduled message."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from backchannel.accounts.people import adapter, space_of
from backchannel.accounts.site_policy import check_may_connect
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.store import people


def check_may_use(person: User) -> None:
    """Asks the site as at a sign-in: a ban by its policy, a user who was deactivated without a signal, and a tenant that they left are not
    in the person's row yet. Blocking. Raises CommandError: 403, or what the policy says; and whatever the site's code raises."""
    user = _user_of(person.id)
    if user is None or not adapter().is_active(user) or space_of(user) != people.space_of(person.id):
        raise CommandError(Code.FORBIDDEN, "This account may not use the chat.")
    check_may_connect(user)


def _user_of(person_id: int) -> object | None:
    account = people.accounts_of([person_id]).get(person_id)
    try:
        key = get_user_model()._meta.pk.to_python(account)
    except ValidationError:  # of a user model that the site had before
        return None
    found: object | None = get_user_model()._default_manager.filter(pk=key).first() if account is not None else None
    return found
