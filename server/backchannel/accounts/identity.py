"""Who a connection acts for, as the transports see it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from backchannel.protocol.shapes import User

Via = Literal["cookie", "bearer", "ticket"]


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """What a credential is rechecked with: a session's key as stored, or a token's number, or what a class of the site has granted.

    The stored key is the hash of the cookie's value with the app's own session engine; other engines store the value itself.
    Never logged, never sent.
    """

    session_key: str = ""
    token_id: int | None = None
    space: str = ""
    """The tenant of its user. Belonging to another one ends the connection."""
    person_id: int = 0
    """The person of the chat. Erasing them ends the connection, even if the site's user remains."""
    authentication: str = ""
    """The path of the site's class (`schemes`)."""
    name: str = ""
    """The credential's name, as that class gave it."""
    account: str = ""
    """The primary key of the site's user, as text."""
    ends: datetime | None = None

    @property
    def credential(self) -> str:
        """A name that can be logged and sent to other nodes: it identifies the credential but cannot be used as one."""
        if self.authentication:
            return self.name
        if self.session_key:
            return "session:" + hashlib.sha256(self.session_key.encode()).hexdigest()[:32]
        return f"token:{self.token_id}"


@dataclass(frozen=True, slots=True)
class Identity:
    """The result of `authenticate`."""

    user: User
    """The person."""
    account: str
    """The primary key of the site's user, as text."""
    credential: str
    """`session:<hash>`, `token:<id>`, or what a class of the site calls it; for a ticket or chat session, the credential that it rests
    on."""
    via: Via
    expires_at: int | None = None
    """Microseconds since 1970 (protocol/times.py); None if it does not expire."""
    proof: Proof = field(default_factory=Proof, repr=False, compare=False)

    @property
    def user_id(self) -> int:
        return self.user.id


@dataclass(frozen=True, slots=True)
class Ended:
    """A credential has ended, or a user has changed in a way that may have ended several.

    Exactly one field is set. `credential`: close every connection that uses it. `user_id`: ask `lookup.dead_among` about all
    proofs of that user, and close the connections that use a dead one.
    """

    credential: str | None = None
    user_id: int | None = None
