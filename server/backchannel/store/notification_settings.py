"""What people want to be notified of. Blocking."""

from typing import Final

import msgspec

from backchannel.protocol import times
from backchannel.protocol.codec import encode
from backchannel.protocol.shapes import MyNotifications, QuietHours, RoomNotifications
from backchannel.store.driver import read
from backchannel.store.transaction import MEMBERSHIP, NOTIFICATION_SETTINGS, Transaction

COLUMNS: Final = "keywords, quiet_hours, dnd_until_us, push_content"
DEFAULTS: Final = ("[]", "", 0, "full")


def settings_of(person_id: int) -> MyNotifications:
    rows = read(f"SELECT {COLUMNS} FROM {NOTIFICATION_SETTINGS} WHERE person_id = %s", [person_id])
    return settings_from(*(rows[0] if rows else DEFAULTS))


def settings_from(keywords: str, quiet_hours: str, dnd_until_us: int, push_content: str) -> MyNotifications:
    return MyNotifications(
        keywords=msgspec.json.decode(keywords, type=list[str]),
        quiet_hours=quiet_hours_from(quiet_hours),
        dnd_until=times.to_wire(dnd_until_us) if dnd_until_us else None,
        push_content=push_content,  # type: ignore[arg-type]
    )


def quiet_hours_from(text: str) -> QuietHours | None:
    return msgspec.json.decode(text, type=QuietHours) if text else None


def write_settings(transaction: Transaction, person_id: int, settings: MyNotifications, dnd_until_us: int) -> None:
    """`dnd_until_us`: instead of the text in `settings`."""
    values = [
        encode(settings.keywords).decode(),
        encode(settings.quiet_hours).decode() if settings.quiet_hours else "",
        dnd_until_us,
        settings.push_content,
    ]
    names = COLUMNS.split(", ")
    transaction.execute(
        f"INSERT INTO {NOTIFICATION_SETTINGS} (person_id, {COLUMNS}) VALUES (%s, %s, %s, %s, %s) "
        f"ON CONFLICT (person_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in names)}",
        [person_id, *values],
    )


def room_settings_of(person_id: int, room_id: int) -> RoomNotifications:
    """Of a member."""
    rows = read(
        f"SELECT level, muted_until_us FROM {MEMBERSHIP} WHERE person_id = %s AND room_id = %s", [person_id, room_id]
    )
    level, muted_until_us = rows[0]
    return RoomNotifications(room_id, level, None if muted_until_us is None else times.to_wire(muted_until_us))


def write_room_settings(
    transaction: Transaction, person_id: int, room_id: int, level: str | None, muted_until_us: int | None
) -> bool:
    """Whether that changed anything."""
    changed = transaction.execute(
        f"UPDATE {MEMBERSHIP} SET level = %s, muted_until_us = %s WHERE person_id = %s AND room_id = %s "
        "AND NOT (COALESCE(level, '') = %s AND COALESCE(muted_until_us, -1) = %s)",
        [level, muted_until_us, person_id, room_id, level or "", -1 if muted_until_us is None else muted_until_us],
    )
    return changed > 0
