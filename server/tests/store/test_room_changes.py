"""Members and owners of a room, and who is notified of changes."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import msgspec
import pytest
from django.db import connection

from backchannel.commands.add_members import AddMembers
from backchannel.commands.create_room import CreateRoom
from backchannel.commands.join_room import JoinRoom
from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.remove_member import RemoveMember
from backchannel.commands.update_room import UpdateRoom
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.store import rooms
from backchannel.store.models import Membership, Room
from backchannel.store.transaction import Outcome
from tests.store.conftest import NewLog
from tests.store.making import check_gapless, crowd, do, outcome, person, room, send


def notified(made: Outcome) -> list[tuple[int, str]]:
    """(user id, frame type) of each user frame, in order."""
    assert made.error is None
    return [(each.user_id, msgspec.json.decode(each.frame)["type"]) for each in made.updates]


def refused(operation: Any) -> Code:
    error = outcome(operation).error
    assert error is not None
    return error.code


def role(room_id: int, user: User) -> str:
    return Membership.objects.get(room_id=room_id, person_id=user.id).role


def make_admin(room_id: int, user: User) -> None:
    Membership.objects.filter(room_id=room_id, person_id=user.id).update(role="admin")


def test_concurrent_creators_of_a_direct_room_get_the_same_room(new_log: NewLog) -> None:
    logs = [new_log() for _ in range(2 if connection.vendor == "postgresql" else 1)]
    for _ in range(15):
        ada, ben = person(), person()
        barrier = Barrier(2)

        def create(number: int, ada: User = ada, ben: User = ben, barrier: Barrier = barrier) -> Any:
            me, other = (ada, ben) if number else (ben, ada)
            barrier.wait()
            change = CreateRoom(actor=me, kind="direct", name=None, topic="", members=[other.id])
            return logs[number % len(logs)].submit(change).result(30)

        with ThreadPoolExecutor(2) as threads:
            made = list(threads.map(create, (0, 1)))
        assert len({each.room.id for each in made}) == 1
        assert len({each.room.id for each in made}) == 1


def test_a_new_room_has_an_empty_log_and_is_announced_to_all() -> None:
    ada, ben = person(), person()
    made = outcome(CreateRoom(actor=ada, kind="group", name="G", topic="", members=[ben.id]))
    assert notified(made) == [(ada.id, "room_added"), (ben.id, "room_added"), (ben.id, "notification")]
    assert not made.events
    assert made.result.room.seq == 0
    assert send(made.result.room.id, ben).seq == 1


def test_a_refused_change_has_changed_nothing() -> None:
    ada = person()
    before = Room.objects.count()
    assert refused(CreateRoom(actor=ada, kind="group", name="G", topic="", members=[2**40])) is Code.USER_NOT_FOUND
    assert Room.objects.count() == before
    room_id = room(ada)
    assert refused(AddMembers(actor=ada, room_id=room_id, user_ids=[person().id, 2**40])) is Code.USER_NOT_FOUND
    assert Membership.objects.filter(room_id=room_id).count() == 1
    check_gapless(room_id)


def test_the_longest_standing_admin_inherits_and_then_the_longest_standing_member() -> None:
    ada, ben, cyd, dan = (person() for _ in range(4))
    room_id = room(ada, ben, cyd)
    do(AddMembers(actor=ada, room_id=room_id, user_ids=[dan.id]))
    make_admin(room_id, dan)
    made = outcome(LeaveRoom(actor=ada, room_id=room_id))
    assert (role(room_id, dan), role(room_id, ben)) == ("owner", "member")
    assert set(notified(made)) == {(ada.id, "room_removed"), (dan.id, "room_added")}
    do(LeaveRoom(actor=dan, room_id=room_id))
    assert (role(room_id, ben), role(room_id, cyd)) == ("owner", "member")
    do(LeaveRoom(actor=ben, room_id=room_id))
    do(LeaveRoom(actor=cyd, room_id=room_id))
    assert Room.objects.get(pk=room_id).member_count == 0
    check_gapless(room_id)


def test_an_owner_who_stays_keeps_the_room() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben)
    do(LeaveRoom(actor=ben, room_id=room_id))
    assert role(room_id, ada) == "owner"


def test_an_owner_removes_anyone_and_an_admin_members_only() -> None:
    ada, ben, cyd, dan = (person() for _ in range(4))
    room_id = room(ada, ben, cyd, dan)
    make_admin(room_id, ben)
    make_admin(room_id, cyd)
    for target in (ada, cyd):
        assert refused(RemoveMember(actor=ben, room_id=room_id, user_id=target.id)) is Code.FORBIDDEN
    do(RemoveMember(actor=ben, room_id=room_id, user_id=dan.id))
    do(RemoveMember(actor=ada, room_id=room_id, user_id=cyd.id))
    assert refused(RemoveMember(actor=dan, room_id=room_id, user_id=ben.id)) is Code.NOT_A_MEMBER


def test_a_removed_member_receives_no_more_events() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben)
    made = outcome(RemoveMember(actor=ada, room_id=room_id, user_id=ben.id))
    assert [logged.removed for logged in made.events] == [(ben.id,)]
    assert [each.left for each in made.updates] == [room_id]
    assert [each.id for each in rooms.rooms_of(ben.id)] == []


def test_a_returning_member_starts_at_the_current_head() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben, kind="channel")
    send(room_id, ada)
    do(LeaveRoom(actor=ben, room_id=room_id))
    send(room_id, ada)
    made = outcome(JoinRoom(actor=ben, room_id=room_id))
    (joined,) = (each.joined for each in made.updates if each.joined)
    assert joined == (room_id, 4, 2)
    (shown,) = rooms.rooms_of(ben.id, [room_id])
    assert (shown.seq, shown.read_seq, shown.unread_count, shown.role) == (4, 4, 0, "member")
    send(room_id, ada)
    assert rooms.rooms_of(ben.id, [room_id])[0].unread_count == 1


def test_a_returning_owner_is_a_plain_member() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben, kind="channel")
    do(LeaveRoom(actor=ada, room_id=room_id))
    do(JoinRoom(actor=ada, room_id=room_id))
    assert (role(room_id, ada), role(room_id, ben)) == ("member", "owner")


def test_repeating_a_change_logs_no_event() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben, kind="channel")
    for change in (
        JoinRoom(actor=ben, room_id=room_id),
        AddMembers(actor=ada, room_id=room_id, user_ids=[ben.id, ben.id]),
        UpdateRoom(actor=ada, room_id=room_id, name=" C ", topic=""),
    ):
        made = outcome(change)
        assert (made.error, made.events, made.updates) == (None, [], [])
    do(LeaveRoom(actor=ben, room_id=room_id))
    made = outcome(LeaveRoom(actor=ben, room_id=room_id))
    assert (made.error, made.events, made.updates) == (None, [], [])


def test_the_member_count_is_the_number_of_members() -> None:
    ada = person()
    room_id, others = crowd(ada, 25)
    for change in (
        LeaveRoom(actor=others[0], room_id=room_id),
        RemoveMember(actor=ada, room_id=room_id, user_id=others[1].id),
        AddMembers(actor=ada, room_id=room_id, user_ids=[others[0].id, person().id, others[2].id]),
    ):
        do(change)
        members = Membership.objects.filter(room_id=room_id, state="member").count()
        assert Room.objects.get(pk=room_id).member_count == members
        assert rooms.rooms_of(ada.id, [room_id])[0].member_count == members


def test_members_are_listed_in_rooms_of_up_to_twenty() -> None:
    ada = person()
    room_id, others = crowd(ada, 19)
    assert [user.id for user in rooms.rooms_of(ada.id, [room_id])[0].members] == [ada.id, *(user.id for user in others)]
    do(AddMembers(actor=ada, room_id=room_id, user_ids=[person().id]))
    assert rooms.rooms_of(ada.id, [room_id])[0].members == []


def test_a_deactivated_person_is_not_added() -> None:
    from backchannel.store import people
    from backchannel.store.models import Person

    ada, ben = person(), person()
    people.set_account_active(str(Person.objects.get(pk=ben.id).account), False)
    assert refused(CreateRoom(actor=ada, kind="direct", name=None, topic="", members=[ben.id])) is Code.USER_NOT_FOUND


def test_a_change_without_a_room_is_refused() -> None:
    ada = person()
    with pytest.raises(CommandError) as caught:
        do(JoinRoom(actor=ada, room_id=2**40))
    assert caught.value.code is Code.ROOM_NOT_FOUND


def test_a_new_owner_keeps_receiving_the_rooms_events() -> None:
    """The announcement of a new role must not move the subscription's start: the event that made them owner may still be in flight."""
    ada, ben = person(), person()
    room_id = room(ada, ben)
    left = outcome(LeaveRoom(actor=ada, room_id=room_id))
    [notified] = [notified for notified in left.updates if notified.user_id == ben.id]
    assert (notified.joined, notified.left) == (None, None)
