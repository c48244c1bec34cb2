"""Mutants of what one socket or poll is sent."""

from typing import Any
from unittest import mock

from lab.simulation.mutants.registry import mutant, replaced


@mutant(faults=("cut", "slow"))
def events_are_read_before_subscribing() -> Any:
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
def read_events_are_not_merged_with_live_ones() -> Any:
    from backchannel.transports.session.merge import Merge

    yield from replaced(Merge, "is_new", lambda *_: True)


@mutant(faults=("cut", "slow"))
def live_events_during_catch_up_are_dropped() -> Any:
    from backchannel.transports.session.merge import Merge

    with mock.patch.object(Merge, "keep_event"), mock.patch.object(Merge, "keep_frame"):
        yield


@mutant(faults=("cut", "offline"))
def a_room_too_far_behind_is_skipped_silently() -> Any:
    from backchannel.transports.session.merge import Merge

    usual = Merge.merge_log

    def skip(self: Any, *read: Any) -> Any:
        self._resets = {}
        return usual(self, *read)

    yield from replaced(Merge, "merge_log", skip)


@mutant(faults=("slow", "cut", "db_slow"), is_large=True)
def a_room_is_reset_to_an_outdated_head() -> Any:
    from backchannel.transports.session.merge import Merge

    yield from replaced(Merge, "entered", lambda *_: None)


@mutant(faults=("slow_reader",))
def the_queue_of_a_slow_reader_is_unbounded() -> Any:
    from backchannel.transports.websocket.outbound import Outbound

    usual = Outbound.put

    def put(self: Any, *given: Any) -> bool:
        usual(self, *given)
        return True

    yield from replaced(Outbound, "put", put)


@mutant(faults=("sign_out", "bus_loses"))
def revoked_sessions_are_not_closed() -> Any:
    from backchannel.fanout.hub import Hub

    # By the announcement, and by the recheck, which would close them a round later.
    with mock.patch.multiple(Hub, end_credentials=lambda *_: None, end_proofs=lambda *_: None):
        yield


@mutant(faults=("sign_out", "bus_loses", "bus_away"))
def credentials_are_never_rechecked() -> Any:
    from backchannel.transports.maintenance import PeriodicTasks

    async def nothing(*_: Any) -> None: ...

    yield from replaced(PeriodicTasks, "revalidate", nothing)


@mutant(faults=("cut", "offline"))
def a_closed_subscriber_stays_in_the_hub() -> Any:
    from backchannel.fanout.hub import Hub

    yield from replaced(Hub, "detach", lambda *_: None)


@mutant(faults=("drop_message",))
def heartbeats_name_no_heads() -> Any:
    from backchannel.fanout.hub import Hub

    yield from replaced(Hub, "heads_moved_since", lambda *_: {})


@mutant(restores=True)
def an_epoch_change_is_ignored() -> Any:
    from backchannel.transports.session import session
    from backchannel.transports.session.resume_plan import plan_resume as usual

    def plan(resume: Any, position: Any, events_per_room: int) -> Any:
        if resume is not None:
            resume.epoch = position.epoch
        return usual(resume, position, events_per_room)

    yield from replaced(session, "plan_resume", plan)


@mutant(actions=("leave_join", "remove_add"), faults=("slow", "cut"))
def read_events_are_delivered_without_a_membership_check() -> Any:
    from backchannel.store import reads

    def to_anybody(_: int, ranges: Any) -> Any:
        return reads._events(ranges, reads._WANTED, [])

    with (
        mock.patch.object(reads, "events_for", to_anybody),
        mock.patch("backchannel.transports.session.merge.Merge.left"),
    ):
        yield


@mutant(actions=("leave_join", "look_back", "edit"))
def former_members_read_new_messages() -> Any:
    from backchannel.queries import history
    from backchannel.store.access import Access
    from backchannel.store.access import access_to as usual

    def access_to(*who: int) -> Access:
        access = usual(*who)
        return access._replace(left_seq=access.left_seq and 2**50)

    yield from replaced(history, "access_to", access_to)


@mutant(actions=("leave_join", "look_back", "edit"))
def former_members_see_later_changes() -> Any:
    from backchannel.store import former_members

    yield from replaced(former_members, "as_they_were", lambda messages, _: messages)


@mutant(actions=("remove_add", "look_back"))
def removed_members_read_like_those_who_left() -> Any:
    from backchannel.store import access

    yield from replaced(access, "LEFT", "removed")


@mutant(actions=("leave_join", "look_back", "react"))
def former_member_gets_the_later_state_of_their_message() -> Any:
    from backchannel.store import former_members

    yield from replaced(former_members, "as_it_was_sent", lambda message, _: message)


@mutant(faults=("no_upgrade", "bus_loses"))
def a_poll_keeps_only_the_last_event() -> Any:
    from backchannel.transports.http.poll import Poll

    def say(self: Any, frame: bytes) -> None:
        self.frames = [frame]
        self.wake()

    yield from replaced(Poll, "say", say)


@mutant(faults=("slow_reader",))
def a_slow_reader_gets_gaps() -> Any:
    from backchannel.transports.websocket.outbound import Outbound

    usual = Outbound.put

    def put(self: Any, *given: Any) -> bool:
        if not usual(self, *given):
            dropped = self._batches.pop()
            self._frames -= dropped.count
            self._bytes -= len(dropped.wire)
        return True

    yield from replaced(Outbound, "put", put)
