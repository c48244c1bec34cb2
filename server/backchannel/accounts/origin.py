"""Whether a page may use its visitor's cookie: the one rule that guards the socket and the API alike.

A browser sends the cookie with whatever any page asks for. What it does not let a page forge are
`Origin` and `Sec-Fetch-Site`, so these decide. No CSRF token is needed beside them.
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
    """Decide from a request's headers (None: not sent).

    allowed: the exact origins that may. Where it is empty, the origin must be that of `host`,
    and its scheme https where `https` says that the app is reached so.

        | asks for            | Origin sent    | not sent                                    |
        |---------------------|----------------|---------------------------------------------|
        | WebSocket           | must match     | no: every browser sends it there            |
        | POST, PUT, …        | must match     | only with Sec-Fetch-Site: same-origin       |
        | GET, HEAD           | must match     | unless Sec-Fetch-Site tells of another site |

    A GET without either header changes nothing, and another site cannot read its answer. Where the origin is that of `host` and
    Sec-Fetch-Site tells of another site, one of them is wrong, and the answer is no. A listed origin of another host may be of
    another site: that is what the list is for.
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
    """Does Sec-Fetch-Site tell of another site, while the origin is that of `host`, or is not sent? For Django's pages, whose CSRF
    check looks at the origin alone."""
    if fetch_site in _OF_NO_OTHER_SITE:
        return False
    parsed = None if origin is None else parse_origin(origin)
    return origin is None or (parsed is not None and parsed == parse_origin(f"{parsed[0]}://{host}"))


@lru_cache(1024)
def parse_origin(text: str) -> Origin | None:
    """None where it is not scheme, host and port and nothing else. Case and a default port that is written out do not count."""
    found = _ORIGIN.fullmatch(text) if len(text) < 300 else None
    if found is None:
        return None
    scheme, host, port = found[1].lower(), found[2].lower(), found[3]
    number = _DEFAULT_PORTS[scheme] if port is None else int(port)
    return (scheme, host, number) if 0 < number < 65536 else None
