"""The backlog answers a poll with the events that a read of the log would return, or does not answer."""

from hypothesis import given
from hypothesis import strategies as st

from backchannel.protocol.frames import Resume
from backchannel.transports.http.backlog import BACKLOG_EVENTS, Backlog

ROOMS = (1, 2)


def resume(cursors: dict[int, int], version: int = 1, epoch: str = "e", others: int | None = None) -> Resume:
    return Resume(epoch=epoch, user_version=version, rooms=cursors, others=others)


def frame(room_id: int, seq: int) -> bytes:
    return b"%d:%d" % (room_id, seq)


@given(
    start=st.fixed_dictionaries({room: st.integers(0, 5) for room in ROOMS}),
    events=st.lists(st.sampled_from(ROOMS), max_size=2 * BACKLOG_EVENTS),
    cursors=st.dictionaries(st.sampled_from(ROOMS), st.integers(0, 80)),
)
def test_it_returns_every_event_above_the_cursors_or_none(
    start: dict[int, int], events: list[int], cursors: dict[int, int]
) -> None:
    heads = dict(start)
    backlog = Backlog("e", 1, start, BACKLOG_EVENTS)
    log: list[tuple[int, int]] = []
    for room_id in events:
        heads[room_id] += 1
        backlog.add(room_id, heads[room_id], frame(room_id, heads[room_id]))
        log.append((room_id, heads[room_id]))
    kept = log[-BACKLOG_EVENTS:]
    found = backlog.above(resume(cursors), heads.__getitem__)
    reaches = all(
        cursor <= heads[room] and all((room, seq) in kept for seq in range(cursor + 1, heads[room] + 1))
        for room, cursor in cursors.items()
    )
    assert (found is not None) == reaches
    if found is not None:
        assert found == [frame(room, seq) for room, seq in kept if seq > cursors.get(room, seq)]


def test_a_cursor_of_another_epoch_or_list_version_is_not_answered() -> None:
    backlog = Backlog("e", 1, {1: 0}, BACKLOG_EVENTS)
    assert backlog.above(resume({1: 0}), {1: 0}.__getitem__) == []
    assert backlog.above(resume({1: 0}, epoch="f"), {1: 0}.__getitem__) is None
    assert backlog.above(resume({1: 0}, version=2), {1: 0}.__getitem__) is None
    assert backlog.advance(2)
    assert backlog.above(resume({1: 0}, version=2), {1: 0}.__getitem__) == []
    assert not backlog.advance(4)


def test_rooms_without_a_cursor_are_compared_by_the_sum_of_their_heads() -> None:
    backlog = Backlog("e", 1, {1: 3, 2: 4}, BACKLOG_EVENTS)
    heads = {1: 3, 2: 5}.__getitem__
    assert backlog.above(resume({1: 3}, others=4), heads) is None
    assert backlog.above(resume({1: 3}, others=5), heads) == []


def test_events_read_from_the_log_extend_it_only_if_they_join_without_a_gap() -> None:
    backlog = Backlog("e", 1, {1: 3, 2: 3}, BACKLOG_EVENTS)
    backlog.add_before({1: 1, 2: 1}, {1: [(2, b"2"), (3, b"3")], 2: [(2, b"2")]})
    heads = {1: 3, 2: 3}.__getitem__
    assert backlog.above(resume({1: 1}), heads) == [b"2", b"3"]
    assert backlog.above(resume({2: 1}), heads) is None


def test_events_of_a_room_are_dropped_when_it_is_left() -> None:
    backlog = Backlog("e", 1, {1: 0}, BACKLOG_EVENTS)
    backlog.add(1, 1, b"1")
    backlog.match({2}, {2: 7}.__getitem__)
    assert len(backlog) == 0
    assert backlog.above(resume({1: 0, 2: 7}), {1: 1, 2: 7}.__getitem__) == []
    assert backlog.above(resume({2: 6}), {1: 1, 2: 7}.__getitem__) is None
