"""Reads of rooms for a site's policy. Blocking. Each answers None where the person may not know of the room, or the chat's own rules
decide alone."""

from typing import Any, Final
from uuid import UUID

from django.db import connection

from backchannel.policy import RoomInfo
from backchannel.store.driver import read
from backchannel.store.memberships import MEMBER
from backchannel.store.transaction import MEMBERSHIP, MESSAGE, PERSON, ROOM, UPLOAD, db_uuid, marks

_INFO: Final = "r.id, r.kind, r.name, r.topic, r.key"


def room_of_member(room_id: int, person_id: int) -> RoomInfo | None:
    """The room, if the person is in it."""
    return _room(
        f"SELECT {_INFO} FROM {MEMBERSHIP} mb JOIN {ROOM} r ON r.id = mb.room_id "
        f"WHERE mb.room_id = %s AND mb.person_id = %s AND mb.state = '{MEMBER}'",
        [room_id, person_id],
    )


def room_of_author(message_id: UUID, person_id: int) -> RoomInfo | None:
    """The room of a message, if the person wrote it and is there."""
    rows = read(
        f"SELECT room_id FROM {MESSAGE} WHERE id = %s AND sender_id = %s", [db_uuid(connection, message_id), person_id]
    )
    return room_of_member(rows[0][0], person_id) if rows else None


def channel_to_join(room_id: int, person_id: int) -> RoomInfo | None:
    """The channel, if it is of the person's space and they are not in it."""
    return _room(
        f"SELECT {_INFO} FROM {ROOM} r JOIN {PERSON} p ON p.id = %s AND p.space = r.space "
        f"LEFT JOIN {MEMBERSHIP} mb ON mb.room_id = r.id AND mb.person_id = p.id AND mb.state = '{MEMBER}' "
        "WHERE r.id = %s AND r.kind = 'channel' AND mb.id IS NULL",
        [person_id, room_id],
    )


def has_direct_room(one: int, other: int) -> bool:
    first, second = sorted((one, other))
    return bool(read(f"SELECT 1 FROM {ROOM} WHERE direct_key = %s", [f"{first}:{second}"]))


def members_among(room_id: int, ids: list[int]) -> set[int]:
    if not ids:
        return set()
    rows = read(
        f"SELECT person_id FROM {MEMBERSHIP} WHERE room_id = %s AND state = '{MEMBER}' AND person_id IN ({marks(ids)})",
        [room_id, *ids],
    )
    return {row[0] for row in rows}


def is_stored(message_id: UUID) -> bool:
    return bool(read(f"SELECT 1 FROM {MESSAGE} WHERE id = %s", [db_uuid(connection, message_id)]))


def is_uploaded(upload_id: UUID) -> bool:
    """Whether a file was announced by this id."""
    return bool(read(f"SELECT 1 FROM {UPLOAD} WHERE id = %s", [db_uuid(connection, upload_id)]))


def _room(sql: str, values: list[Any]) -> RoomInfo | None:
    rows = read(sql, values)
    return RoomInfo(*rows[0]) if rows else None
