"""A person who is not in a room reads nothing of it, at whatever moment their membership ended."""

from typing import Any

import pytest

from backchannel.commands.add_members import AddMembers
from backchannel.commands.add_reaction import AddReaction
from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.edit_message import EditMessage
from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.remove_member import RemoveMember
from backchannel.commands.update_room import UpdateRoom
from backchannel.protocol.commands import GetEvents, GetHistory, GetMembers, GetPeople, GetRoom
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.queries.directory import get_members, get_people
from backchannel.queries.events import get_events, missing_events
from backchannel.queries.history import get_history
from backchannel.queries.rooms import get_room
from backchannel.store import people, reads
from backchannel.store.models import Person
from backchannel.store.render import user_of
from tests.reading import run_read
from tests.store.making import do, person, room, send


@pytest.fixture(scope="module")
def world(module_database: None) -> dict[str, Any]:
    ada, left, removed, stranger = (person() for _ in range(4))
    room_id = room(ada, left, removed)
    send(room_id, ada)
    do(LeaveRoom(actor=left, room_id=room_id))
    do(RemoveMember(actor=ada, room_id=room_id, user_id=removed.id))
    return {"room": room_id, "ada": ada, "left": left, "removed": removed, "stranger": stranger}


READS = [
    (get_room, GetRoom),
    (get_events, lambda room_id: GetEvents(room_id=room_id, after=0)),
    (get_members, GetMembers),
]


@pytest.mark.parametrize(("read", "query"), READS)
@pytest.mark.parametrize("who", ["left", "removed", "stranger"])
async def test_a_non_member_reads_nothing(world: dict[str, Any], read: Any, query: Any, who: str) -> None:
    with pytest.raises(CommandError) as caught:
        await run_read(read, query(room_id=world["room"]), world[who])
    assert caught.value.code is Code.NOT_A_MEMBER
    assert (await run_read(read, query(room_id=world["room"]), world["ada"])) is not None


@pytest.mark.parametrize("who", ["removed", "stranger"])
async def test_removed_people_and_strangers_read_no_history(world: dict[str, Any], who: str) -> None:
    with pytest.raises(CommandError) as caught:
        await run_read(get_history, GetHistory(room_id=world["room"]), world[who])
    assert caught.value.code is Code.NOT_A_MEMBER


class TestWhoLeft:
    """They keep what they saw: messages up to where they left, as they were."""

    @pytest.fixture
    async def scene(self, module_database: None) -> dict[str, Any]:
        def make() -> dict[str, Any]:
            ada, ben = person(), person()
            room_id = room(ada, ben)
            said = [send(room_id, ada, f"said {n}") for n in range(4)]
            said.append(send(room_id, ada, "an answer", reply_to=said[1].id))
            do(AddReaction(actor=ben, message_id=said[0].id, emoji="+1"))
            do(LeaveRoom(actor=ben, room_id=room_id))
            do(AddReaction(actor=ada, message_id=said[0].id, emoji="heart"))
            do(EditMessage(actor=ada, message_id=said[1].id, content="other words", base_seq=None))
            do(DeleteMessage(actor=ada, message_id=said[2].id))
            send(room_id, ada, "behind your back")
            return {"room": room_id, "ada": ada, "ben": ben, "said": said}

        return await run_read(make)

    @pytest.mark.parametrize("bounds", [{}, {"before": 10**6}, {"after": 0}, {"around": 3}, {"limit": 200}], ids=str)
    async def test_a_former_member_reads_messages_up_to_their_leaving_as_they_were(
        self, scene: dict[str, Any], bounds: dict[str, Any]
    ) -> None:
        page = await run_read(get_history, GetHistory(room_id=scene["room"], **bounds), scene["ben"])
        shown = [(message.seq, message.content) for message in page.messages]
        assert shown == [(1, "said 0"), (4, "said 3"), (5, "an answer")]
        assert page.as_of_seq == 7
        assert page.messages[0].reactions == []
        assert page.messages[2].reply_to is not None
        assert page.messages[2].reply_to.excerpt == ""
        assert not page.has_more

    @pytest.mark.parametrize("onward", ["before", "after"])
    async def test_paging_continues_past_pages_that_filtering_leaves_empty(
        self, scene: dict[str, Any], onward: str
    ) -> None:
        """A client goes on from the last message it got, so no page but the last is empty."""
        got: list[int] = []
        bounds: dict[str, Any] = {"after": 0} if onward == "after" else {}
        while True:
            page = await run_read(get_history, GetHistory(room_id=scene["room"], limit=1, **bounds), scene["ben"])
            got += [message.seq for message in page.messages]
            if not page.has_more:
                break
            bounds = {onward: got[-1]}
        assert sorted(got) == [1, 4, 5]

    async def test_a_returning_member_reads_everything(self, scene: dict[str, Any]) -> None:
        await run_read(do, AddMembers(actor=scene["ada"], room_id=scene["room"], user_ids=[scene["ben"].id]))
        page = await run_read(get_history, GetHistory(room_id=scene["room"]), scene["ben"])
        assert [message.content for message in page.messages][1] == "other words"

    async def test_a_returned_and_removed_member_reads_nothing(self, scene: dict[str, Any]) -> None:
        def move() -> None:
            do(AddMembers(actor=scene["ada"], room_id=scene["room"], user_ids=[scene["ben"].id]))
            do(RemoveMember(actor=scene["ada"], room_id=scene["room"], user_id=scene["ben"].id))

        await run_read(move)
        with pytest.raises(CommandError) as caught:
            await run_read(get_history, GetHistory(room_id=scene["room"]), scene["ben"])
        assert caught.value.code is Code.NOT_A_MEMBER

    async def test_leaving_again_reveals_nothing_new_about_the_room(self, scene: dict[str, Any]) -> None:
        def leave_again() -> Any:
            do(UpdateRoom(actor=scene["ada"], room_id=scene["room"], name="Secret", topic="More"))
            return do(LeaveRoom(actor=scene["ben"], room_id=scene["room"])).room

        shown = await run_read(leave_again)
        assert (shown.name, shown.topic, shown.seq, shown.member_count) == (None, "", 7, 0)


async def test_a_removal_during_a_read_hides_later_messages(
    module_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def setup() -> tuple[User, User, int]:
        ada, ben = person(), person()
        return ada, ben, room(ada, ben)

    ada, ben, room_id = await run_read(setup)
    original = reads.page_before

    def remove_and_talk(*arguments: Any) -> Any:
        do(RemoveMember(actor=ada, room_id=room_id, user_id=ben.id))
        send(room_id, ada)
        return original(*arguments)

    monkeypatch.setattr(reads, "page_before", remove_and_talk)
    with pytest.raises(CommandError) as caught:
        await run_read(get_history, GetHistory(room_id=room_id), ben)
    assert caught.value.code is Code.NOT_A_MEMBER


@pytest.mark.parametrize("read", [*READS, (get_history, GetHistory)])
async def test_a_missing_room_is_reported(world: dict[str, Any], read: Any) -> None:
    with pytest.raises(CommandError) as caught:
        await run_read(read[0], read[1](room_id=2**50), world["ada"])
    assert caught.value.code is Code.ROOM_NOT_FOUND


async def test_a_removal_between_two_reads_returns_nothing(
    module_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Membership is checked after the messages are read: either they could still read them, or the answer is a refusal."""

    def setup() -> tuple[User, User, int]:
        ada, ben = person(), person()
        room_id = room(ada, ben)
        send(room_id, ada)
        return ada, ben, room_id

    ada, ben, room_id = await run_read(setup)
    original = reads.events_after

    def and_then_removed(*arguments: Any) -> Any:
        found = original(*arguments)
        do(RemoveMember(actor=ada, room_id=room_id, user_id=ben.id))
        return found

    monkeypatch.setattr(reads, "events_after", and_then_removed)
    with pytest.raises(CommandError) as caught:
        await run_read(get_events, GetEvents(room_id=room_id, after=0), ben)
    assert caught.value.code is Code.NOT_A_MEMBER


async def test_missed_events_have_the_form_of_the_bus(world: dict[str, Any]) -> None:
    found = (await run_read(missing_events, {world["room"]: 1}))[world["room"]]
    assert [(fact.seq, fact.removed) for fact in found] == [(2, (world["left"].id,)), (3, (world["removed"].id,))]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("grace", True),
        ("GRACE h", True),
        ("hopper", True),
        ("opper", False),
        ("%", False),
        ("_race", False),
        ("", True),
    ],
)
async def test_people_are_found_by_the_beginning_of_a_name(module_database: None, query: str, found: bool) -> None:
    def make() -> User:
        row, _ = Person.objects.get_or_create(
            account="people:grace", defaults={"username": "grace", "display_name": "Grace Hopper"}
        )
        return user_of(row)

    grace = await run_read(make)
    shown = await run_read(get_people, GetPeople(query=query, limit=200), grace)
    assert (grace in shown.people) == found


async def test_a_deactivated_person_is_not_found(module_database: None) -> None:
    def make() -> User:
        banned = person("banned")
        people.set_account_active(str(Person.objects.get(pk=banned.id).account), False)
        return banned

    banned = await run_read(make)
    assert (await run_read(get_people, GetPeople(query="banned"), banned)).people == []
