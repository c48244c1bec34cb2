"""Who may read what in a room."""

import pytest

from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.remove_member import RemoveMember
from backchannel.protocol.errors import Code, CommandError
from backchannel.store.access import access_to, check_member
from tests.store.making import do, person, room, send


def refusal(room_id: int, person_id: int) -> Code:
    with pytest.raises(CommandError) as caught:
        access_to(room_id, person_id)
    return caught.value.code


def test_a_member_reads_everything_and_a_former_member_what_was_there() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben)
    send(room_id, ada)
    do(LeaveRoom(actor=ben, room_id=room_id))
    send(room_id, ada)
    member, leaver = access_to(room_id, ada.id), access_to(room_id, ben.id)
    assert (member.head, member.left_seq, member.may_read(3)) == (3, None, True)
    assert (leaver.head, leaver.left_seq, leaver.may_read(1), leaver.may_read(3)) == (2, 2, True, False)
    assert check_member(room_id, ada.id) == 3
    with pytest.raises(CommandError) as caught:
        check_member(room_id, ben.id)
    assert caught.value.code is Code.NOT_A_MEMBER


def test_removed_people_and_strangers_read_nothing() -> None:
    ada, ben, stranger = person(), person(), person()
    room_id = room(ada, ben)
    do(RemoveMember(actor=ada, room_id=room_id, user_id=ben.id))
    assert refusal(room_id, ben.id) is Code.NOT_A_MEMBER
    assert refusal(room_id, stranger.id) is Code.NOT_A_MEMBER
    assert refusal(2**40, ada.id) is Code.ROOM_NOT_FOUND
