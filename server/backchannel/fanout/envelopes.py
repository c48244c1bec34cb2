"""What travels between processes: small envelopes around bytes that are encoded already.

The frame inside is the very text a socket will carry. The envelope tells a hub what it needs without opening it.
"""

from typing import Final

import msgspec

from backchannel.protocol.shapes import PresenceState


class RoomEnvelope(msgspec.Struct, tag="r", array_like=True, frozen=True):
    """A numbered event of a room. `removed`: people who hear nothing of the room after it, nor the event itself."""

    room_id: int
    seq: int
    frame: bytes
    removed: tuple[int, ...] = ()


class UserEnvelope(msgspec.Struct, tag="u", array_like=True, frozen=True):
    """A numbered frame for one user. `joined`: (room, seq its events start after, members). `left`: the room."""

    user_id: int
    version: int
    frame: bytes
    joined: tuple[int, int, int] | None = None
    left: int | None = None


class EphemeralEnvelope(msgspec.Struct, tag="p", array_like=True, frozen=True):
    """Something of this moment, for everybody in a room but `by`. Nobody misses it when it is lost."""

    room_id: int
    by: int
    frame: bytes


class PresenceEnvelope(msgspec.Struct, tag="o", array_like=True, frozen=True):
    """What a node sees of somebody. `rooms`: the small rooms whose members are told."""

    node: str
    user_id: int
    state: PresenceState
    rooms: tuple[int, ...]


class InstanceEnvelope(msgspec.Struct, tag="i", array_like=True, frozen=True):
    """A tab or process opened a socket: whatever older one it has, on any node, is a ghost.

    `opened`: its place in the order of all openings, so that news which was long on its way ends no socket opened since. The
    order is the database's: clocks of nodes may be wrong.
    """

    user_id: int
    instance: str
    session: str
    opened: int


class RevocationEnvelope(msgspec.Struct, tag="e", array_like=True, frozen=True):
    """One of: a credential that opens nothing any more; a user of whose credentials some may have ended."""

    credential: str | None = None
    user_id: int | None = None


Envelope = RoomEnvelope | UserEnvelope | EphemeralEnvelope | PresenceEnvelope | InstanceEnvelope | RevocationEnvelope

encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Envelope).decode

EVERYBODY: Final = "everybody"
"""The topic every process listens to: presence, and ended credentials."""


def room_topic(room_id: int) -> str:
    return f"room:{room_id}"


def user_topic(user_id: int) -> str:
    return f"user:{user_id}"
