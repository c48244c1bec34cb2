"""Whether a page may use its visitor's cookie: the one rule that guards the socket and the API alike.

A browser sends the cookie with whatever any page asks for. What it does not let a page forge are
`Origin` and `Sec-Fetch-Site`, so these decide. No CSRF token is needed beside them.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


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

    A GET without either header changes nothing, and another site cannot read its answer.
    """
    if origin is not None:
        return _matches(origin, host, allowed, https)
    if websocket:
        return False
    if method in _SAFE_METHODS:
        return fetch_site in {None, "same-origin", "none"}
    return fetch_site == "same-origin"


def _matches(origin: str, host: str, allowed: Collection[str], https: bool) -> bool:
    if allowed:
        return origin in allowed
    try:
        parts = urlsplit(origin)
        ours = urlsplit(f"{parts.scheme}://{host}")
        same = (parts.hostname, _port(parts.scheme, parts.port)) == (ours.hostname, _port(parts.scheme, ours.port))
    except ValueError:
        return False
    return same and bool(parts.hostname) and parts.scheme in ({"https"} if https else {"http", "https"})


def _port(scheme: str, port: int | None) -> int | None:
    return port or _DEFAULT_PORTS.get(scheme)
