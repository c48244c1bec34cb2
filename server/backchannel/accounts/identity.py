"""Who a connection speaks for, as the transports see it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from weakref import WeakValueDictionary

Via = Literal["cookie", "bearer", "ticket"]


class Proof:
    """What a credential is checked with again later: a session's key, or a token's number.

    Kept in memory only, for as long as an identity that rests on it; never logged, never sent.
    """

    __slots__ = ("__weakref__", "session_key", "token_id")

    def __init__(self, session_key: str = "", token_id: int | None = None) -> None:
        self.session_key = session_key
        self.token_id = token_id

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


_proofs: WeakValueDictionary[str, Proof] = WeakValueDictionary()


def shared(proof: Proof) -> Proof:
    """The one `Proof` object of its credential, so that it is found by name while any identity rests on it."""
    return _proofs.setdefault(proof.credential, proof)


def proof_of(credential: str) -> Proof | None:
    """The proof behind a credential that some identity in this process still rests on."""
    return _proofs.get(credential)


Announce = Callable[["Ended"], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """A credential has ended, or something about a user has changed that may have ended several.

    Exactly one is set. With `credential`: close what rests on it. With `user_id`: ask `revalidate`
    about all credentials of that user, and close what rests on the dead ones.
    """

    credential: str | None = None
    user_id: int | None = None
