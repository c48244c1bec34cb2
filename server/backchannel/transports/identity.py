"""A client's identity, as far as the transports need it. `accounts.identity.Identity` is one implementation."""

from collections.abc import Awaitable, Callable, Hashable, MutableMapping, Sequence
from typing import Any, Literal, Protocol

from backchannel.protocol.shapes import User


class Identity(Protocol):
    @property
    def user(self) -> User: ...
    @property
    def user_id(self) -> int: ...

    @property
    def credential(self) -> str:
        """Names the credential that was shown, and opens nothing: it may be logged, and sent to other nodes."""

    @property
    def expires_at(self) -> int | None:
        """When the sign-in ends by itself, in microseconds since 1970; None if it does not."""

    @property
    def proof(self) -> Hashable:
        """With which the credential is checked again later. Equal if the credential is. Never logged."""

    @property
    def via(self) -> Literal["cookie", "bearer", "ticket"]: ...


Authenticate = Callable[[MutableMapping[str, Any]], Awaitable[Identity]]
"""ASGI scope → who opened it. Raises CommandError: 401 `unauthenticated`, 403 `wrong_origin`."""

ProvidePeople = Callable[[Sequence[str], int], None]
"""Makes people of those users of the site whose external ids are given, so that the person with this id can find them. Blocks: called in a
thread."""

Issue = Callable[[Identity], Awaitable[tuple[str, int]]]
"""→ (ticket or chat session, when it ends in microseconds since 1970)"""
