"""Where a page of hits ends: `before` of the next one. Opaque to clients; anybody may send anything."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from backchannel.protocol.errors import invalid

Number = Annotated[int, Meta(ge=-(2**53), le=2**53)]
Natural = Annotated[int, Meta(ge=0, le=2**53)]


class Key(NamedTuple):
    """A message's place among all messages. Hits are in descending order of it."""

    at_us: Number
    room_id: Natural
    seq: Natural


class AfterKey(msgspec.Struct, frozen=True, array_like=True, tag="newest"):
    """The page continues below `key`."""

    key: Key
    width_ms: Natural = 0
    """The time that one step of the search should cover: what the last one could afford. 0: not known."""


class AfterRank(msgspec.Struct, frozen=True, array_like=True, tag="best"):
    """The page continues at `rank` of the hits from `newest` on."""

    newest: Key
    rank: Natural


Cursor = AfterKey | AfterRank
LENGTH: Final = 200


def write(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def read(text: str, kind: type[Cursor]) -> Cursor:
    """Raises CommandError 422: it was not made by `write` for this order."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        found = None
    if not isinstance(found, kind):
        raise invalid(before="Is not the `before` of a page of this search. Leave it out to start at the first page.")
    return found
