"""What a search promises besides its hits: who is shown what, time, pages, an index that was lost, words that were erased."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from backchannel.commands.add_members import AddMembers
from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.edit_message import EditMessage
from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.pin_message import PinMessage
from backchannel.commands.remove_member import RemoveMember
from backchannel.followers.cursors import ResetFollower
from backchannel.followers.follower import Lost
from backchannel.followers.search import SearchFollower
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.store import reads
from backchannel.store.followers import Stretch
from backchannel.store.models import FollowerCursor
from backchannel.store.models import Message as MessageRow
from backchannel.store.operation import NOBODY
from backchannel.store.search import hits as hits_module
from backchannel.store.search import searching
from backchannel.store.search.budget import Budget
from backchannel.store.search.choice import index, is_in_memory
from backchannel.store.search.documents import SLOT_BITS
from backchannel.store.search.nowhere import NoIndex
from backchannel.store.search.searching import Search, search
from backchannel.store.search.tail import EVENTS
from backchannel.store.workspace import set_epoch, workspace
from tests.store.making import append, do, person, room, send
from tests.store.search import naive
from tests.store.search.corpus import queries
from tests.store.search.world import World, build

Make = Callable[..., Any]


def world_of(*others: User) -> World:
    """An empty world with one group of the reader and another person."""
    world = World(Random(3), person("ben"), person("ada"))
    world.rooms.append(room(world.other, world.reader, *others))
    return world


def texts(world: World, query: str, **rest: object) -> list[str]:
    return [message.content for message, _ in world.page(query, **rest).hits]


def test_what_was_just_written_is_found_although_nothing_is_indexed() -> None:
    world = world_of()
    send(world.rooms[0], world.other, "quokka one")
    world.catch_up()
    send(world.rooms[0], world.other, "quokka two")
    page = world.page("quokka")
    assert [message.content for message, _ in page.hits] == ["quokka two", "quokka one"]
    assert [ranges for _, ranges in page.hits] == [[(0, 6)], [(0, 6)]]
    assert (page.behind, page.is_partial, page.has_more) == (1, False, False)


def test_an_edit_and_a_deletion_count_before_they_are_indexed() -> None:
    world = world_of()
    old, gone = (send(world.rooms[0], world.other, f"quokka {name}") for name in ("old", "gone"))
    world.catch_up()
    do(EditMessage(actor=world.other, message_id=old.id, content="wombat", base_seq=None))
    do(DeleteMessage(actor=world.other, message_id=gone.id))
    assert texts(world, "quokka") == []
    assert texts(world, "wombat") == ["wombat"]
    world.catch_up()
    assert (texts(world, "quokka"), texts(world, "wombat")) == ([], ["wombat"])


@pytest.mark.parametrize("seed", range(3))
def test_after_random_changes_every_query_finds_what_the_reference_finds(seed: int) -> None:
    world = build(Random(seed), 60, rooms=3)
    world.catch_up()
    for number, query in enumerate(queries(world.random, 330)[seed::8]):
        for _ in range(3):
            world.change()
        if number % 3 == 0:
            world.catch_up([world.random.choice(world.rooms)])
        if number == 20:
            leaving = world.rooms.pop(0)
            world.left.append(leaving)
            do(LeaveRoom(actor=world.reader, room_id=leaving))
        assert world.all_ids(query, limit=world.random.choice((1, 7, 200))) == naive.search(query, world.notes()), query


def test_replies_in_threads_are_found_as_such() -> None:
    world = world_of()
    (room_id,) = world.rooms
    root = send(room_id, world.other, "quokka root")
    send(room_id, world.other, "quokka reply", thread=root.id)
    for _ in range(2):
        assert texts(world, "is:thread quokka") == ["quokka reply"]
        world.catch_up()


def test_who_left_finds_what_they_saw_and_who_was_removed_nothing() -> None:
    world = world_of()
    (room_id,) = world.rooms
    kept, edited, deleted = (send(room_id, world.other, f"quokka {name}") for name in ("kept", "edited", "deleted"))
    do(LeaveRoom(actor=world.reader, room_id=room_id))
    send(room_id, world.other, "quokka later")
    do(EditMessage(actor=world.other, message_id=edited.id, content="quokka changed", base_seq=None))
    do(DeleteMessage(actor=world.other, message_id=deleted.id))
    do(PinMessage(actor=world.other, message_id=kept.id))
    for _ in range(2):
        assert texts(world, "quokka") == ["quokka kept"]
        assert texts(world, "quokka", room_id=room_id) == ["quokka kept"]
        assert texts(world, "is:pinned") == []
        world.catch_up()
    do(AddMembers(actor=world.other, room_id=room_id, user_ids=[world.reader.id]))
    assert texts(world, "quokka") == ["quokka later", "quokka changed", "quokka kept"]
    do(RemoveMember(actor=world.other, room_id=room_id, user_id=world.reader.id))
    assert texts(world, "quokka") == []
    with pytest.raises(CommandError) as caught:
        world.page("quokka", room_id=room_id)
    assert caught.value.code is Code.NOT_A_MEMBER


def test_a_removal_during_a_search_hides_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of()
    (room_id,) = world.rooms
    send(room_id, world.other, "quokka")
    world.catch_up()
    original = hits_module.Matcher.matched

    def and_then_removed(self: Any, ids: Any, *rest: Any) -> Any:
        found = original(self, ids, *rest)
        if ids:
            do(RemoveMember(actor=world.other, room_id=room_id, user_id=world.reader.id))
        return found

    monkeypatch.setattr(hits_module.Matcher, "matched", and_then_removed)
    assert world.page("quokka").hits == []


def test_a_missing_room_and_a_strange_place_are_refused() -> None:
    world = world_of()
    with pytest.raises(CommandError) as caught:
        world.page("x", room_id=2**50)
    assert caught.value.code is Code.ROOM_NOT_FOUND
    for before in ("", "x", "!!!", "WyJiZXN0IixbMSw3LDFdLDIwXQ", "WyJuZXdlc3QiLFsxLDIsM10sLTFd", "é" * 50, "W" * 200):
        with pytest.raises(CommandError) as caught:
            world.page("x", before=before)
        assert (caught.value.code, list(caught.value.errors or {})) == (Code.INVALID, ["before"])


def test_the_filter_from_knows_people_by_each_of_their_names_and_the_reader_as_me() -> None:
    world = world_of()
    (room_id,) = world.rooms
    send(room_id, world.other, "by ada")
    send(room_id, world.reader, "by ben")
    world.catch_up()
    assert texts(world, f"from:{world.other.username.upper()}") == ["by ada"]
    assert texts(world, f'from:"@{world.other.username}" by') == ["by ada"]
    assert texts(world, "from:me") == ["by ben"]
    assert texts(world, f"from:me from:{world.other.username}") == ["by ben", "by ada"]
    assert texts(world, "from:nobody-at-all") == []


def test_the_best_hits_are_those_of_the_reference_order_on_every_page() -> None:
    world = world_of()
    (room_id,) = world.rooms
    for content in (
        "release, and then the notes",
        "release notes",
        "released with notes",
        "notes, notes: release notes",
    ):
        send(room_id, world.other, content)
    for _ in range(2):
        best = texts(world, "release notes", order="best")
        assert best == [
            "notes, notes: release notes",
            "release notes",
            "release, and then the notes",
            "released with notes",
        ]
        paged = world.all_ids("release notes", limit=1, order="best")
        assert paged == world.all_ids("release notes", limit=50, order="best")
        world.catch_up()


class Ticking:
    """A clock that moves each time it is looked at."""

    def __init__(self, step_s: float) -> None:
        self.now = 0.0
        self.step_s = step_s

    def __call__(self) -> float:
        self.now += self.step_s
        return self.now


@pytest.mark.parametrize("order", ["newest", "best"])
def test_a_search_that_runs_out_of_time_says_so(order: Any) -> None:
    world = build(Random(5), 80)
    world.catch_up()
    page = search(Search("the", order=order), world.reader, Budget(Ticking(0.04)))
    assert page.is_partial
    assert page.has_more == (order == "newest")


@pytest.mark.parametrize("is_indexed", [True, False])
def test_a_client_that_goes_on_finds_everything_however_short_the_time_is(is_indexed: bool) -> None:
    world = build(Random(6), 60)
    world.catch_up(None if is_indexed else world.rooms[:1])
    expected = naive.search("the", world.notes())
    found: list[str] = []
    before = None
    pages = 0
    while pages < 2000:
        page = search(Search("the", before=before, limit=3), world.reader, Budget(Ticking(0.01)))
        found += [str(message.id) for message, _ in page.hits]
        before, pages = page.before, pages + 1
        if before is None:
            break
    assert found == expected
    assert pages > len(expected) / 3


def test_hits_of_one_moment_keep_their_order_and_none_is_lost_between_pages() -> None:
    world = world_of()
    world.rooms.append(room(world.other, world.reader))
    sent = [send(world.rooms[number % 2], world.other, f"quokka {number}") for number in range(60)]
    MessageRow.objects.filter(pk__in=[each.id for each in sent]).update(created_us=1_790_000_000_000_500)
    world.catch_up()
    expected = naive.search("quokka", world.notes())
    assert len(expected) == 60
    for limit in (1, 7, 25):
        assert world.all_ids("quokka", limit=limit) == expected


def test_more_than_sixteen_rooms_are_searched_as_few_are() -> None:
    world = world_of()
    world.rooms += [room(world.other, world.reader) for _ in range(20)]
    foreign = room(world.other)
    for number, room_id in enumerate([*world.rooms, foreign]):
        send(room_id, world.other, f"quokka {number}")
    world.catch_up()
    world.catch_up([foreign])
    assert world.all_ids("quokka", limit=4) == naive.search("quokka", world.notes())
    assert len(world.all_ids("has:link -quokka")) == 0
    assert len(world.all_ids("-wombat")) == 21


def test_an_index_that_is_far_behind_is_said_to_be_and_the_newest_are_found() -> None:
    world = world_of()
    (room_id,) = world.rooms
    from backchannel.store.log import commit

    for start in range(0, EVENTS + 100, 100):
        commit([append(room_id, world.other, f"quokka {number}") for number in range(start, start + 100)])
    page = world.page("quokka", limit=3)
    assert page.behind > EVENTS
    assert [message.content for message, _ in page.hits] == [f"quokka {EVENTS + 99 - n}" for n in range(3)]
    last = world.page(f'"quokka {EVENTS + 50}"')
    assert (len(last.hits), last.is_partial) == (1, True)
    assert world.page('"quokka 5"').is_partial
    world.catch_up()
    assert [message.content for message, _ in world.page('"quokka 5"').hits] == ["quokka 5"]


@pytest.fixture
def epoch() -> Iterator[None]:
    before = workspace().epoch
    yield
    set_epoch(before)


def test_an_index_of_another_epoch_counts_as_empty_and_is_derived_again(epoch: None) -> None:
    world = world_of()
    (room_id,) = world.rooms
    send(room_id, world.other, "quokka")
    world.catch_up()
    set_epoch("another")
    assert (world.page("quokka").behind, len(world.page("quokka").hits)) == (1, 1)
    SearchFollower().tend()  # it has no cursor in the main database, and so has lost nothing
    FollowerCursor.objects.create(name="search", room_id=room_id, seq=1)
    with pytest.raises(Lost):
        SearchFollower().tend()
    send(room_id, world.other, "wombat")
    with pytest.raises(Lost):
        SearchFollower().prepare([Stretch(room_id, 1, 2)])
    do(ResetFollower(actor=NOBODY, follower=SearchFollower()))
    world.catch_up()
    assert world.page("quokka").behind == 0
    assert texts(world, "quokka") == ["quokka"]


def test_events_that_come_again_or_late_change_nothing() -> None:
    world = world_of()
    (room_id,) = world.rooms
    first = send(room_id, world.other, "quokka")
    follower = SearchFollower()
    late = [Stretch(room_id, 0, 1)]
    follower.prepare(late)
    do(DeleteMessage(actor=world.other, message_id=first.id))
    follower.prepare([Stretch(room_id, 0, 2)])
    follower.prepare(late)
    with index().reading(reads.epoch()) as reading:
        assert reading.cursors([room_id]) == {room_id: 2}
    with pytest.raises(Lost):
        follower.prepare([Stretch(room_id, 8, 9)])


def test_a_database_in_memory_is_searched_without_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_in_memory("file:memorydb_default?mode=memory&cache=shared")
    assert not is_in_memory("/data/backchannel.sqlite3")
    world = world_of()
    send(world.rooms[0], world.other, "quokka")
    monkeypatch.setattr(searching, "index", NoIndex)
    assert texts(world, "quokka") == ["quokka"]
    assert texts(world, "quokka", order="best") == ["quokka"]


def test_the_messages_of_one_millisecond_fit_into_its_numbers() -> None:
    assert 2**SLOT_BITS > 1_000_000


def test_a_search_asks_for_no_more_than_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many messages match, a page reads a few more than it shows."""
    world = world_of()
    for number in range(120):
        send(world.rooms[0], world.other, f"quokka {number}")
    world.catch_up()
    read: list[int] = []
    original = hits_module.Matcher.matched

    def counted(self: Any, ids: Any, *rest: Any) -> Any:
        read.append(len(ids))
        return original(self, ids, *rest)

    monkeypatch.setattr(hits_module.Matcher, "matched", counted)
    world.page("quokka", limit=10)
    assert sum(read) <= 10 + searching.ROWS_MORE + 10


@pytest.fixture(scope="module", autouse=True)
def _database(module_database: None) -> None:
    """All tests here share their module's database; each makes its own people and rooms."""
