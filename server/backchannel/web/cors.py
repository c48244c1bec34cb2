"""Which pages of other origins a browser lets read the API's answers, and files: those that `CORS_ORIGINS` names, exactly.

They authenticate by a header. Cookies are not allowed to them (`Access-Control-Allow-Credentials` is never sent), so a listed page can do
nothing with its visitor's session. Where nothing is listed, nothing of this is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response
from starlette.types import Scope

from backchannel.accounts.origin import parse_origin
from backchannel.transports.http.requests import path_of

OF_API: Final = ("/api/", "/files/")
_METHODS: Final = b"GET, POST, PUT, PATCH, DELETE"
_HEADERS: Final = b"authorization, content-type, range"
_EXPOSED: Final = b"retry-after, content-range, content-disposition"
_PREFLIGHT_LIFE_S: Final = b"600"

Headers = list[tuple[bytes, bytes]]


class Cors:
    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = frozenset(filter(None, map(parse_origin, origins)))

    def headers_for(self, scope: Scope) -> Headers:
        """The headers for the answer to this request. Our own server sends them with its refusals, too (`refusals.py`)."""
        if not self._origins or not path_of(scope).startswith(OF_API):
            return []
        vary = [(b"vary", b"Origin")]
        origin = self._allowed(scope)
        if origin is None:
            return vary
        return [*vary, (b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSED)]

    def preflight(self, scope: Scope) -> Response | None:
        """The answer to a browser that asks before it calls; None if this is something else."""
        if scope["method"] != "OPTIONS" or not self._origins or self._allowed(scope) is None:
            return None
        if not path_of(scope).startswith(OF_API):
            return None
        if not any(name == b"access-control-request-method" for name, _ in scope["headers"]):
            return None
        response = Response(status_code=204)
        response.raw_headers += [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _HEADERS),
            (b"access-control-max-age", _PREFLIGHT_LIFE_S),
        ]
        return response

    def _allowed(self, scope: Scope) -> bytes | None:
        """The request's origin, as it was sent, if it is listed. Several of them are none."""
        sent = [value for name, value in scope["headers"] if name == b"origin"]
        if len(sent) != 1:
            return None
        return sent[0] if parse_origin(sent[0].decode("latin-1")) in self._origins else None
