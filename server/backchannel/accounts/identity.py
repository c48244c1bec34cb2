"""Who a connection speaks for, as the transports see it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

Via = Literal["cookie", "bearer", "ticket"]


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """What a credential is checked with again later: a session's key as it is stored, or a token's number.

    The stored key is the hash of the cookie's value where the app's own session engine keeps the sessions; other engines
    store the value itself. Never logged, never sent.
    """

    session_key: str = ""
    token_id: int | None = None

    @property
    def credential(self) -> str:
        """A name that can be logged and sent to other nodes: it tells sessions apart and opens none."""
        if self.session_key:
            return "session:" + hashlib.sha256(self.session_key.encode()).hexdigest()[:32]
        return f"token:{self.token_id}"


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer of `authenticate`.

    user_id: the person's id on the wire. account: the primary key of the site's user, as text.
    credential: "session:<hash>" or "token:<id>"; of a ticket, the one it stands for.
    expires_at: microseconds since 1970 (protocol/times.py), None where there is no end.
    """

    user_id: int
    username: str
    display_name: str
    account: str
    credential: str
    via: Via
    expires_at: int | None = None
    proof: Proof = field(default_factory=Proof, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """A credential has ended, or something about a user has changed that may have ended several.

    Exactly one is set. With `credential`: close what rests on it. With `user_id`: ask `lookup.dead_among`
    about all proofs of that user, and close what rests on the dead ones.
    """

    credential: str | None = None
    user_id: int | None = None
