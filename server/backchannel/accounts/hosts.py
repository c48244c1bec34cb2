"""Which `Host` is answered, outside of Django as inside: one, well-formed, and of `ALLOWED_HOSTS`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from backchannel.protocol.errors import Code, CommandError

LOCAL = (".localhost", "127.0.0.1", "[::1]")
"""Django's own, where DEBUG is on and none are named."""


def check_host(scope: Mapping[str, Any], *, by_name: bool = True) -> None:
    """Raises `CommandError` 400. `by_name`: not only well-formed, but one of those that are answered."""
    named = [value for name, value in scope["headers"] if name == b"host"]
    if len(named) > 1:
        raise CommandError(Code.BAD_FRAME, "The header host was sent twice.")
    check_name(scope, named[0] if named else None, _forwarded(scope), by_name=by_name)


def check_name(scope: Mapping[str, Any], host: bytes | None, forwarded: bytes | None, *, by_name: bool = True) -> None:
    """The same, of headers that were read already. Without a Host it is the address the server listens on, as for Django."""
    if forwarded is not None and settings.USE_X_FORWARDED_HOST:
        host = forwarded
    if host is None:
        host = ((scope.get("server") or ("",))[0] or "").encode()
        if b":" in host:
            host = b"[%b]" % host
    allowed = settings.ALLOWED_HOSTS or (LOCAL if settings.DEBUG else ())
    if not _is_answered(host, tuple(allowed) if by_name else ("*",)):
        raise CommandError(
            Code.WRONG_HOST,
            "This server does not answer to this Host. Whoever runs it lists its names in BACKCHANNEL_ALLOWED_HOSTS "
            "(a Django site: in ALLOWED_HOSTS), and has the reverse proxy pass the Host of the request on.",
        )


def _forwarded(scope: Mapping[str, Any]) -> bytes | None:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return next((value for name, value in headers if name == b"x-forwarded-host"), None)


@lru_cache(1024)
def _is_answered(host: bytes, allowed: tuple[str, ...]) -> bool:
    domain, _ = split_domain_port(host.decode("latin-1"))
    return bool(domain) and validate_host(domain, allowed)
