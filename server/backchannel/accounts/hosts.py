"""Which `Host` headers are accepted, for Django and the rest alike: a single, well-formed one, listed in `ALLOWED_HOSTS`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from backchannel.protocol.errors import Code, CommandError

LOCAL = (".localhost", "127.0.0.1", "[::1]")
"""Django's own default if DEBUG is on and ALLOWED_HOSTS is empty."""


def check_host(scope: Mapping[str, Any], *, by_name: bool = True) -> None:
    """Raises `CommandError` 400. `by_name`: it must also be listed, not only well-formed."""
    host = forwarded = None
    for name, value in scope["headers"]:
        if name == b"host":
            if host is not None:
                raise CommandError(Code.BAD_FRAME, "The header host was sent twice.")
            host = value
        elif name == b"x-forwarded-host" and forwarded is None:
            forwarded = value
    check_name(scope, host, forwarded, by_name=by_name)


def check_name(scope: Mapping[str, Any], host: bytes | None, forwarded: bytes | None, *, by_name: bool = True) -> None:
    """The same for headers that were parsed already. Without a Host, the address the server listens on counts, as in Django."""
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
            "This server does not accept this Host. Its operator has to list it in BACKCHANNEL_ALLOWED_HOSTS (in a Django site: "
            "ALLOWED_HOSTS), and the reverse proxy has to pass on the Host of the request.",
        )


@lru_cache(1024)
def _is_answered(host: bytes, allowed: tuple[str, ...]) -> bool:
    domain, _ = split_domain_port(host.decode("latin-1"))
    return bool(domain) and validate_host(domain, allowed)
