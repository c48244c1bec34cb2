"""A moment's place in a room, compared with a look at every message."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backchannel.commands.update_room import UpdateRoom
from backchannel.store.by_time import first_seq_at
from backchannel.store.models import Message, Room
from tests.store.making import do, person, room, send

SECOND = 1_000_000


def written(seed: int) -> tuple[int, int, list[tuple[int, int]]]:
    """Room, head, and (seq, time) of each message; several have the same time, and other events are between them."""
    chance = random.Random(seed)
    ada = person(f"t{seed}a")
    room_id = room(ada, person(f"t{seed}b"))
    at = 1_000 * SECOND
    messages = []
    for number in range(chance.randint(0, 30)):
        if chance.random() < 0.4:
            do(UpdateRoom(actor=ada, room_id=room_id, name=None, topic=f"{number}"))
        at += chance.choice([0, 1, SECOND, 60 * SECOND])
        said = send(room_id, ada)
        Message.objects.filter(pk=said.id).update(created_us=at)
        messages.append((said.seq, at))
    return room_id, Room.objects.get(pk=room_id).head, messages


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_first_message_at_or_after_the_moment(seed: int) -> None:
    room_id, head, messages = written(seed)
    for at in {0, 2**60, *(at + by for _, at in messages for by in (-1, 0, 1))}:
        following = [seq for seq, each in messages if each >= at]
        found = first_seq_at(room_id, at, head)
        # Numbers of other events may be before the message: a page around them begins with it.
        before = [seq for seq, each in messages if each < at]
        assert max(before, default=0) < found <= min(following, default=head + 1)


def test_a_long_room_costs_one_look_up_for_each_doubling() -> None:
    room_id, _, messages = written(1)
    with CaptureQueriesContext(connection) as asked:
        assert first_seq_at(room_id, 2**60, 1_000_000) > messages[-1][0]
    assert 5 < len(asked) <= 20
