"""Substitutes for credentials, for requests that cannot carry the credential itself. Blocking, like `lookup`.

    ticket          opens one WebSocket, once, within 30 s; it is part of the address, because browsers send no header there
    chat session    `bs_…`, a bearer of HTTP requests from pages of another origin, for 15 minutes; renewed by itself

Both rest on the credential by which they were made, and end with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction

from backchannel.accounts import lookup
from backchannel.accounts.identity import Ended, Identity, Proof, Via
from backchannel.accounts.models import ChatSession, Substitute, Ticket
from backchannel.accounts.moments import is_over, stored, with_zone
from backchannel.accounts.running_chats import announce_ended
from backchannel.accounts.schemes import Schemes
from backchannel.accounts.secrets import CHAT_SESSION_PREFIX, TICKET_PREFIX, digest, new_secret
from backchannel.store import people
from backchannel.store.after_commit import after_commit

TICKET_LIFE: Final = timedelta(seconds=30)
CHAT_SESSION_LIFE: Final = timedelta(minutes=15)


def issue_ticket(identity: Identity) -> tuple[str, datetime]:
    """A ticket for `identity`, and when it ends."""
    return _issue(Ticket, TICKET_PREFIX, TICKET_LIFE, identity)


def issue_chat_session(identity: Identity) -> tuple[str, datetime]:
    """A chat session for `identity`, and when it ends: with the credential, if that ends first."""
    return _issue(ChatSession, CHAT_SESSION_PREFIX, CHAT_SESSION_LIFE, identity)


def by_ticket(secret: str, schemes: Schemes) -> Identity | None:
    """The maker of this ticket, once: of several connections that bring it, only one gets the answer."""
    row = Ticket.objects.filter(digest=digest(secret)).first()
    # Deleting the row claims it: the database lets exactly one caller do that.
    if row is None or not Ticket.objects.filter(pk=row.pk).delete()[0]:
        return None
    return _owner(row, "ticket", schemes)


def by_chat_session(secret: str, schemes: Schemes) -> Identity | None:
    row = ChatSession.objects.filter(digest=digest(secret)).first()
    found = None if row is None else _owner(row, "bearer", schemes)
    if row is None or found is None:
        return None
    ends = int(with_zone(row.expires).timestamp() * 1_000_000)
    return replace(found, expires_at=min(ends, found.expires_at or ends))


def end(credential: str) -> None:
    """End everything that rests on a credential of the site's own, after the caller's commit."""
    for model in (Ticket, ChatSession):
        model.objects.filter(credential=credential).delete()
    after_commit(partial(announce_ended, Ended(credential=credential)))


def end_all_of(user: Any) -> None:
    """End every ticket and chat session of this user, after the caller's commit. What else they are connected by is checked then, at once
    and on all nodes."""
    for model in (Ticket, ChatSession):
        model.objects.filter(user=user).delete()
    for person_id in people.ids_of_account(str(user.pk)):
        after_commit(partial(announce_ended, Ended(user_id=person_id)))


def _issue(model: type[Substitute], prefix: str, life: timedelta, identity: Identity) -> tuple[str, datetime]:
    now = datetime.now(UTC)
    secret, proof = new_secret(prefix), identity.proof
    ends = now + life if proof.ends is None else min(now + life, proof.ends)
    with transaction.atomic():
        model._default_manager.filter(expires__lt=stored(now)).delete()
        model._default_manager.create(
            user_id=get_user_model()._meta.pk.to_python(identity.account),
            digest=digest(secret),
            session_key=proof.session_key,
            token_id=proof.token_id,
            authentication=proof.authentication,
            credential=proof.name,
            ends=None if proof.ends is None else stored(proof.ends),
            expires=stored(ends),
        )
    return secret, ends


def _owner(row: Any, via: Via, schemes: Schemes) -> Identity | None:
    """Its user, if the underlying credential has not ended and is of a kind that the site has configured."""
    if is_over(with_zone(row.expires)):
        return None
    if row.session_key:
        return lookup.by_stored_session(row.session_key, via) if schemes.has_session else None
    if row.token_id:
        return lookup.by_token_id(row.token_id, via) if schemes.has_token else None
    ends = None if row.ends is None else with_zone(row.ends)
    proof = Proof(authentication=row.authentication, name=row.credential, account=str(row.user_id), ends=ends)
    return lookup.by_grant(proof, via, schemes)
