"""Breakages of what one socket or poll is told."""

from typing import Any
from unittest import mock

from lab.simulation.mutants.registry import mutant, replaced


@mutant(faults=("cut", "slow"))
def read_before_listening() -> Any:
    from backchannel.transports.session.inputs import Entered
    from backchannel.transports.session_reads import SessionReads

    usual_read, usual_enter = SessionReads._read_events, SessionReads.enter

    async def read(self: Any, wanted: Any) -> Any:
        found = await usual_read(self, wanted)
        usual_enter(self)
        return found

    def enter(self: Any) -> Any:
        return Entered((), self._node.hub.head_of)

    with mock.patch.object(SessionReads, "_read_events", read), mock.patch.object(SessionReads, "enter", enter):
        yield


@mutant(faults=("cut", "slow"))
def what_was_read_is_not_merged_with_what_came() -> Any:
    from backchannel.transports.session.merge import Merge

    yield from replaced(Merge, "is_new", lambda *_: True)


@mutant(faults=("cut", "slow"))
def what_comes_while_catching_up_is_dropped() -> Any:
    from backchannel.transports.session.merge import Merge

    with mock.patch.object(Merge, "keep_event"), mock.patch.object(Merge, "keep_frame"):
        yield


@mutant(faults=("cut", "offline"))
def a_room_too_far_behind_is_skipped_without_a_word() -> Any:
    from backchannel.transports.session.merge import Merge

    usual = Merge.merge_log

    def skip(self: Any, *read: Any) -> Any:
        self._resets = {}
        return usual(self, *read)

    yield from replaced(Merge, "merge_log", skip)


@mutant(faults=("slow", "cut", "db_slow"), is_large=True)
def a_room_is_reset_to_where_it_was_when_it_was_read() -> Any:
    from backchannel.transports.session.merge import Merge

    yield from replaced(Merge, "entered", lambda *_: None)


@mutant(faults=("slow_reader",))
def what_a_slow_reader_is_behind_by_has_no_bound() -> Any:
    from backchannel.transports.websocket.outbound import Outbound

    usual = Outbound.put

    def put(self: Any, *given: Any) -> bool:
        usual(self, *given)
        return True

    yield from replaced(Outbound, "put", put)


@mutant(faults=("sign_out", "bus_loses"))
def who_is_signed_out_is_not_told() -> Any:
    from backchannel.fanout.hub import Hub

    yield from replaced(Hub, "end_credentials", lambda *_: None)


@mutant(faults=("sign_out", "bus_loses", "bus_away"))
def nobody_asks_whether_sessions_are_still_good() -> Any:
    from backchannel.transports.maintenance import PeriodicTasks

    async def nothing(*_: Any) -> None: ...

    yield from replaced(PeriodicTasks, "revalidate", nothing)


@mutant(faults=("cut", "offline"))
def who_went_is_kept_in_the_hub() -> Any:
    from backchannel.fanout.hub import Hub

    yield from replaced(Hub, "detach", lambda *_: None)


@mutant(faults=("swallow",))
def heartbeats_name_no_heads() -> Any:
    from backchannel.fanout.hub import Hub

    yield from replaced(Hub, "heads_moved_since", lambda *_: {})


@mutant(restores=True)
def another_epoch_is_taken_for_this_one() -> Any:
    from backchannel.transports.session import session
    from backchannel.transports.session.resume_plan import plan_resume as usual

    def plan(resume: Any, position: Any, events_per_room: int) -> Any:
        if resume is not None:
            resume.epoch = position.epoch
        return usual(resume, position, events_per_room)

    yield from replaced(session, "plan_resume", plan)


@mutant(deeds=("leave_join", "remove_add"), faults=("slow", "cut"))
def what_was_read_is_said_to_whoever_it_was_read_for() -> Any:
    from backchannel.store import reads

    def to_anybody(_: int, ranges: Any) -> Any:
        return reads._events(ranges, reads._WANTED, [])

    with (
        mock.patch.object(reads, "events_for", to_anybody),
        mock.patch("backchannel.transports.session.merge.Merge.left"),
    ):
        yield


@mutant(deeds=("leave_join", "look_back", "edit"))
def who_left_reads_on() -> Any:
    from backchannel.queries import history
    from backchannel.store.access import Access
    from backchannel.store.access import access_to as usual

    def access_to(*who: int) -> Access:
        access = usual(*who)
        return access._replace(left_seq=access.left_seq and 2**50)

    yield from replaced(history, "access_to", access_to)


@mutant(deeds=("leave_join", "look_back", "edit"))
def who_left_is_shown_what_changed_since() -> Any:
    from backchannel.store import former_members

    yield from replaced(former_members, "as_they_were", lambda messages, _: messages)


@mutant(deeds=("remove_add", "look_back"))
def who_was_removed_reads_as_if_they_had_left() -> Any:
    from backchannel.store import access

    yield from replaced(access, "LEFT", "removed")


@mutant(deeds=("leave_join", "look_back", "react"))
def former_member_gets_the_later_state_of_their_message() -> Any:
    from backchannel.store import former_members

    yield from replaced(former_members, "as_it_was_sent", lambda message, _: message)


@mutant(faults=("no_upgrade", "bus_loses"))
def a_poll_keeps_only_what_came_last() -> Any:
    from backchannel.transports.http.poll import Poll

    def say(self: Any, frame: bytes) -> None:
        self.frames = [frame]
        self.wake()

    yield from replaced(Poll, "say", say)


@mutant(faults=("slow_reader",))
def a_slow_reader_is_served_with_holes() -> Any:
    from backchannel.transports.websocket.outbound import Outbound

    usual = Outbound.put

    def put(self: Any, *given: Any) -> bool:
        if not usual(self, *given):
            dropped = self._batches.pop()
            self._frames -= dropped.count
            self._bytes -= len(dropped.wire)
        return True

    yield from replaced(Outbound, "put", put)
