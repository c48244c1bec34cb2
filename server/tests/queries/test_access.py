"""Who is not in a room is shown nothing of it, at whatever moment they went."""

from typing import Any

import pytest

from backchannel.protocol.commands import GetEvents, GetHistory, GetMembers, GetPeople, GetRoom
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.queries.directory import get_members, get_people
from backchannel.queries.events import get_events, missing_facts
from backchannel.queries.history import get_history
from backchannel.queries.rooms import get_room
from backchannel.store import people, reads
from backchannel.store.models import Person
from backchannel.store.room_changes import LeaveRoom, RemoveMember
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
    (get_history, GetHistory),
    (get_events, lambda room_id: GetEvents(room_id=room_id, after=0)),
    (get_members, GetMembers),
]


@pytest.mark.parametrize(("read", "query"), READS)
@pytest.mark.parametrize("who", ["left", "removed", "stranger"])
async def test_who_is_outside_reads_nothing(world: dict[str, Any], read: Any, query: Any, who: str) -> None:
    with pytest.raises(CommandError) as caught:
        await read(query(room_id=world["room"]), world[who])
    assert caught.value.code is Code.NOT_A_MEMBER
    assert (await read(query(room_id=world["room"]), world["ada"])) is not None


@pytest.mark.parametrize("read", READS)
async def test_a_room_that_is_not_there_is_told(world: dict[str, Any], read: Any) -> None:
    with pytest.raises(CommandError) as caught:
        await read[0](read[1](room_id=2**50), world["ada"])
    assert caught.value.code is Code.ROOM_NOT_FOUND


async def test_who_is_removed_between_the_reads_gets_nothing(
    module_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Membership is looked at last: what was read before was theirs to see, or is not given."""
    import asyncio

    def setup() -> tuple[User, User, int]:
        ada, ben = person(), person()
        room_id = room(ada, ben)
        send(room_id, ada)
        return ada, ben, room_id

    ada, ben, room_id = await asyncio.to_thread(setup)
    original = reads.events_after

    def and_then_removed(*arguments: Any) -> Any:
        found = original(*arguments)
        do(RemoveMember(actor=ada, room_id=room_id, user_id=ben.id))
        return found

    monkeypatch.setattr(reads, "events_after", and_then_removed)
    with pytest.raises(CommandError) as caught:
        await get_events(GetEvents(room_id=room_id, after=0), ben)
    assert caught.value.code is Code.NOT_A_MEMBER


async def test_what_a_hub_missed_comes_as_the_bus_would_have_brought_it(world: dict[str, Any]) -> None:
    found = (await missing_facts({world["room"]: 1}))[world["room"]]
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
    import asyncio

    def make() -> User:
        row, _ = Person.objects.get_or_create(
            account="people:grace", defaults={"username": "grace", "display_name": "Grace Hopper"}
        )
        return people.user_of(row)

    grace = await asyncio.to_thread(make)
    shown = await get_people(GetPeople(query=query, limit=200), grace)
    assert (grace in shown.people) == found


async def test_who_is_banned_is_not_found(module_database: None) -> None:
    import asyncio

    def make() -> User:
        banned = person("banned")
        people.set_account_active(Person.objects.get(pk=banned.id).account, False)
        return banned

    banned = await asyncio.to_thread(make)
    assert (await get_people(GetPeople(query="banned"), banned)).people == []
