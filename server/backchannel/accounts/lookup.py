"""From a secret to its owner: the database side of `authenticate`. Blocking; called in a thread.

Every function returns None if the secret is not valid, and never says why, so that guessing reveals nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model, load_backend
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from backchannel.accounts import credential_uses
from backchannel.accounts.identity import Identity, Proof, Via
from backchannel.accounts.models import Token
from backchannel.accounts.moments import is_over
from backchannel.accounts.people import person_of, space_of
from backchannel.accounts.schemes import Schemes
from backchannel.accounts.secrets import TOKEN_PREFIX, digest, new_secret
from backchannel.accounts.sessions import keeps_a_table, session_store, session_table, stored_key_of
from backchannel.accounts.site_policy import check_may_connect
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import CommandError
from backchannel.store.people import ids_with_account

_log = ProcessLog("backchannel.accounts")

LAST_USED_STEP = credential_uses.STEP


def by_secret(kind: Literal["session", "token"], secret: str) -> Identity | None:
    """The owner of this session key or token."""
    return by_stored_session(stored_key_of(secret), "cookie") if kind == "session" else _by_token(secret)


def by_own_scheme(header: str, secret: str, schemes: Schemes) -> Identity | None:
    """The user that one of the site's classes grants for this secret. `header`: the scheme it came with, in lower case."""
    found = schemes.grant(header, secret)
    if found is None:
        return None
    path, grant = found
    proof = Proof(authentication=path, name=grant.credential, account=str(grant.user.pk), ends=grant.expires_at)
    return by_grant(proof, "bearer", schemes, is_fresh=True)


def by_grant(proof: Proof, via: Via, schemes: Schemes, *, is_fresh: bool = False) -> Identity | None:
    """The user of a grant by one of the site's classes, unless the grant has ended. `is_fresh`: it was granted just now."""
    if is_over(proof.ends) or not (is_fresh or schemes.still_good(proof.authentication, [proof.name])):
        return None
    user = _active_users([proof.account]).get(proof.account)
    return None if user is None else _identity(user, proof, via, proof.ends)


def issue_token(user: Any, name: str = "", expires: datetime | None = None) -> str:
    """Create a token for a program that acts as `user`. Its text is returned and never stored. `expires`: None for never."""
    secret = new_secret(TOKEN_PREFIX)
    Token.objects.create(user=user, name=name, digest=digest(secret), expires=expires)
    return secret


def dead_among(proofs: Collection[Proof], schemes: Schemes | None = None) -> set[Proof]:
    """Those of these proofs whose credential has ended. At most one query per kind, one for the users, one for people, and what the
    site's own classes ask."""
    sessions = _live_sessions([proof.session_key for proof in proofs if proof.session_key])
    now = timezone.now()
    for session_key in sessions:
        credential_uses.note_session(session_key, now)
    tokens = {
        token.id: token.user for token in _live_tokens("id", [proof.token_id for proof in proofs if proof.token_id])
    }

    granted = _good_among([proof for proof in proofs if proof.authentication], schemes)
    present = ids_with_account({proof.person_id for proof in proofs})

    def is_alive(proof: Proof) -> bool:
        if proof.authentication:
            user = granted.get(proof)
        else:
            user = sessions[proof.session_key][0] if proof.session_key in sessions else tokens.get(proof.token_id or 0)
        if user is None or (proof.account and proof.account != str(user.pk)):  # a session may be given to another user
            return False
        return proof.person_id in present and _is_allowed(user, proof)

    return {proof for proof in proofs if not is_alive(proof)}


def _is_allowed(user: Any, proof: Proof) -> bool:
    """Asks the site about the user again. An error in its code refuses this user alone: the others must still be checked."""
    try:
        return space_of(user) == proof.space and _may_connect(user)
    except (OperationalError, InterfaceError):  # nothing is known of anybody
        raise
    except Exception:
        _log.exception("recheck_broke", credential=proof.credential)
        return False


def _good_among(proofs: Collection[Proof], schemes: Schemes | None) -> dict[Proof, Any]:
    """The grants of the site's classes that have not ended, each with its user."""
    if schemes is None or not proofs:
        return {}
    users = _active_users({proof.account for proof in proofs})
    names: dict[str, set[str]] = {}
    for proof in proofs:
        names.setdefault(proof.authentication, set()).add(proof.name)
    good = {path: _still_good(schemes, path, these) for path, these in names.items()}
    return {
        proof: users[proof.account]
        for proof in proofs
        if proof.account in users and not is_over(proof.ends) and proof.name in good[proof.authentication]
    }


def _still_good(schemes: Schemes, path: str, names: set[str]) -> set[str]:
    """Where the class cannot say (it may ask another server), none of its credentials has ended until the next time."""
    try:
        return schemes.still_good(path, names)
    except (OperationalError, InterfaceError):  # nothing is known of anybody
        raise
    except Exception:
        _log.exception("recheck_broke", authentication=path)
        return names


def _active_users(accounts: Collection[str]) -> dict[str, Any]:
    """Primary key, as text → the user."""
    to_python = get_user_model()._meta.pk.to_python
    found = get_user_model()._default_manager.in_bulk([to_python(account) for account in accounts])
    return {str(user.pk): user for user in found.values() if user.is_active}


def live_session_keys(keys: list[str]) -> set[str]:
    """Which of these stored session keys are signed in: two queries, however many keys."""
    return set(_live_sessions(keys))


def by_stored_session(session_key: str, via: Via) -> Identity | None:
    """`session_key`: as stored."""
    found = _live_sessions([session_key]).get(session_key)
    if found is None:
        return None
    user, expires = found
    credential_uses.note_session(session_key, timezone.now())
    return _identity(user, Proof(session_key=session_key), via, expires)


def _live_sessions(keys: list[str]) -> dict[str, tuple[Any, datetime | None]]:
    """Stored key → user and end, for the sessions that are signed in."""
    if not keys:
        return {}
    read = [(key, data, expires, _user_key(data)) for key, data, expires in _read_sessions(keys)]
    ids = {user_key for *_, user_key in read if user_key is not None}
    users = get_user_model()._default_manager.in_bulk(ids)
    live = {}
    for key, data, expires, user_key in read:
        user = users.get(user_key)
        if user is not None and _is_signed_in(data, user):
            live[key] = (user, expires)
    return live


def _user_key(data: dict[str, Any]) -> Any:
    """The primary key of the user who is signed in; None if nobody is, or a user of a model that the site had before."""
    try:
        return get_user_model()._meta.pk.to_python(data.get(SESSION_KEY))
    except ValidationError:
        return None


def _read_sessions(keys: list[str]) -> list[tuple[str, dict[str, Any], datetime | None]]:
    store = session_store()
    if not keeps_a_table():
        return [(key, store(key).load(), None) for key in keys]
    table = session_table()
    if table is None:
        return []
    decode = store().decode
    rows = table.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return [(row.session_key, decode(row.session_data), row.expire_date) for row in rows]


def _is_signed_in(data: dict[str, Any], user: Any) -> bool:
    """What Django's `get_user` checks, without its writes: backend, `is_active`, and the hash over the password if the model has one."""
    backend = data.get(BACKEND_SESSION_KEY)
    if backend not in settings.AUTHENTICATION_BACKENDS or not user.is_active:
        return False
    may = getattr(load_backend(backend), "user_can_authenticate", None)
    if may is not None and not may(user):
        return False
    if not hasattr(user, "get_session_auth_hash"):
        return True
    kept = data.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(kept, each) for each in hashes)


def _by_token(secret: str) -> Identity | None:
    return _by_live_token("digest", digest(secret), "bearer")


def by_token_id(token_id: int | None, via: Via) -> Identity | None:
    return _by_live_token("id", token_id, via)


def _by_live_token(column: Literal["id", "digest"], value: int | str | None, via: Via) -> Identity | None:
    tokens = _live_tokens(column, [value])
    if not tokens:
        return None
    token = tokens[0]
    if token.is_use_to_be_noted:
        credential_uses.note(token.id, timezone.now())
    return _identity(token.user, Proof(token_id=token.id), via, None)


class _LiveToken(NamedTuple):
    """A token that has not ended, of an active user. `is_use_to_be_noted`: its last recorded use is older than `LAST_USED_STEP`."""

    id: int
    user: Any
    is_use_to_be_noted: bool


def _live_tokens(column: Literal["id", "digest"], values: Sequence[int | str | None]) -> list[_LiveToken]:
    """The live tokens among the given ones. Every handshake runs this query; building it through the ORM each time takes several times
    as long as the database does."""
    if not values:
        return []
    now = timezone.now()
    long_ago, at = (connection.ops.adapt_datetimefield_value(moment) for moment in (now - LAST_USED_STEP, now))
    users: Iterable[Any] = get_user_model()._base_manager.raw(_tokens_sql(column, len(values)), [long_ago, at, *values])
    # Not every site's user model has a column for being active.
    return [_LiveToken(user.chat_token_id, user, bool(user.chat_token_unused)) for user in users if user.is_active]


@lru_cache(maxsize=16)
def _tokens_sql(column: str, count: int) -> str:
    """Selects all columns of the user, and the token's `chat_token_id` and `chat_token_unused`."""
    user, quoted = get_user_model()._meta, connection.ops.quote_name
    return (
        "SELECT u.*, t.id AS chat_token_id, COALESCE(t.last_used < %s, TRUE) AS chat_token_unused "
        f"FROM {Token._meta.db_table} t JOIN {quoted(user.db_table)} u ON u.{quoted(str(user.pk.column))} = t.user_id "
        f"WHERE t.revoked IS NULL AND (t.expires IS NULL OR t.expires > %s) AND t.{column} IN ({', '.join(['%s'] * count)})"
    )


def _may_connect(user: Any) -> bool:
    try:
        check_may_connect(user)
    except CommandError:
        return False
    return True


def _identity(user: Any, proof: Proof, via: Via, expires: datetime | None) -> Identity:
    check_may_connect(user)
    person = person_of(user)
    proof = replace(proof, space=space_of(user), person_id=person.id, account=str(user.pk))
    return Identity(
        user=person,
        account=str(user.pk),
        credential=proof.credential,
        via=via,
        expires_at=None if expires is None else int(expires.timestamp() * 1_000_000),
        proof=proof,
    )
