"""Whether somebody may use the chat who is not there, so that no credential of theirs is looked at: the sender of a scheduled message, and
who is sent a push message. Blocking."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError

from backchannel.accounts.people import adapter, space_of
from backchannel.accounts.site_policy import check_may_connect
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.store import people

_log = ProcessLog("backchannel.accounts")


def check_may_use(person: User) -> None:
    """Asks the site as at a sign-in: a ban by its policy, a user who was deactivated without a signal, and a tenant that they left are not
    in the person's row yet. Raises CommandError: 403, or what the policy says; and whatever the site's code raises."""
    user = _user_of(person.id)
    if user is None or not adapter().is_active(user) or space_of(user) != people.space_of(person.id):
        raise CommandError(Code.FORBIDDEN, "This account may not use the chat.")
    check_may_connect(user)


def those_who_may_use(person_ids: Collection[int]) -> set[int]:
    """The people among these. An error in the site's code refuses this person alone."""
    found = set()
    for person_id, person in people.active_users(person_ids).items():
        try:
            check_may_use(person)
        except CommandError:
            continue
        except (OperationalError, InterfaceError):  # nothing is known of anybody
            raise
        except Exception:
            _log.exception("recheck_broke", person=person_id)
            continue
        found.add(person_id)
    return found


def _user_of(person_id: int) -> object | None:
    account = people.accounts_of([person_id]).get(person_id)
    try:
        key = get_user_model()._meta.pk.to_python(account)
    except ValidationError:  # of a user model that the site had before
        return None
    found: object | None = get_user_model()._default_manager.filter(pk=key).first() if account is not None else None
    return found
