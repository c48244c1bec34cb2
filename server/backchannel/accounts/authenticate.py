"""Identifies the client: one answer for the WebSocket handshake and for every REST call.

`Authenticator.authenticate(scope)` takes an ASGI scope and returns an `Identity`, or raises `CommandError` with `unauthenticated` or
`wrong_origin`. The strongest credential decides alone:

    ?token= (WebSocket only)   a ticket: works once
    Authorization: Bearer      a token of a program (bc_), a chat session (bs_)
    Authorization              anything else that a class of the site lets in (schemes.py)
    session cookie             Django's session, together with the Origin rule; of several cookies of that name
                               (another path, another domain) the first whose session is alive

The database is asked in a thread. Positive answers are cached (`IdentityCache`). Which credential counts depends on the head of a
request alone, and is remembered by a hash of what decides it: clients send the same again and again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs

from django.conf import settings

from backchannel.accounts import auth_log, lookup, substitutes
from backchannel.accounts.hosts import check_name
from backchannel.accounts.identity import Ended, Identity, Proof
from backchannel.accounts.identity_cache import IdentityCache
from backchannel.accounts.origin import may_use_cookie
from backchannel.accounts.schemes import Schemes
from backchannel.accounts.secrets import CHAT_SESSION_PREFIX, TICKET_PREFIX, TOKEN_PREFIX, digest
from backchannel.accounts.session_cookie import first_live, session_keys
from backchannel.config import DEFAULT_AUTHENTICATION
from backchannel.protocol.errors import Code, CommandError
from backchannel.store.read_pool import ReadPool

_COOKIE: Final = "cookie"
"""No scheme of a header: they are the kinds of the other secrets."""
_ONCE = frozenset({b"authorization", b"origin", b"host", b"sec-fetch-site"})
_DECIDING = _ONCE | {b"cookie", b"x-forwarded-host"}
"""Headers that decide which credential counts, and whether it may be used."""
_KEY: Final = "backchannel.credential"
"""Where a scope keeps its credential's key in the cache, for a request that is authenticated again after its body."""
_HEADS_AT_MOST: Final = 10_000
"""Beyond this the oldest head is forgotten: it is read once more."""
_REFUSALS = frozenset({Code.UNAUTHENTICATED, Code.WRONG_ORIGIN, Code.WRONG_HOST, Code.BAD_FRAME})


class Authenticator:
    """Authenticates the clients of one chat, and caches positive answers."""

    def __init__(self, reads: ReadPool, origins: Sequence[str] = (), schemes: Schemes | None = None) -> None:
        """`origins`: as in `ChatConfig`. `schemes`: None for sessions and tokens alone."""
        self._reads = reads
        self._origins = origins
        self._schemes = schemes or Schemes(DEFAULT_AUTHENTICATION)
        self.cache = IdentityCache()
        self._keys: dict[bytes, str] = {}
        """Hash of what decides in a head → key of its credential in the cache; only of heads that were accepted."""

    async def authenticate(self, scope: MutableMapping[str, Any]) -> Identity:
        """Identify the caller of `scope` ("http" or "websocket"). Raises `CommandError`: 401 or 403."""
        key = scope.get(_KEY) or self._keys.get(_head_of(scope))
        if key is not None and (identity := self.cache.get(key)) is not None:
            scope[_KEY] = key
            return identity
        try:
            return await self._authenticate(scope)
        except CommandError as error:
            _note_refusal(scope, error)
            raise

    async def issue_ticket(self, identity: Identity) -> tuple[str, int]:
        """Create a ticket that works once. Returns it and when it ends, in microseconds since 1970. Raises `CommandError` 503."""
        secret, ends = await self._reads.run(substitutes.issue_ticket, identity)
        return secret, int(ends.timestamp() * 1_000_000)

    async def issue_chat_session(self, identity: Identity) -> tuple[str, int]:
        """Create a bearer for HTTP that works for 15 minutes. Returns and raises as `issue_ticket`."""
        secret, ends = await self._reads.run(substitutes.issue_chat_session, identity)
        return secret, int(ends.timestamp() * 1_000_000)

    def dead_among(self, proofs: Collection[Proof]) -> set[Proof]:
        """Those of these whose credential has ended. Blocking."""
        return lookup.dead_among(proofs, self._schemes)

    def forget(self, ended: Ended) -> None:
        """Drop cached answers for a credential, or for all of a user's. Thread-safe."""
        self.cache.forget(ended)

    async def _authenticate(self, scope: Mapping[str, Any]) -> Identity:
        credentials = _read(scope)
        if credentials.in_query is not None:
            return await self._by_ticket(credentials.in_query, websocket=scope["type"] == "websocket")
        kind, secrets = self._shown(scope, credentials)
        if len(secrets) == 1:
            key = _key(kind, secrets[0])
            if credentials.host:  # else the address of the server counts too
                self._keep_key(_head_of(scope), key)
            secret = secrets[0]
        else:
            # Of several cookies Django picks the one whose session is alive, which the database is asked for at each call.
            secret = await self._reads.run(first_live, secrets)
            key = _key(kind, secret)
        return self.cache.get(key) or await self._by_secret(key, kind, secret)

    def _keep_key(self, head: bytes, key: str) -> None:
        while len(self._keys) >= _HEADS_AT_MOST:
            del self._keys[next(iter(self._keys))]
        self._keys[head] = key

    async def _by_secret(self, key: str, kind: str, secret: str) -> Identity:
        generation = self.cache.generation
        identity = await self._reads.run(self._look_up, kind, secret)
        if identity is None:
            raise _unauthenticated(
                "You were signed out. Sign in again." if kind == _COOKIE else "The token is not valid."
            )
        self.cache.put(key, identity, generation)
        return identity

    def _look_up(self, kind: str, secret: str) -> Identity | None:
        if kind == _COOKIE:
            return lookup.by_secret("session", secret)
        if kind == "bearer":
            if secret.startswith(CHAT_SESSION_PREFIX):
                return substitutes.by_chat_session(secret, self._schemes)
            if secret.startswith(TOKEN_PREFIX):
                return lookup.by_secret("token", secret) if self._schemes.has_token else None
        return lookup.by_own_scheme(kind, secret, self._schemes)

    async def _by_ticket(self, secret: str, *, websocket: bool) -> Identity:
        if secret and not secret.startswith(TICKET_PREFIX):
            raise _unauthenticated(
                "Only a ticket may be part of an address. Send a token as Authorization: Bearer, or ask POST /api/auth/ticket for "
                "a ticket."
            )
        if not websocket:
            raise _unauthenticated("A ticket opens a WebSocket and nothing else.")
        identity = await self._reads.run(substitutes.by_ticket, secret, self._schemes)
        if identity is None:
            raise _unauthenticated("The ticket has been used, is older than 30 seconds, or never existed.")
        return identity

    def _shown(self, scope: Mapping[str, Any], credentials: _Credentials) -> tuple[str, tuple[str, ...]]:
        """The kind of secret that counts, and the secret; of session cookies each. The kind: `_COOKIE`, or the scheme of the header.
        Raises `CommandError`: 401 if there is none, 403."""
        scheme, secret = credentials.authorization
        if scheme in self._schemes.headers:
            return scheme, (secret,)
        if credentials.session_keys and self._schemes.has_session:
            _check_origin(scope, credentials, self._origins)
            return _COOKIE, credentials.session_keys
        raise _unauthenticated("Sign in, or send a token as Authorization: Bearer.")


class _Credentials(NamedTuple):
    in_query: str | None
    authorization: tuple[str, str]
    """Its scheme in lower case, and the secret; both empty without such a header."""
    session_keys: tuple[str, ...]
    host: str
    origin: str | None
    fetch_site: str | None


def _head_of(scope: Mapping[str, Any]) -> bytes:
    """A hash of all that `_read`, `_shown` and their checks depend on: it keeps no secret in memory."""
    deciding = [value for header in scope["headers"] if header[0] in _DECIDING for value in header]
    kind = f"{scope['type']} {scope.get('method')}".encode()
    return blake2b(b"\n".join([kind, scope.get("query_string", b""), *deciding]), digest_size=32).digest()


def _read(scope: Mapping[str, Any]) -> _Credentials:
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name == b"cookie" and name in headers:
            value = headers[name] + b"; " + value
        elif name in headers and name in _ONCE:
            # If two proxies read different ones of them, a rule can be bypassed.
            raise CommandError(Code.BAD_FRAME, f"The header {name.decode()} was sent twice.")
        headers[name] = value
    check_name(scope, headers.get(b"host"), headers.get(b"x-forwarded-host"))
    query = scope.get("query_string", b"")
    tokens = parse_qs(query.decode("latin-1")).get("token") if b"token" in query else None
    return _Credentials(
        in_query=tokens[0] if tokens else None,
        authorization=_authorization(headers.get(b"authorization")),
        session_keys=session_keys(headers[b"cookie"]) if b"cookie" in headers else (),
        host=headers.get(b"host", b"").decode("latin-1"),
        origin=_text(headers.get(b"origin")),
        fetch_site=_text(headers.get(b"sec-fetch-site")),
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _authorization(header: bytes | None) -> tuple[str, str]:
    scheme, _, secret = (header or b"").decode("latin-1").partition(" ")
    return scheme.lower(), secret.strip()


def _check_origin(scope: Mapping[str, Any], credentials: _Credentials, origins: Sequence[str]) -> None:
    if not may_use_cookie(
        websocket=scope["type"] == "websocket",
        method=scope.get("method", "GET"),
        host=credentials.host,
        origin=credentials.origin,
        fetch_site=credentials.fetch_site,
        allowed=origins,
        https=settings.SESSION_COOKIE_SECURE,
    ):
        raise CommandError(
            Code.WRONG_ORIGIN,
            "This page may not use your session here. The server's operator has to add the page's origin, like "
            'https://chat.example.com, to BACKCHANNEL_ORIGINS; in a Django site, to BACKCHANNEL["ORIGINS"].',
        )


def _note_refusal(scope: Mapping[str, Any], error: CommandError) -> None:
    """Log a refused socket, and a call with a wrong token or from a wrong page. Not an ended session, which polls once more."""
    if error.code not in _REFUSALS:
        return
    if scope["type"] == "websocket":
        event: auth_log.Event = "handshake_refused"
    elif error.code is not Code.UNAUTHENTICATED or any(name == b"authorization" for name, _ in scope["headers"]):
        event = "credential_refused"
    else:
        return
    auth_log.note(event, address=auth_log.address_of(scope), code=error.code.word)


def _key(kind: str, secret: str) -> str:
    return f"{kind} {digest(secret)}"


def _unauthenticated(detail: str) -> CommandError:
    return CommandError(Code.UNAUTHENTICATED, detail)
