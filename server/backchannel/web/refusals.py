"""Headers for the answers that our own server gives in place of the application: a body that comes too slowly (408), a malformed one (400), an
error of the application itself (500). They are known once the application has the request, and the server asks for them afterwards.

Other servers know nothing of it. What is refused before its head was read has no such headers: nobody knows whose page asked."""

from typing import Any, Final

Headers = list[tuple[bytes, bytes]]

_KEY: Final = "backchannel.refusal_headers"


def send_with_refusals(scope: Any, headers: Headers) -> None:
    """Leave `headers` of this request for the server. `state` is shared by all copies of a scope."""
    if headers and "state" in scope:
        scope["state"][_KEY] = headers


def refusal_headers(scope: Any) -> Headers:
    """The headers that were left with the request; empty without any."""
    found: Headers = scope.get("state", {}).get(_KEY, [])
    return found
