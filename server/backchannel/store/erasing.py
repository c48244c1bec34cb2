"""Finds the rows that contain data of a person who is erased. Blocking.

A message shows its sender as they are now. The events of joining, leaving and pinning hold names as they were, and are rewritten
here: their seqs and types stay.
"""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction

from backchannel.store import drafts, people, scheduled
from backchannel.store.driver import read
from backchannel.store.models import (
    Event,
    NotificationSettings,
    Person,
    PersonNotification,
    PushSubscription,
    ThreadFollow,
)
from backchannel.store.transaction import EVENT, MEMBERSHIP, MESSAGE, ROOM, from_db_uuid

AT_ONCE: Final = 100


def rooms_ever_of(person_id: int) -> list[int]:
    """The rooms that the person is or was in."""
    return [row[0] for row in read(f"SELECT room_id FROM {MEMBERSHIP} WHERE person_id = %s", [person_id])]


def messages_of(person_id: int, room_id: int) -> Iterator[list[UUID]]:
    """The person's messages in the room that are not deleted, in portions."""
    last = 0
    while rows := read(
        f"SELECT id, seq FROM {MESSAGE} WHERE room_id = %s AND seq > %s AND sender_id = %s AND NOT deleted "
        "ORDER BY seq LIMIT %s",
        [room_id, last, person_id, AT_ONCE],
    ):
        last = rows[-1][1]
        yield [from_db_uuid(row[0]) for row in rows]


def count_before(before_us: int) -> int:
    """How many messages that are not deleted are older than this, in microseconds since 1970."""
    return int(read(f"SELECT count(*) FROM {MESSAGE} WHERE created_us < %s AND NOT deleted", [before_us])[0][0])


def rooms_with_messages() -> list[int]:
    """The rooms that have a log."""
    return [row[0] for row in read(f"SELECT id FROM {ROOM} WHERE head > %s ORDER BY id", [0])]


def messages_before(room_id: int, before_us: int) -> Iterator[list[UUID]]:
    """The room's messages that are older than this and not deleted, in portions."""
    last = 0
    while rows := read(
        f"SELECT id, seq FROM {MESSAGE} WHERE room_id = %s AND seq > %s AND created_us < %s AND NOT deleted ORDER BY seq LIMIT %s",
        [room_id, last, before_us, AT_ONCE],
    ):
        last = rows[-1][1]
        yield [from_db_uuid(row[0]) for row in rows]


def scrub_events(person_id: int) -> None:
    """Replace the person's name in the stored events of all rooms: the site may let somebody act in rooms they were never in. Reads the
    table once, in which messages are not."""
    last = 0
    while rows := read(
        f"SELECT id, body FROM {EVENT} WHERE id > %s AND body LIKE %s ORDER BY id LIMIT %s",
        [last, f'%"id":{person_id},%', AT_ONCE],
    ):
        last = rows[-1][0]
        with transaction.atomic():
            for event_id, body in rows:
                scrubbed = _scrubbed(msgspec.json.decode(body), person_id)
                Event.objects.filter(pk=event_id).update(body=msgspec.json.encode(scrubbed).decode())


def forget_account(person_id: int) -> None:
    """The account is somebody else's from now on, if it is ever there again. A sign-in meanwhile may have activated the person."""
    with transaction.atomic():
        people.set_person_active(person_id, False)
        Person.objects.filter(pk=person_id).update(account=None)
        for model in (ThreadFollow, NotificationSettings, PushSubscription, PersonNotification):
            model.objects.filter(person_id=person_id).delete()
        drafts.forget(person_id)
        scheduled.forget(person_id)


def _scrubbed(value: Any, person_id: int) -> Any:
    if not isinstance(value, dict):
        return value
    if value.get("id") == person_id and "username" in value:
        return people.anonymous(person_id)
    return {name: _scrubbed(part, person_id) for name, part in value.items()}
