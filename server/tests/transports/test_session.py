"""The session machine by itself: deadlines, heartbeats, what is not understood, and what it keeps while it catches up."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from backchannel.protocol.codec import BadFrame, decode_frame
from backchannel.protocol.commands import GetMe, GetRoomList
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.results import RoomList
from backchannel.protocol.shapes import Limits, Room, User
from backchannel.transports import session as module
from backchannel.transports.effects import Close, Effect, Enter, Read, ReadList, ReadPosition, Run, Send
from backchannel.transports.session import Place, Session, Settings, State

ME = User(7, "me", "Me")
HELLO = {"type": "hello", "protocol": 1, "client": {"instance": "tab"}}
BAD = BadFrame(Code.BAD_FRAME, "Not JSON.")


def new(now: float = 0.0, **limits: Any) -> Session:
    return Session("s", ME, Settings(Limits(**limits), 30, "1"), now)


def say(session: Session, frame: Any, now: float = 0.0) -> list[Effect]:
    return session.frame(decode_frame(json.dumps(frame).encode()), now, 1_000_000)


def said(effects: Sequence[Effect]) -> list[Any]:
    """The frames that go out."""
    return [json.loads(frame) for effect in effects if isinstance(effect, Send) for frame in effect.frames]


def a_list(version: int, **heads: int) -> RoomList:
    rooms = [Room(int(id_[1:]), "group", None, "", head, 0, 0, 0, 1, [], "member", None) for id_, head in heads.items()]
    return RoomList(rooms, "2025-01-01T00:00:00Z", version, "one")


def event(room_id: int, seq: int) -> bytes:
    return json.dumps({"type": "message_created", "room_id": room_id, "seq": seq}).encode()


def resumed(
    heads: dict[int, int], cursors: dict[int, int], version: int = 1, **limits: Any
) -> tuple[Session, list[Effect]]:
    session = new(**limits)
    rooms = {str(room): seq for room, seq in cursors.items()}
    say(session, {**HELLO, "resume": {"epoch": "one", "user_version": version, "rooms": rooms}})
    return session, session.placed(Place("one", 1, heads), 0.0)


def live(now: float = 0.0) -> Session:
    session = new(now)
    say(session, HELLO, now)
    session.placed(Place("one", 1, {5: 3}), now)
    session.caught_up(a_list(1, r5=3), {}, [])
    assert session.state is State.LIVE
    return session


def test_a_newcomer_hears_hello_the_list_who_is_there_and_that_it_is_caught_up() -> None:
    session = new()
    assert say(session, HELLO) == [ReadPosition()]
    effects = session.placed(Place("one", 4, {5: 3}), 0.0)
    assert effects[1:] == [Enter(), Read({}, with_list=True)]
    (hello,) = said(effects)
    assert (hello["type"], hello["epoch"], hello["user_version"], hello["user"]["id"]) == ("hello", "one", 4, 7)
    assert hello["limits"]["page"] == 200
    last = session.caught_up(a_list(4, r5=3), {}, [b'{"type":"presence"}'])
    assert [frame["type"] for frame in said(last)] == ["room_list", "presence", "caught_up"]
    assert session.newcomer
    assert session.instance == "tab"


def test_who_resumes_reads_from_its_cursors() -> None:
    session, effects = resumed({5: 9, 6: 2}, {5: 7, 6: 2})
    assert effects[1:] == [Enter(), Read({5: 7, 6: 2}, with_list=False)]
    frames = session.caught_up(None, {5: [(8, event(5, 8)), (9, event(5, 9))]}, [])
    assert [(frame["type"], frame.get("seq")) for frame in said(frames)] == [
        ("message_created", 8), ("message_created", 9), ("caught_up", None)
    ]  # fmt: skip


def test_a_version_that_moved_brings_the_list() -> None:
    _, effects = resumed({5: 9}, {5: 9}, version=0)
    assert effects[-1] == Read({5: 9}, with_list=True)


def test_another_epoch_is_a_newcomer() -> None:
    session = new()
    say(session, {**HELLO, "resume": {"epoch": "zero", "user_version": 9, "rooms": {"5": 1}}})
    assert session.placed(Place("one", 4, {5: 3}), 0.0)[-1] == Read({}, with_list=True)
    assert session.newcomer


def test_a_room_too_far_behind_or_ahead_is_reset_and_one_that_is_gone_is_passed_over() -> None:
    session, effects = resumed({5: 600, 6: 500, 7: 3}, {5: 99, 6: 0, 7: 4, 8: 1})
    assert effects[-1] == Read({6: 0}, with_list=False)
    frames = said(session.caught_up(None, {}, []))
    assert [(frame["type"], frame.get("room_id"), frame.get("seq")) for frame in frames] == [
        ("room_reset", 5, 600), ("room_reset", 7, 3), ("caught_up", None, None)
    ]  # fmt: skip


def test_many_rooms_are_bounded_together_and_those_that_moved_most_are_reset() -> None:
    heads = {room: 400 + room for room in range(1, 21)}
    session, effects = resumed(heads, dict.fromkeys(heads, 0))
    read = effects[-1]
    assert isinstance(read, Read)
    assert sum(heads[room] for room in read.cursors) <= module.CATCH_UP_EVENTS_IN_ALL
    assert set(read.cursors) == set(range(1, len(read.cursors) + 1))
    resets = [frame for frame in said(session.caught_up(None, {}, [])) if frame["type"] == "room_reset"]
    assert {frame["room_id"] for frame in resets} == set(heads) - set(read.cursors)


def test_what_happens_meanwhile_follows_what_was_read_once() -> None:
    session, _ = resumed({5: 9}, {5: 7})
    for seq in (9, 10, 11):
        assert not session.room_event(5, seq, event(5, seq))
    assert not session.user_frame(1, b'{"type":"old"}')
    assert not session.user_frame(2, b'{"type":"read_state"}')
    assert not session.says_passing
    frames = said(session.caught_up(None, {5: [(8, event(5, 8)), (9, event(5, 9)), (10, event(5, 10))]}, []))
    assert [frame.get("seq", frame["type"]) for frame in frames] == [8, 9, 10, "caught_up", "read_state", 11]
    assert session.room_event(5, 12, event(5, 12))
    assert session.user_frame(3, b"{}")
    assert not session.user_frame(3, b"{}")
    assert session.user_version == 3


def test_a_room_left_while_it_is_read_is_not_heard_of() -> None:
    session, _ = resumed({5: 9, 6: 1}, {5: 7, 6: 1})
    session.room_event(5, 10, event(5, 10))
    session.left(5)
    frames = said(session.caught_up(None, {5: [(8, event(5, 8))]}, []))
    assert [frame["type"] for frame in frames] == ["caught_up"]


def test_a_room_left_and_joined_again_while_it_is_read_starts_where_it_was_joined() -> None:
    session, _ = resumed({5: 9}, {5: 7})
    session.left(5)
    session.user_frame(2, b'{"type":"room_removed"}')
    session.joined(5, 12)
    session.user_frame(3, b'{"type":"room_added"}')
    session.room_event(5, 13, event(5, 13))
    frames = said(session.caught_up(None, {}, []))
    assert [frame["type"] for frame in frames] == ["caught_up", "room_removed", "room_added", "message_created"]


def test_more_than_can_be_kept_ends_it_and_leaves_no_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_FRAMES", 3)
    for keep in ("events", "frames"):
        session, _ = resumed({5: 9}, {5: 9})
        for seq in range(10, 20):
            if keep == "events":
                session.room_event(5, seq, event(5, seq))
            else:
                session.user_frame(seq, b"{}")
        assert session.overflowed
        assert session.caught_up(None, {}, []) == [Close(CloseCode.TOO_SLOW, "behind")]
        session, _ = resumed({5: 9}, {5: 9})
        for seq in range(10, 20):
            session.room_event(5, seq, event(5, seq))
        assert session.tick(1.0, 0, lambda _: {}) == [Close(CloseCode.TOO_SLOW, "behind")]


def test_no_hello_in_time_closes() -> None:
    session = new()
    assert session.tick(4.9, 0, lambda _: {}) == []
    assert session.tick(5.0, 0, lambda _: {}) == [Close(CloseCode.NOT_UNDERSTOOD, "no_hello")]
    assert session.state is State.CLOSED


@pytest.mark.parametrize("frame", [{"type": "ping"}, {"type": "pong"}, {"type": "get_me"}])
def test_anything_but_hello_first_closes(frame: Any) -> None:
    assert say(new(), frame) == [Close(CloseCode.NOT_UNDERSTOOD, "hello_expected")]


def test_what_cannot_be_read_instead_of_hello_is_told_and_closes() -> None:
    effects = new().bad_frame(BAD, 0.0)
    assert said(effects)[0]["error"]["code"] == "bad_frame"
    assert effects[-1] == Close(CloseCode.NOT_UNDERSTOOD, "hello_expected")


def test_a_version_that_is_not_spoken_closes() -> None:
    assert say(new(), {**HELLO, "protocol": 2}) == [Close(CloseCode.PROTOCOL_UNSPOKEN, "protocol_unspoken")]


def test_the_third_bad_frame_closes_and_a_wrong_field_does_not_count() -> None:
    session = live()
    wrong = CommandError(Code.INVALID, "Wrong.")
    unknown = BadFrame(Code.UNKNOWN_COMMAND, "Unknown.", "x")
    for error in (BAD, wrong, unknown, wrong, BAD, unknown):
        effects = session.bad_frame(error, 0.0)
        assert len(effects) == 1
    assert said(session.bad_frame(unknown, 0.0))[0]["id"] == "x"
    assert session.bad_frame(BAD, 0.0)[-1] == Close(CloseCode.NOT_UNDERSTOOD, "bad_frames")
    assert session.bad_frame(BAD, 0.0) == []


def test_a_second_hello_is_a_bad_frame() -> None:
    assert said(say(live(), HELLO))[0]["error"]["code"] == "bad_frame"


def test_commands_are_run_and_pings_answered_from_the_hello_on() -> None:
    session = new()
    say(session, HELLO)
    assert say(session, {"type": "get_me", "id": "a"}) == [Run(GetMe(id="a"))]
    (pong,) = said(say(session, {"type": "ping", "id": "b"}))
    assert pong == {"type": "pong", "timestamp": "1970-01-01T00:00:01Z", "id": "b"}
    assert said(say(session, {"type": "ping"})) == [{"type": "pong", "timestamp": "1970-01-01T00:00:01Z"}]
    assert say(live(), {"type": "get_room_list"}) == [Run(GetRoomList())]


def test_the_heartbeat_tells_the_heads_that_moved_since_the_last() -> None:
    session = live()
    asked: list[float] = []

    def heads(since: float) -> dict[int, int]:
        asked.append(since)
        return {5: 9}

    assert session.tick(29.9, 0, heads) == []
    (beat,) = said(session.tick(30.0, 0, heads))
    assert beat == {"type": "ping", "timestamp": "1970-01-01T00:00:00Z", "heads": {"5": 9}, "user_version": 1}
    say(session, {"type": "pong"}, 31.0)
    assert session.tick(59.9, 0, heads) == []
    assert said(session.tick(60.0, 0, heads))[0]["type"] == "ping"
    assert asked == [0.0, 30.0]


@pytest.mark.parametrize("frame", [{"type": "pong"}, {"type": "ping"}, {"type": "get_me"}])
def test_silence_closes_and_anything_said_ends_it(frame: Any) -> None:
    session = live()
    say(session, frame, 20.0)
    session.tick(30.0, 0, lambda _: {})
    assert not any(isinstance(effect, Close) for effect in session.tick(59.9, 0, lambda _: {}))
    assert session.tick(60.0, 0, lambda _: {}) == [Close(CloseCode.TOO_SLOW, "silent")]


def test_it_is_idle_until_the_heartbeat_or_the_end_of_patience_and_news_of_a_room_ends_that() -> None:
    session = live()
    assert session.idle_until == 0.0
    session.tick(5.0, 0, lambda _: {})
    assert session.idle_until == 30.0
    session.tick(30.0, 0, lambda _: {})  # the client has said nothing since 0
    assert session.idle_until == 40.0
    say(session, {"type": "pong"}, 31.0)
    session.tick(40.0, 0, lambda _: {})
    assert session.idle_until == 60.0
    session.joined(5, 9)
    assert session.idle_until == 0.0
    session.tick(41.0, 0, lambda _: {})
    assert session.idle_until == 71.0
    session.end(CloseCode.RESTART, "restart")
    assert session.idle_until == 0.0


def test_it_is_never_idle_while_it_catches_up() -> None:
    session, _ = resumed({5: 9}, {5: 7})
    session.tick(5.0, 0, lambda _: {})
    assert session.idle_until == 0.0


def test_silence_closes_also_while_it_catches_up() -> None:
    session, _ = resumed({5: 9}, {5: 7})
    assert session.tick(40.0, 0, lambda _: {}) == [Close(CloseCode.TOO_SLOW, "silent")]


def test_news_of_the_list_that_was_lost_is_asked_for_after_a_moment() -> None:
    session = live()
    assert session.observe_version(1, 0.0, 5.0) == []
    assert session.observe_version(2, 1.0, 5.0) == []
    assert session.observe_version(2, 5.9, 5.0) == []
    assert session.observe_version(2, 6.0, 5.0) == [ReadList()]
    assert session.observe_version(2, 7.0, 5.0) == []
    (frame,) = said(session.listed(a_list(2, r5=3)))
    assert (frame["type"], frame["user_version"]) == ("room_list", 2)
    assert session.observe_version(2, 20.0, 5.0) == []


def test_news_that_comes_after_all_is_not_asked_for() -> None:
    session = live()
    session.observe_version(2, 1.0, 5.0)
    assert session.user_frame(2, b"{}")
    assert session.observe_version(2, 9.0, 5.0) == []


def test_after_the_end_nothing_is_said_or_done() -> None:
    session = live()
    assert session.end(CloseCode.SESSION_OVER, "session_over") == [Close(CloseCode.SESSION_OVER, "session_over")]
    assert session.end(CloseCode.SESSION_OVER, "session_over") == []
    assert say(session, {"type": "get_me"}) == []
    assert not session.room_event(5, 4, event(5, 4))
    assert not session.user_frame(9, b"{}")
    assert not session.says_passing
    assert session.tick(99.0, 0, lambda _: {}) == []
    assert session.observe_version(9, 99.0, 0.0) == []
    assert session.caught_up(a_list(9), {}, []) == []
    session.closed()
    assert session.state is State.CLOSED
