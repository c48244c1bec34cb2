"""Whether a page may use its visitor's cookie: one rule for the socket and the API.

A browser attaches the cookie to requests from any page. A page cannot forge `Origin` and `Sec-Fetch-Site`, so these decide,
and no CSRF token is needed besides.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OF_NO_OTHER_SITE = frozenset({None, "same-origin", "none"})
_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)

Origin = tuple[str, str, int]
"""Scheme, host, port."""


def may_use_cookie(
    *,
    websocket: bool,
    method: str,
    host: str,
    origin: str | None,
    fetch_site: str | None,
    allowed: Collection[str] = (),
    https: bool = False,
) -> bool:
    """Decide by a request's headers (None: not sent).

    allowed: the exact origins that may. If empty, the origin must be that of `host`, with the scheme https if `https` says that
    the app is reached by HTTPS.

        | asks for            | Origin sent    | not sent                                    |
        |---------------------|----------------|---------------------------------------------|
        | WebSocket           | must match     | no: every browser sends it there            |
        | POST, PUT, …        | must match     | only with Sec-Fetch-Site: same-origin       |
        | GET, HEAD           | must match     | unless Sec-Fetch-Site names another site    |

    A GET without either header changes nothing, and another site cannot read its answer. If the origin is that of `host` but
    Sec-Fetch-Site names another site, one of the two is wrong, and the request is refused. A listed origin on another host may
    belong to another site: the list exists for that.
    """
    if origin is not None:
        return _matches(origin, host, fetch_site, allowed, https)
    if websocket:
        return False
    if method in _SAFE_METHODS:
        return fetch_site in _OF_NO_OTHER_SITE
    return fetch_site == "same-origin"


def _matches(origin: str, host: str, fetch_site: str | None, allowed: Collection[str], https: bool) -> bool:
    parsed = parse_origin(origin)
    if parsed is None:
        return False
    is_own = parsed == parse_origin(f"{parsed[0]}://{host}")
    if is_own and fetch_site not in _OF_NO_OTHER_SITE:
        return False
    if allowed:
        return any(parsed == parse_origin(each.rstrip("/")) for each in allowed)
    return is_own and (parsed[0] == "https" or not https)


def is_contradicted(*, host: str, origin: str | None, fetch_site: str | None) -> bool:
    """Whether Sec-Fetch-Site names another site although the origin is that of `host`, or is not sent. For Django's pages, whose CSRF
    check considers the origin alone."""
    if fetch_site in _OF_NO_OTHER_SITE:
        return False
    parsed = None if origin is None else parse_origin(origin)
    return origin is None or (parsed is not None and parsed == parse_origin(f"{parsed[0]}://{host}"))


@lru_cache(1024)
def parse_origin(text: str) -> Origin | None:
    """None unless `text` is exactly scheme, host and port. Case, and an explicit default port, make no difference."""
    found = _ORIGIN.fullmatch(text) if len(text) < 300 else None
    if found is None:
        return None
    scheme, host, port = found[1].lower(), found[2].lower(), found[3]
    number = _DEFAULT_PORTS[scheme] if port is None else int(port)
    return (scheme, host, number) if 0 < number < 65536 else None
