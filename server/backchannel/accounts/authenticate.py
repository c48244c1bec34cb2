"""Who speaks: one answer for the WebSocket handshake and for every REST call.

`authenticate(scope)` takes an ASGI scope and returns an `Identity`, or raises `CommandError` with
`unauthenticated` or `wrong_origin`. What speaks loudest is asked first, and it alone decides:

    ?token= (WebSocket only)   a ticket: works once
    Authorization: Bearer      a token of a program
    session cookie             Django's session, together with the Origin rule; of several cookies of that name
                               (another path, another domain) the first whose session is alive

A positive answer is remembered for `REMEMBER_S` seconds, and forgotten at once when the credential
ends in this process or the hub brings word that it ended in another. The database is asked in a thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from backchannel.accounts import auth_log, lookup
from backchannel.accounts.hosts import check_name
from backchannel.accounts.identity import Ended, Identity
from backchannel.accounts.origin import may_use_cookie
from backchannel.accounts.secrets import TOKEN_PREFIX, digest
from backchannel.accounts.session_cookie import first_live, session_keys
from backchannel.protocol.errors import Code, CommandError
from backchannel.store.read_pool import run_read

# Spares the database a chatty client's every call. Revocation elsewhere that the bus loses is seen after this.
REMEMBER_S = 30.0
# Beyond this, what was remembered longest is asked again: it costs a query, never an answer.
REMEMBER_AT_MOST = 10_000
_KEY = "backchannel.remembered_by"
_ONCE = frozenset({b"authorization", b"origin", b"host", b"sec-fetch-site"})
_REFUSALS = frozenset({Code.UNAUTHENTICATED, Code.WRONG_ORIGIN, Code.WRONG_HOST, Code.BAD_FRAME})


async def authenticate(scope: Mapping[str, Any]) -> Identity:
    """Tell who opened `scope` ("http" or "websocket"). Raises `CommandError`: 401 or 403."""
    try:
        return await _authenticate(scope)
    except CommandError as error:
        _note_refusal(scope, error)
        raise


async def _authenticate(scope: Mapping[str, Any]) -> Identity:
    credentials = _read(scope)
    if credentials.in_query is not None:
        return await _by_ticket(credentials.in_query, websocket=scope["type"] == "websocket")
    kind, secrets = _shown(scope, credentials)
    # Which of several is alive, the database says at each call: it is asked twice, and the answer is Django's.
    secret = secrets[0] if len(secrets) == 1 else await run_read(first_live, secrets)
    return await _remembered(kind, secret)


def recall(scope: MutableMapping[str, Any]) -> Identity | None:
    """Tell who opened `scope`, where that is remembered; None where `authenticate` has to ask the database, or refuses.

    Under which name to look is noted in the scope: whoever asks the same again with the same scope is read once.
    """
    key = scope.get(_KEY)
    if key is None:
        try:
            credentials = _read(scope)
            if credentials.in_query is not None:
                return None
            kind, secrets = _shown(scope, credentials)
            if len(secrets) > 1:
                return None
            key = scope[_KEY] = _key(kind, secrets[0])
        except CommandError:
            return None
    return _memory.get(key)


async def issue_ticket(identity: Identity) -> tuple[str, int]:
    """A ticket that works once, and when it ends, in microseconds since 1970. Raises `CommandError` 503."""
    secret, expires = await run_read(lookup.issue_ticket, identity)
    return secret, int(expires.timestamp() * 1_000_000)


def forget(ended: Ended) -> None:
    """Drop what is remembered of a credential, or of all of a user's. Callable from any thread."""
    _memory.forget(ended)


@dataclass(frozen=True, slots=True)
class _Credentials:
    in_query: str | None
    bearer: str | None
    session_keys: tuple[str, ...]
    host: str
    origin: str | None
    fetch_site: str | None


def _read(scope: Mapping[str, Any]) -> _Credentials:
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name == b"cookie" and name in headers:
            value = headers[name] + b"; " + value
        elif name in headers and name in _ONCE:
            # Two proxies that read different ones of them is how rules are walked around.
            raise CommandError(Code.BAD_FRAME, f"The header {name.decode()} was sent twice.")
        headers[name] = value
    check_name(scope, headers.get(b"host"), headers.get(b"x-forwarded-host"))
    query = scope.get("query_string", b"")
    tokens = parse_qs(query.decode("latin-1")).get("token") if b"token" in query else None
    return _Credentials(
        in_query=tokens[0] if tokens else None,
        bearer=_bearer(headers.get(b"authorization")),
        session_keys=session_keys(headers[b"cookie"]) if b"cookie" in headers else (),
        host=headers.get(b"host", b"").decode("latin-1"),
        origin=_text(headers.get(b"origin")),
        fetch_site=_text(headers.get(b"sec-fetch-site")),
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _bearer(header: bytes | None) -> str | None:
    if header is None:
        return None
    scheme, _, secret = header.decode("latin-1").partition(" ")
    # Other schemes are a proxy's own (Basic in front of a staging site): they say nothing to us.
    return secret.strip() if scheme.lower() == "bearer" else None


def _check_origin(scope: Mapping[str, Any], credentials: _Credentials) -> None:
    if not may_use_cookie(
        websocket=scope["type"] == "websocket",
        method=scope.get("method", "GET"),
        host=credentials.host,
        origin=credentials.origin,
        fetch_site=credentials.fetch_site,
        allowed=getattr(settings, "BACKCHANNEL", {}).get("ORIGINS", ()),
        https=settings.SESSION_COOKIE_SECURE,
    ):
        raise CommandError(
            Code.WRONG_ORIGIN,
            "This page may not use your session here. Whoever runs the server lists the page's origin, like "
            'https://chat.example.com, in BACKCHANNEL_ORIGINS; a Django site with the chat in it lists it in BACKCHANNEL["ORIGINS"].',
        )


def _shown(scope: Mapping[str, Any], credentials: _Credentials) -> tuple[lookup.Kind, tuple[str, ...]]:
    """The secret that speaks, of session cookies each. Raises `CommandError`: 401 where there is none, 403."""
    if credentials.bearer is not None:
        return "token", (credentials.bearer,)
    if credentials.session_keys:
        _check_origin(scope, credentials)
        return "session", credentials.session_keys
    raise _unauthenticated("Sign in, or send a token as Authorization: Bearer.")


def _note_refusal(scope: Mapping[str, Any], error: CommandError) -> None:
    """A socket that is refused, and a call with a wrong token or from a wrong page. An ended session polls once more: no news."""
    if error.code not in _REFUSALS:
        return
    if scope["type"] == "websocket":
        event: auth_log.Event = "handshake_refused"
    elif error.code is not Code.UNAUTHENTICATED or any(name == b"authorization" for name, _ in scope["headers"]):
        event = "credential_refused"
    else:
        return
    auth_log.note(event, address=auth_log.address_of(scope), code=error.code.word)


async def _by_ticket(secret: str, *, websocket: bool) -> Identity:
    if secret.startswith(TOKEN_PREFIX):
        raise _unauthenticated("A token may not stand in an address; send it as Authorization: Bearer.")
    if not websocket:
        raise _unauthenticated("A ticket opens the WebSocket and nothing else.")
    identity = await run_read(lookup.by_ticket, secret)
    if identity is None:
        raise _unauthenticated("The ticket is used up, older than 30 seconds, or was never given.")
    return identity


async def _remembered(kind: lookup.Kind, secret: str) -> Identity:
    key = _key(kind, secret)
    found = _memory.get(key)
    if found is not None:
        return found
    generation = _memory.generation
    identity = await run_read(lookup.by_secret, kind, secret)
    if identity is None:
        raise _unauthenticated(
            "The session is over; sign in again." if kind == "session" else "The token is not valid."
        )
    _memory.put(key, identity, generation)
    return identity


def _key(kind: lookup.Kind, secret: str) -> str:
    return kind + digest(secret)


def _unauthenticated(detail: str) -> CommandError:
    return CommandError(Code.UNAUTHENTICATED, detail)


class _Memory:
    """Positive answers, by the hash of the secret."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, tuple[Identity, float]] = {}
        self.generation = 0

    def get(self, key: str) -> Identity | None:
        entry = self._found.get(key)
        if entry is None or time.monotonic() >= entry[1]:
            return None
        identity = entry[0]
        if identity.expires_at is not None and identity.expires_at <= time.time() * 1_000_000:
            return None
        return identity

    def put(self, key: str, identity: Identity, generation: int) -> None:
        """Remember `identity`, unless something ended after `generation` was read: it may be what was asked about."""
        with self._lock:
            if generation != self.generation:
                return
            self._found.pop(key, None)
            while len(self._found) >= REMEMBER_AT_MOST:
                del self._found[next(iter(self._found))]
            self._found[key] = (identity, time.monotonic() + REMEMBER_S)

    def forget(self, ended: Ended) -> None:
        with self._lock:
            self.generation += 1
            for key, (identity, _) in list(self._found.items()):
                if ended.credential == identity.credential or ended.user_id == identity.user_id:
                    del self._found[key]


_memory = _Memory()
