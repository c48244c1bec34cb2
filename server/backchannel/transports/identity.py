"""What the transports need to know of whoever speaks. `accounts.identity.Identity` is one; an embedding site may bring its own."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, MutableMapping
from typing import Any, Literal, Protocol


class Identity(Protocol):
    """credential: names what was shown without opening anything, so that it can be logged and revoked.
    proof: what the credential is checked with again, for whoever gave it; equal where the credential is. Never logged."""

    @property
    def user_id(self) -> int: ...
    @property
    def username(self) -> str: ...
    @property
    def display_name(self) -> str: ...
    @property
    def credential(self) -> str: ...
    @property
    def proof(self) -> Hashable: ...
    @property
    def via(self) -> Literal["cookie", "bearer", "ticket"]: ...


Authenticate = Callable[[Mapping[str, Any]], Awaitable[Identity]]
"""ASGI scope → who speaks. Raises CommandError: 401 `unauthenticated`, 403 `wrong_origin`."""

Recall = Callable[[MutableMapping[str, Any]], Identity | None]
"""ASGI scope → who speaks, where that is remembered; None where `Authenticate` is to be asked."""

IssueTicket = Callable[[Identity], Awaitable[tuple[str, int]]]
"""→ (ticket, microseconds at which it is worth nothing any more)"""
