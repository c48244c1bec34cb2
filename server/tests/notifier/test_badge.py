"""The number on the icon, in push messages."""

import pytest

from backchannel.protocol.shapes import NotificationLevel, Room, RoomKind
from backchannel.store.rooms import badge_in

NOW_US = 1_796_040_000_000_000
LATER = "2100-01-01T00:00:00Z"
OVER = "2020-01-01T00:00:00Z"


def _room(kind: RoomKind, level: NotificationLevel | None = None, muted_until: str | None = None) -> Room:
    """Five unread messages of which two mention the person, and a mention in a thread."""
    return Room(
        id=1, kind=kind, name="x", topic="", seq=9, read_seq=1, unread_count=5, mention_count=2, thread_mention_count=1, member_count=2,
        role="member", members=[], last_message=None, level=level, muted_until=muted_until,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("room", "badge"),
    [
        (_room("direct"), 6),
        (_room("channel"), 3),
        (_room("group"), 3),
        (_room("channel", "all"), 6),
        (_room("direct", "mentions"), 3),
        (_room("direct", "none"), 0),
        (_room("channel", "none"), 0),
        (_room("channel", "all", LATER), 0),
        (_room("direct", None, LATER), 0),
        (_room("direct", None, OVER), 6),
    ],
)
def test_the_badge_counts_what_is_for_the_person_in_rooms_that_are_not_quiet(room: Room, badge: int) -> None:
    """The same table as in web/tests/app/roomLevels.test.ts."""
    assert badge_in([room], NOW_US) == badge
    assert badge_in([room, room], NOW_US) == 2 * badge
