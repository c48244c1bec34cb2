"""The session as a pure machine: catch-up, deadlines, heartbeats, and the frames that it refuses."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from backchannel.protocol.codec import BadFrame, decode_frame
from backchannel.protocol.commands import GetMe, GetRoomList
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.results import RoomList
from backchannel.protocol.shapes import Limits, Room, User
from backchannel.transports.session import Session, Settings, State, merge, resume_plan
from backchannel.transports.session.effects import (
    Announce,
    Answer,
    Arrive,
    Close,
    Effect,
    Enter,
    Follow,
    ReadEvents,
    ReadList,
    ReadPosition,
    Run,
    Send,
    UpdateDelivery,
)
from backchannel.transports.session.inputs import Entered, EventsRead, Followed, Input, ListRead, PositionRead
from backchannel.transports.session.session import TABLE

ME = User(7, "me", "Me")
HELLO = {"type": "hello", "protocol": 1, "client": {"instance": "tab"}}
BAD = BadFrame(Code.BAD_FRAME, "Not JSON.")


NO_LIST = RoomList([], "2025-01-01T00:00:00Z", 9, "one")
RESULTS: list[Input] = [
    PositionRead("one", 1, {}, 0.0, 0),
    Entered((), lambda _: 0),
    ListRead(NO_LIST),
    Followed((), {}),
    EventsRead({}, (), lambda _: 0),
]


def new(now: float = 0.0, **limits: Any) -> Session:
    return Session("s", ME, Settings(Limits(**limits), 30, "1"), now)


def send(session: Session, frame: Any, now: float = 0.0) -> list[Effect]:
    return session.frame(decode_frame(json.dumps(frame).encode()), now, 1_000_000)


def frames_of(effects: Sequence[Effect]) -> list[Any]:
    """The frames that these effects send."""
    frames: list[bytes] = []
    for effect in effects:
        match effect:
            case Send(several):
                frames += several
            case Answer(frame):
                frames.append(frame)
    return [json.loads(frame) for frame in frames]


def a_list(version: int, **heads: int) -> RoomList:
    rooms = [Room(int(id_[1:]), "group", None, "", head, 0, 0, 0, 1, [], "member", None) for id_, head in heads.items()]
    return RoomList(rooms, "2025-01-01T00:00:00Z", version, "one")


def event(room_id: int, seq: int) -> bytes:
    return json.dumps({"type": "message_created", "room_id": room_id, "seq": seq}).encode()


def locate(session: Session, heads: dict[int, int], version: int = 1, at: float = 0.0) -> list[Effect]:
    return session.on(PositionRead("one", version, heads, at, int(at * 1_000_000)))


def enter(session: Session, left: Sequence[int] = (), delivered: int = 0) -> list[Effect]:
    return session.on(Entered(left, lambda _: delivered))


def read_list(session: Session, room_list: RoomList) -> list[Effect]:
    """Complete the read of the list; the hub had entered all of its rooms."""
    assert session.on(ListRead(room_list)) == [Follow(room_list)]
    return session.on(Followed((), {}))


def catch_up(session: Session, events: Any = None, presence: Sequence[bytes] = (), delivered: int = 0) -> list[Effect]:
    return session.on(EventsRead(events or {}, presence, lambda _: delivered))


def tick(session: Session, now: float, heads: Any = None, delivered: int = 10**9) -> list[Effect]:
    return session.tick(now, 0, heads or (lambda _: {}), lambda _: delivered)


def resumed(
    heads: dict[int, int], cursors: dict[int, int], version: int = 1, **limits: Any
) -> tuple[Session, list[Effect]]:
    """A session that a client resumed with these cursors, and the effects up to the read of the events."""
    session = new(**limits)
    rooms = {str(room): seq for room, seq in cursors.items()}
    assert send(session, {**HELLO, "resume": {"epoch": "one", "user_version": version, "rooms": rooms}}) == [
        ReadPosition(cursors)
    ]
    assert locate(session, heads)[-1] == Enter()
    return session, enter(session)


def live(now: float = 0.0) -> Session:
    session = new(now)
    send(session, HELLO, now)
    locate(session, {5: 3}, at=now)
    enter(session)
    read_list(session, a_list(1, r5=3))
    catch_up(session, delivered=3)
    assert session.state is State.LIVE
    return session


def test_a_newcomer_gets_hello_the_list_presence_and_caught_up() -> None:
    session = new()
    assert send(session, HELLO) == [ReadPosition(())]
    announce, *effects = locate(session, {5: 3}, version=4, at=2.0)
    assert announce == Announce(0)  # it opened two seconds before the position was read
    assert effects[1:] == [Enter()]
    (hello,) = frames_of(effects)
    assert (hello["type"], hello["epoch"], hello["user_version"], hello["user"]["id"]) == ("hello", "one", 4, 7)
    assert hello["limits"]["page"] == 200
    assert enter(session) == [ReadList()]
    assert read_list(session, a_list(4, r5=3)) == [ReadEvents({}, with_presence=True)]
    last = catch_up(session, presence=[b'{"type":"presence"}'])
    assert [frame["type"] for frame in frames_of(last)] == ["room_list", "presence", "caught_up"]
    assert last[1:] == [UpdateDelivery(), Arrive()]
    assert session.is_newcomer
    assert session.instance == "tab"


def test_a_resumed_session_reads_from_the_clients_cursors() -> None:
    session, effects = resumed({5: 9, 6: 2}, {5: 7, 6: 2})
    assert effects == [ReadEvents({5: 7, 6: 2}, with_presence=True)]
    frames = catch_up(session, {5: [(8, event(5, 8)), (9, event(5, 9))]})
    assert [(frame["type"], frame.get("seq")) for frame in frames_of(frames)] == [
        ("message_created", 8), ("message_created", 9), ("caught_up", None)
    ]  # fmt: skip


def test_a_list_of_another_version_is_sent() -> None:
    session, effects = resumed({5: 9}, {5: 9}, version=0)
    assert effects == [ReadList()]
    assert read_list(session, a_list(1, r5=9)) == [ReadEvents({5: 9}, with_presence=True)]
    assert [frame["type"] for frame in frames_of(catch_up(session))] == ["room_list", "caught_up"]


def test_a_list_with_a_room_not_yet_entered_is_read_again() -> None:
    """An event may have been committed between reading the list and entering the room."""
    session, _ = resumed({5: 9}, {5: 9}, version=0)
    session.on(ListRead(a_list(2, r5=9, r6=4)))
    assert session.on(Followed((), {6: 4})) == [ReadList()]
    assert read_list(session, a_list(2, r5=9, r6=5)) == [ReadEvents({5: 9}, with_presence=True)]
    assert not session.room_event(6, 5, event(6, 5))
    assert not session.room_event(6, 6, event(6, 6))
    frames = frames_of(catch_up(session))
    assert [frame.get("seq", frame["type"]) for frame in frames] == ["room_list", "caught_up", 6]


def test_a_client_of_another_epoch_is_a_newcomer() -> None:
    session = new()
    send(session, {**HELLO, "resume": {"epoch": "zero", "user_version": 9, "rooms": {"5": 1}}})
    locate(session, {5: 3}, version=4)
    assert enter(session) == [ReadList()]
    assert read_list(session, a_list(4, r5=3)) == [ReadEvents({}, with_presence=True)]
    assert session.is_newcomer


def test_a_poll_announces_no_socket_and_gets_presence_only_as_a_newcomer() -> None:
    for resume, with_presence in ((None, True), ({"epoch": "one", "user_version": 1, "rooms": {}}, False)):
        session = Session("s", ME, Settings(), 0.0, is_poll=True)
        send(session, {**HELLO, "resume": resume} if resume else HELLO)
        assert not any(isinstance(effect, Announce) for effect in locate(session, {}))
        effects = enter(session) if resume else [*enter(session), *read_list(session, a_list(1))]
        assert effects[-1] == ReadEvents({}, with_presence=with_presence)


def test_a_cursor_too_far_behind_or_ahead_is_reset_and_a_room_no_longer_joined_is_skipped() -> None:
    session, effects = resumed({5: 600, 6: 500, 7: 3}, {5: 99, 6: 0, 7: 4, 8: 1})
    assert effects == [ReadEvents({6: 0}, with_presence=True)]
    frames = frames_of(catch_up(session))
    assert [(frame["type"], frame.get("room_id"), frame.get("seq")) for frame in frames] == [
        ("room_reset", 5, 600), ("room_reset", 7, 3), ("caught_up", None, None)
    ]  # fmt: skip


def test_a_client_ahead_of_a_room_that_it_comes_back_to_while_it_catches_up_is_reset() -> None:
    """The position was read while its user was away, so that nothing is known of the room's log before the list names it."""
    session, effects = resumed({5: 9}, {5: 9, 7: 40, 8: 2}, version=0)
    assert effects == [ReadList()]
    session.on(ListRead(a_list(2, r5=9, r7=4, r8=4)))
    assert session.on(Followed((), {7: 4, 8: 4})) == [ReadList()]
    read_list(session, a_list(2, r5=9, r7=4, r8=4))
    frames = frames_of(catch_up(session))
    assert [(frame["type"], frame.get("room_id"), frame.get("seq")) for frame in frames] == [
        ("room_list", None, None), ("room_reset", 7, 4), ("caught_up", None, None)
    ]  # fmt: skip


def test_catch_up_events_are_limited_over_all_rooms_and_those_with_most_are_reset() -> None:
    heads = {room: 400 + room for room in range(1, 21)}
    session, effects = resumed(heads, dict.fromkeys(heads, 0))
    read = effects[-1]
    assert isinstance(read, ReadEvents)
    assert sum(heads[room] for room in read.cursors) <= resume_plan.CATCH_UP_EVENTS_IN_ALL
    assert set(read.cursors) == set(range(1, len(read.cursors) + 1))
    resets = [frame for frame in frames_of(catch_up(session)) if frame["type"] == "room_reset"]
    assert {frame["room_id"] for frame in resets} == set(heads) - set(read.cursors)


def test_events_delivered_during_the_read_follow_the_read_ones_without_repetition() -> None:
    session, _ = resumed({5: 9}, {5: 7})
    for seq in (9, 10, 11):
        assert not session.room_event(5, seq, event(5, seq))
    assert not session.user_frame(1, b'{"type":"old"}')
    assert not session.user_frame(2, b'{"type":"read_state"}')
    assert not session.takes_ephemeral
    frames = frames_of(catch_up(session, {5: [(8, event(5, 8)), (9, event(5, 9)), (10, event(5, 10))]}))
    assert [frame.get("seq", frame["type"]) for frame in frames] == [8, 9, 10, "caught_up", "read_state", 11]
    assert session.room_event(5, 12, event(5, 12))
    assert session.user_frame(3, b"{}")
    assert not session.user_frame(3, b"{}")
    assert session.user_version == 3


def test_no_event_is_sent_of_a_room_left_while_it_was_read() -> None:
    session, _ = resumed({5: 9, 6: 1}, {5: 7, 6: 1})
    session.room_event(5, 10, event(5, 10))
    session.left(5)
    frames = frames_of(catch_up(session, {5: [(8, event(5, 8))]}))
    assert [frame["type"] for frame in frames] == ["caught_up"]


def test_a_room_left_and_joined_again_while_it_was_read_starts_at_the_join() -> None:
    session, _ = resumed({5: 9}, {5: 7})
    session.left(5)
    session.user_frame(2, b'{"type":"room_removed"}')
    session.joined(5, 12)
    session.user_frame(3, b'{"type":"room_added"}')
    session.room_event(5, 13, event(5, 13))
    frames = frames_of(catch_up(session))
    assert [frame["type"] for frame in frames] == ["caught_up", "room_removed", "room_added", "message_created"]


def test_too_many_events_during_a_catch_up_close_the_session_instead_of_leaving_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(merge, "KEPT_FRAMES", 3)
    for keep in ("events", "frames"):
        session, _ = resumed({5: 9}, {5: 9})
        for seq in range(10, 20):
            if keep == "events":
                session.room_event(5, seq, event(5, seq))
            else:
                session.user_frame(seq, b"{}")
        assert session.is_overflowed
        assert catch_up(session) == [Close(CloseCode.TOO_SLOW, "behind")]
        session, _ = resumed({5: 9}, {5: 9})
        for seq in range(10, 20):
            session.room_event(5, seq, event(5, seq))
        assert tick(session, 1.0) == [Close(CloseCode.TOO_SLOW, "behind")]


@pytest.mark.parametrize("state", State)
def test_results_that_the_state_does_not_wait_for_are_ignored(state: State) -> None:
    for result in RESULTS:
        if type(result) not in TABLE[state]:
            session = live()
            session.state = state
            assert session.on(result) == []
            assert session.state is state


def test_a_room_is_delivered_directly_once_the_hub_has_reached_the_end_of_the_read() -> None:
    session, _ = resumed({5: 9, 6: 2}, {5: 7, 6: 2})
    assert not session.delivers_directly(6)
    catch_up(session, {5: [(8, event(5, 8)), (9, event(5, 9))]}, delivered=8)
    assert session.delivers_directly(6)
    assert not session.delivers_directly(5)
    assert tick(session, 1.0, delivered=8) == []
    assert session.idle_until == 0.0
    assert not session.room_event(5, 9, event(5, 9))
    assert session.room_event(5, 10, event(5, 10))
    assert not session.delivers_directly(5), "only an effect changes that"
    assert tick(session, 2.0, delivered=10) == [UpdateDelivery()]
    assert session.delivers_directly(5)
    assert session.joined(7, 3) == [UpdateDelivery()]
    assert not session.delivers_directly(7)


def test_no_hello_within_the_timeout_closes() -> None:
    session = new()
    assert tick(session, 4.9) == []
    assert tick(session, 5.0) == [Close(CloseCode.NOT_UNDERSTOOD, "no_hello")]
    assert session.state is State.CLOSED


@pytest.mark.parametrize("frame", [{"type": "ping"}, {"type": "pong"}, {"type": "get_me"}])
def test_anything_but_hello_first_closes(frame: Any) -> None:
    assert send(new(), frame) == [Close(CloseCode.NOT_UNDERSTOOD, "hello_expected")]


def test_an_unreadable_frame_instead_of_hello_is_answered_and_closes() -> None:
    effects = new().bad_frame(BAD, 0.0)
    assert frames_of(effects)[0]["error"]["code"] == "bad_frame"
    assert effects[-1] == Close(CloseCode.NOT_UNDERSTOOD, "hello_expected")


def test_an_unknown_protocol_version_closes() -> None:
    assert send(new(), {**HELLO, "protocol": 2}) == [Close(CloseCode.PROTOCOL_UNSPOKEN, "protocol_unspoken")]


def test_the_third_unreadable_frame_closes_and_wrong_fields_do_not_count() -> None:
    session = live()
    wrong = CommandError(Code.INVALID, "Wrong.")
    unknown = BadFrame(Code.UNKNOWN_COMMAND, "Unknown.", "x")
    for error in (BAD, wrong, unknown, wrong, BAD, unknown):
        effects = session.bad_frame(error, 0.0)
        assert len(effects) == 1
    assert frames_of(session.bad_frame(unknown, 0.0))[0]["id"] == "x"
    assert session.bad_frame(BAD, 0.0)[-1] == Close(CloseCode.NOT_UNDERSTOOD, "bad_frames")
    assert session.bad_frame(BAD, 0.0) == []


def test_a_second_hello_is_a_bad_frame() -> None:
    assert frames_of(send(live(), HELLO))[0]["error"]["code"] == "bad_frame"


def test_commands_are_run_and_pings_answered_from_hello_on() -> None:
    session = new()
    send(session, HELLO)
    assert send(session, {"type": "get_me", "id": "a"}) == [Run(GetMe(id="a"))]
    (pong,) = frames_of(send(session, {"type": "ping", "id": "b"}))
    assert pong == {"type": "pong", "timestamp": "1970-01-01T00:00:01Z", "id": "b"}
    assert frames_of(send(session, {"type": "ping"})) == [{"type": "pong", "timestamp": "1970-01-01T00:00:01Z"}]
    assert send(live(), {"type": "get_room_list"}) == [Run(GetRoomList())]


def test_a_heartbeat_names_the_heads_that_moved_since_the_last() -> None:
    session = live()
    asked: list[float] = []

    def heads(since: float) -> dict[int, int]:
        asked.append(since)
        return {5: 9}

    assert tick(session, 29.9, heads) == []
    (beat,) = frames_of(tick(session, 30.0, heads))
    assert beat == {"type": "ping", "timestamp": "1970-01-01T00:00:00Z", "heads": {"5": 9}, "user_version": 1}
    send(session, {"type": "pong"}, 31.0)
    assert tick(session, 59.9, heads) == []
    assert frames_of(tick(session, 60.0, heads))[0]["type"] == "ping"
    assert asked == [0.0, 30.0]


@pytest.mark.parametrize("frame", [{"type": "pong"}, {"type": "ping"}, {"type": "get_me"}])
def test_a_silent_client_is_closed_and_any_frame_counts(frame: Any) -> None:
    session = live()
    send(session, frame, 20.0)
    tick(session, 30.0)
    assert not any(isinstance(effect, Close) for effect in tick(session, 59.9))
    assert tick(session, 60.0) == [Close(CloseCode.TOO_SLOW, "silent")]


def test_a_session_is_idle_until_the_next_deadline_or_a_joined_room() -> None:
    session = live()
    assert session.idle_until == 0.0
    tick(session, 5.0)
    assert session.idle_until == 30.0
    tick(session, 30.0)  # the client has been silent since 0
    assert session.idle_until == 40.0
    send(session, {"type": "pong"}, 31.0)
    tick(session, 40.0)
    assert session.idle_until == 60.0
    session.joined(5, 9)
    assert session.idle_until == 0.0
    tick(session, 41.0)
    assert session.idle_until == 71.0
    session.end(CloseCode.RESTART, "restart")
    assert session.idle_until == 0.0


def test_a_session_is_never_idle_while_it_catches_up() -> None:
    session, _ = resumed({5: 9}, {5: 7})
    tick(session, 5.0)
    assert session.idle_until == 0.0


def test_a_silent_client_is_closed_during_catch_up_too() -> None:
    session, _ = resumed({5: 9}, {5: 7})
    assert tick(session, 40.0) == [Close(CloseCode.TOO_SLOW, "silent")]


def test_the_list_is_read_when_an_update_of_it_stays_missing() -> None:
    session = live()
    assert session.observe_version(1, 0.0, 5.0) == []
    assert session.observe_version(2, 1.0, 5.0) == []
    assert session.observe_version(2, 5.9, 5.0) == []
    assert session.observe_version(2, 6.0, 5.0) == [ReadList()]
    assert session.observe_version(2, 7.0, 5.0) == []
    (frame,) = frames_of(read_list(session, a_list(2, r5=3)))
    assert (frame["type"], frame["user_version"]) == ("room_list", 2)
    assert session.observe_version(2, 20.0, 5.0) == []


def test_a_list_with_a_new_room_is_read_again_before_it_is_sent() -> None:
    session = live()
    session.observe_version(2, 1.0, 0.0)
    session.on(ListRead(a_list(2, r5=3, r6=1)))
    assert session.on(Followed((), {6: 1})) == [UpdateDelivery(), ReadList()]
    assert session.observe_version(3, 9.0, 0.0) == [], "one reading at a time"
    (frame,) = frames_of(read_list(session, a_list(3, r5=3, r6=2)))
    assert [room["seq"] for room in frame["rooms"]] == [3, 2]
    assert not session.room_event(6, 1, event(6, 1))


def test_the_list_is_not_read_for_an_update_that_arrives_late() -> None:
    session = live()
    session.observe_version(2, 1.0, 5.0)
    assert session.user_frame(2, b"{}")
    assert session.observe_version(2, 9.0, 5.0) == []


def test_a_closed_session_ignores_every_input() -> None:
    session = live()
    assert session.end(CloseCode.SESSION_OVER, "session_over") == [Close(CloseCode.SESSION_OVER, "session_over")]
    assert session.end(CloseCode.SESSION_OVER, "session_over") == []
    assert send(session, {"type": "get_me"}) == []
    assert not session.room_event(5, 4, event(5, 4))
    assert not session.user_frame(9, b"{}")
    assert not session.takes_ephemeral
    assert tick(session, 99.0) == []
    assert session.observe_version(9, 99.0, 0.0) == []
    for result in RESULTS:
        assert session.on(result) == []
    session.closed()
    assert session.state is State.CLOSED
