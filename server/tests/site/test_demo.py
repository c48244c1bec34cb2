from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import authenticate

from backchannel.accounts.people import person_of
from backchannel.site import demo
from backchannel.site.demo.script import parse, scenes
from backchannel.store import reads, rooms

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)

PLAY = """direct
with ada bob

@1d 09:00 ada
First.

Still first.
+ 👍 bob ada
@1d 09:01 bob re
Draft.
=>
Edited.
--- unread ada
@5m ada re 2
Last.
"""


def test_a_script_is_parsed() -> None:
    scene = parse(PLAY, NOW)
    first, second, third = scene.lines
    assert (scene.kind, scene.name, scene.members, scene.read_by) == ("direct", None, ["ada", "bob"], {"ada": 2})
    assert (first.content, first.reactions) == ("First.\n\nStill first.", [("👍", "bob"), ("👍", "ada")])
    assert first.at == datetime(2026, 3, 13, 9, 0, tzinfo=UTC)
    assert (second.content, second.became) == ("Draft.", "Edited.")
    assert (second.answers, third.answers) == (0, 0)
    assert third.at == NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    "now", [NOW, datetime(2026, 3, 14, 0, 1, tzinfo=UTC), datetime(2026, 3, 14, 23, 59, tzinfo=UTC)]
)
def test_the_script_is_consistent(now: datetime) -> None:
    for scene in scenes(now):
        members = scene.members or list(demo.TEAM)
        times = [line.at for line in scene.lines]
        assert times == sorted(times), scene.name
        assert times[-1] < now
        for index, line in enumerate(scene.lines):
            assert line.content, (scene.name, index)
            assert {line.by, *(who for _, who in line.reactions)} <= set(members), (scene.name, line.content)
            assert line.answers is None or 0 <= line.answers < index


def test_the_demonstration_fills_a_week(transactional_db: None) -> None:
    demo.build(NOW)
    maya = authenticate(username=demo.suggested(), password=demo.PASSWORD)
    assert maya is not None
    mine = rooms.rooms_of(person_of(maya).id)
    assert len(mine) >= 10
    assert sum(room.unread_count for room in mine) > 20
    assert sum(room.mention_count for room in mine) >= 3
    felix = authenticate(username="felix", password=demo.PASSWORD)
    assert sum(room.unread_count for room in rooms.rooms_of(person_of(felix).id)) == 0
    written = 0
    for room in mine:
        messages = reads.page_before(room.id, None, 200)
        written += len(messages)
        times = [message.created_at for message in messages]
        assert times == sorted(times)
        assert times[-1] < NOW.isoformat()
        assert room.last_message is not None
        assert room.last_message.content
    assert written > 200
    with pytest.raises(demo.NotEmpty):
        demo.build(NOW)
