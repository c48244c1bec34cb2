"""Envelopes that the bus carries between processes, around encoded frames.

The frame inside is what a socket sends, byte for byte. The envelope has what a hub needs to route it without decoding it.
"""

from typing import Final

import msgspec

from backchannel.protocol.shapes import PresenceState, User


class RoomEnvelope(msgspec.Struct, tag="r", array_like=True, frozen=True):
    """A numbered event of a room."""

    room_id: int
    seq: int
    frame: bytes
    removed: tuple[int, ...] = ()
    """Users whose membership it ended: they get neither the event nor what follows."""


class UserEnvelope(msgspec.Struct, tag="u", array_like=True, frozen=True):
    """A numbered frame for one user."""

    user_id: int
    version: int
    """The version of the user's room list."""
    frame: bytes
    joined: tuple[int, int, int] | None = None
    """(room, seq after which the user gets its events, number of members)"""
    left: int | None = None
    """The room."""


class EphemeralEnvelope(msgspec.Struct, tag="p", array_like=True, frozen=True):
    """A frame of use only now, for everybody in a room. One that is lost is not repaired."""

    room_id: int
    by: int
    """The user it comes from, who does not get it."""
    frame: bytes


class UserEphemeralEnvelope(msgspec.Struct, tag="q", array_like=True, frozen=True):
    """A frame of use only now, for one user's clients. One that is lost is not repaired."""

    user_id: int
    frame: bytes


class PresenceEnvelope(msgspec.Struct, tag="o", array_like=True, frozen=True):
    """A person's presence at one node (presence.py)."""

    node: str
    user_id: int
    state: PresenceState
    rooms: tuple[int, ...]
    """The person's small rooms; their members are sent changes."""


class InstanceEnvelope(msgspec.Struct, tag="i", array_like=True, frozen=True):
    """A tab or process opened a socket: older sockets of the same instance, on any node, are left over."""

    user_id: int
    instance: str
    session: str
    opened: int
    """When, in microseconds of the database's clock, so that a delayed envelope closes no socket opened since. Nodes' clocks may be
    wrong."""


class PersonEnvelope(msgspec.Struct, tag="n", array_like=True, frozen=True):
    """A person's name or picture changed: what nodes keep of them is replaced."""

    user: User


class RevocationEnvelope(msgspec.Struct, tag="e", array_like=True, frozen=True):
    """Exactly one of the two is set."""

    credential: str | None = None
    """Has ended."""
    user_id: int | None = None
    """Some of the user's credentials may have ended: check them again."""


Envelope = (
    RoomEnvelope
    | UserEnvelope
    | EphemeralEnvelope
    | UserEphemeralEnvelope
    | PresenceEnvelope
    | InstanceEnvelope
    | PersonEnvelope
    | RevocationEnvelope
)

encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Envelope).decode

EVERYBODY: Final = "everybody"
"""The topic that every process subscribes to: presence, changed people, and ended credentials."""


def room_topic(room_id: int) -> str:
    return f"room:{room_id}"


def user_topic(user_id: int) -> str:
    return f"user:{user_id}"
