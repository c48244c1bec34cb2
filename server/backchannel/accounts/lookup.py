"""From a secret to the one it belongs to: the database side of `authenticate`, called in a thread.

Every function answers None where the secret opens nothing, and never says why: whoever guesses learns nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Literal

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model, load_backend
from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from backchannel.accounts.identity import Identity, Proof, Via
from backchannel.accounts.models import Ticket, Token
from backchannel.accounts.persons import person_of
from backchannel.accounts.secrets import TICKET_PREFIX, TOKEN_PREFIX, digest, new_secret

Kind = Literal["session", "token"]

TICKET_LIFE = timedelta(seconds=30)
# "Last used" is for finding forgotten tokens; to the minute would cost a write for every call.
LAST_USED_STEP = timedelta(minutes=5)


def by_secret(kind: Kind, secret: str) -> Identity | None:
    """Who holds this session key or token."""
    return _by_session(secret, "cookie") if kind == "session" else _by_token(secret)


def by_ticket(secret: str) -> Identity | None:
    """Who made this ticket, once: of any number of connections that bring it, one gets the answer."""
    found = Ticket.objects.filter(digest=digest(secret)).values_list("pk", "session_key", "token_id", "expires").first()
    # The row is claimed by deleting it, which the database lets exactly one caller do.
    if found is None or not Ticket.objects.filter(pk=found[0]).delete()[0]:
        return None
    _, session_key, token_id, expires = found
    if expires <= timezone.now():
        return None
    return _by_session(session_key, "ticket") if session_key else _by_token_id(token_id, "ticket")


def issue_ticket(identity: Identity) -> tuple[str, datetime]:
    """A ticket for whoever `identity` is, and when it ends. It stands for the same credential."""
    now = timezone.now()
    secret = new_secret(TICKET_PREFIX)
    with transaction.atomic():
        Ticket.objects.filter(expires__lt=now).delete()
        Ticket.objects.create(
            user_id=get_user_model()._meta.pk.to_python(identity.account),
            digest=digest(secret),
            session_key=identity.proof.session_key,
            token_id=identity.proof.token_id,
            expires=now + TICKET_LIFE,
        )
    return secret, now + TICKET_LIFE


def issue_token(user: Any, name: str = "") -> str:
    """A new token for a program that speaks for `user`. Its text exists here and nowhere else."""
    secret = new_secret(TOKEN_PREFIX)
    Token.objects.create(user=user, name=name, digest=digest(secret))
    return secret


def sweep() -> None:
    """Delete the sessions and tickets whose time has passed."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    Ticket.objects.filter(expires__lt=timezone.now()).delete()


def dead_among(proofs: Collection[Proof]) -> set[str]:
    """Of these proofs, the credentials that are over: at most one query for each kind, and one for the users."""
    sessions = _live_sessions([proof.session_key for proof in proofs if proof.session_key])
    rows = _live_tokens(Q(pk__in=[proof.token_id for proof in proofs if proof.token_id]))
    tokens = {token.pk for token in rows}
    return {
        proof.credential
        for proof in proofs
        if not (proof.session_key in sessions if proof.session_key else proof.token_id in tokens)
    }


def _by_session(session_key: str, via: Via) -> Identity | None:
    found = _live_sessions([session_key]).get(session_key)
    if found is None:
        return None
    user, expires = found
    return _identity(user, Proof(session_key=session_key), via, expires)


def _live_sessions(keys: list[str]) -> dict[str, tuple[Any, datetime | None]]:
    """The users of those sessions that are signed in, and when each session ends."""
    if not keys:
        return {}
    read = {key: (data, expires) for key, data, expires in _read_sessions(keys) if SESSION_KEY in data}
    to_python = get_user_model()._meta.pk.to_python
    ids = {to_python(data[SESSION_KEY]) for data, _ in read.values()}
    users = get_user_model()._default_manager.in_bulk(ids)
    live = {}
    for key, (data, expires) in read.items():
        user = users.get(to_python(data[SESSION_KEY]))
        if user is not None and _is_signed_in(data, user):
            live[key] = (user, expires)
    return live


def _read_sessions(keys: list[str]) -> list[tuple[str, dict[str, Any], datetime | None]]:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    # Engines that keep sessions in a table say in which; of the others each session is asked for by itself.
    if not hasattr(store, "get_model_class"):
        return [(key, store(key).load(), None) for key in keys]
    decode = store().decode
    rows = store.get_model_class().objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return [(row.session_key, decode(row.session_data), row.expire_date) for row in rows]


def _is_signed_in(data: dict[str, Any], user: Any) -> bool:
    """What Django's `get_user` checks, without its writes: backend, activity, and the hash over the password."""
    backend = data.get(BACKEND_SESSION_KEY)
    if backend not in settings.AUTHENTICATION_BACKENDS or not user.is_active:
        return False
    may = getattr(load_backend(backend), "user_can_authenticate", None)
    if may is not None and not may(user):
        return False
    kept = data.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(kept, each) for each in hashes)


def _by_token(secret: str) -> Identity | None:
    return _by_live_token(Q(digest=digest(secret)), "bearer")


def _by_token_id(token_id: int | None, via: Via) -> Identity | None:
    return _by_live_token(Q(pk=token_id), via)


def _by_live_token(which: Q, via: Via) -> Identity | None:
    tokens = _live_tokens(which)
    if not tokens:
        return None
    _note_use(tokens[0])
    return _identity(tokens[0].user, Proof(token_id=tokens[0].pk), via, None)


def _live_tokens(which: Q) -> list[Token]:
    # Whether a user is active is not a column of every site's user model.
    rows = Token.objects.filter(which, revoked=None).select_related("user")
    return [token for token in rows if token.user.is_active]


def _note_use(token: Token) -> None:
    now = timezone.now()
    if token.last_used is not None and now - token.last_used < LAST_USED_STEP:
        return
    try:
        Token.objects.filter(pk=token.pk).update(last_used=now)
    except OperationalError:
        # The database is busy or read-only. That is no reason to turn somebody away.
        pass


def _identity(user: Any, proof: Proof, via: Via, expires: datetime | None) -> Identity:
    person = person_of(user)
    return Identity(
        user_id=person.id,
        username=person.username,
        display_name=person.display_name,
        account=str(user.pk),
        credential=proof.credential,
        via=via,
        expires_at=None if expires is None else int(expires.timestamp() * 1_000_000),
        proof=proof,
    )
