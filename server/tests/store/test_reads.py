"""Compares pages, events, lists and counts with a simple model of a room."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backchannel.commands.add_members import AddMembers
from backchannel.commands.add_reaction import AddReaction
from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.edit_message import EditMessage
from backchannel.commands.join_room import JoinRoom
from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.mark_read import MarkRead
from backchannel.commands.remove_reaction import RemoveReaction
from backchannel.commands.update_room import UpdateRoom
from backchannel.protocol.commands import GetHistory
from backchannel.protocol.events import MessageCreated, MessageDeleted, MessageEdited
from backchannel.protocol.shapes import User
from backchannel.queries import history
from backchannel.store import reads, rooms
from backchannel.store.log import commit
from tests.store.making import append, check_gapless, crowd, do, person, room, send


@dataclass
class _Message:
    id: UUID
    seq: int
    sender: int
    mentions: set[int]
    content: str
    deleted: bool = False
    rev_seq: int = 0


@dataclass
class _Model:
    """A simple, slow model of a room."""

    people: list[User]
    room_id: int
    head: int = 0
    messages: list[_Message] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    read: dict[int, int] = field(default_factory=dict)

    def unread(self, user: int) -> tuple[int, int]:
        new = [m for m in self.messages if m.seq > self.read[user] and m.sender != user and not m.deleted]
        return min(100, len(new)), min(100, sum(user in m.mentions for m in new))

    def log(self, kind: str) -> int:
        self.head += 1
        self.events.append(kind)
        return self.head


PEOPLE = 4
_who = st.integers(0, PEOPLE - 1)
_operation = st.one_of(
    st.tuples(st.just("send"), _who, st.sets(_who, max_size=2)),
    st.tuples(st.just("send"), _who, st.sets(_who, max_size=2)),
    st.tuples(st.just("many"), _who, st.integers(30, 60)),
    st.tuples(st.just("edit"), st.integers(0, 200), st.text("ab", min_size=1, max_size=3)),
    st.tuples(st.just("delete"), st.integers(0, 200), st.none()),
    st.tuples(st.sampled_from(["react", "unreact"]), st.integers(0, 200), _who),
    st.tuples(st.just("read"), _who, st.integers(0, 300)),
    st.tuples(st.just("topic"), _who, st.text("ab", max_size=2)),
    st.tuples(st.just("leave"), st.integers(1, PEOPLE - 1), st.none()),
    st.tuples(st.just("join"), st.integers(1, PEOPLE - 1), st.none()),
)


@pytest.fixture(scope="module")
def people(module_database: None) -> list[User]:
    return [person() for _ in range(PEOPLE)]


def _play(people: list[User], operations: list[Any]) -> _Model:
    model = _Model(people, room(people[0], *people[1:], kind="channel"))
    model.read = {user.id: 0 for user in people}
    topic = ""
    reactions: dict[UUID, set[int]] = {}
    for kind, first, second in operations:
        chosen = model.messages[first % len(model.messages)] if model.messages else None
        match kind:
            case "send" | "many" if people[first].id in model.read:
                sender = people[first]
                count, named = (1, second) if kind == "send" else (second, set())
                content = "Hi " + " ".join(f"@{people[n].username}" for n in named)
                mentions = {people[n].id for n in named if people[n].id in model.read} - {sender.id}
                for made in commit([append(model.room_id, sender, content) for _ in range(count)]):
                    seq = model.log("message_created")
                    assert made.result.message.seq == seq
                    model.messages.append(
                        _Message(made.result.message.id, seq, sender.id, mentions, content, rev_seq=seq)
                    )
            case "edit" if chosen and not chosen.deleted and chosen.sender in model.read and chosen.content != second:
                author = next(user for user in people if user.id == chosen.sender)
                do(EditMessage(actor=author, message_id=chosen.id, content=second, base_seq=None))
                chosen.content, chosen.rev_seq = second, model.log("message_edited")
            case "delete" if chosen and not chosen.deleted:
                do(DeleteMessage(actor=people[0], message_id=chosen.id))
                chosen.content, chosen.deleted, chosen.rev_seq = "", True, model.log("message_deleted")
            case "react" | "unreact" if chosen and not chosen.deleted and people[second].id in model.read:
                held = reactions.setdefault(chosen.id, set())
                change = AddReaction if kind == "react" else RemoveReaction
                do(change(actor=people[second], message_id=chosen.id, emoji="👍"))
                if (kind == "react") != (second in held):
                    held ^= {second}
                    chosen.rev_seq = model.log("reaction_added" if kind == "react" else "reaction_removed")
            case "read" if people[first].id in model.read:
                user = people[first]
                state = do(MarkRead(actor=user, room_id=model.room_id, seq=second))
                model.read[user.id] = max(model.read[user.id], min(second, model.head))
                assert (state.read_seq, state.unread_count, state.mention_count) == (
                    model.read[user.id], *model.unread(user.id)
                )  # fmt: skip
            case "topic" if people[first].id in model.read and second != topic:
                do(UpdateRoom(actor=people[first], room_id=model.room_id, name=None, topic=second))
                topic = second
                model.log("room_updated")
            case "leave" if people[first].id in model.read:
                do(LeaveRoom(actor=people[first], room_id=model.room_id))
                del model.read[people[first].id]
                model.log("member_left")
            case "join" if people[first].id not in model.read:
                do(JoinRoom(actor=people[first], room_id=model.room_id))
                model.read[people[first].id] = model.log("member_joined")
    return model


_slowly = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_slowly
@given(
    st.lists(_operation, max_size=40),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 200)), min_size=3, max_size=3),
)
def test_reads_agree_with_the_model_after_random_operations(
    people: list[User], operations: list[Any], pages: list[tuple[int, int]]
) -> None:
    model = _play(people, operations)
    check_gapless(model.room_id)
    for user in people:
        shown = rooms.rooms_of(user.id, [model.room_id])
        assert bool(shown) == (user.id in model.read)
        if shown:
            assert (shown[0].seq, shown[0].read_seq) == (model.head, model.read[user.id])
            assert (shown[0].unread_count, shown[0].mention_count) == model.unread(user.id)
            last = model.messages[-1] if model.messages else None
            assert (shown[0].last_message and shown[0].last_message.id) == (last and last.id)
    _check_events(model, pages)
    _check_history(model, pages)


def _check_events(model: _Model, pages: list[tuple[int, int]]) -> None:
    for after, limit in pages:
        events = reads.events_after({model.room_id: after}, limit)[model.room_id]
        assert [event.seq for event in events] == list(range(after + 1, model.head + 1))[:limit]
        assert [event.__struct_config__.tag for event in events] == model.events[after : after + limit]
        for event in events:
            if isinstance(event, MessageCreated | MessageEdited | MessageDeleted):
                now = next(m for m in model.messages if m.id == event.message.id)
                assert (event.message.content, event.message.rev_seq) == (now.content, now.rev_seq)


def _check_history(model: _Model, pages: list[tuple[int, int]]) -> None:

    every = model.messages

    def read(**bounds: Any) -> tuple[list[tuple[int, str, bool, int]], bool]:
        page = history.get_history(GetHistory(room_id=model.room_id, **bounds), model.people[0])
        assert page.as_of_seq == model.head
        return [(m.seq, m.content, m.deleted, m.rev_seq) for m in page.messages], page.has_more

    def plain(messages: list[_Message]) -> list[tuple[int, str, bool, int]]:
        return [(m.seq, m.content, m.deleted, m.rev_seq) for m in messages]

    for seq, limit in pages:
        older, newer = [m for m in every if m.seq < seq], [m for m in every if m.seq > seq]
        assert read(limit=limit) == (plain(every[-limit:]), len(every) > limit)
        assert read(before=seq, limit=limit) == (plain(older[-limit:]), len(older) > limit)
        assert read(after=seq, limit=limit) == (plain(newer[:limit]), len(newer) > limit)
        half = older[len(older) - min(len(older), limit // 2) :]
        rest = [m for m in every if m.seq >= seq][: limit - len(half)]
        assert read(around=seq, limit=limit) == (plain(half + rest), len(older) > len(half))


def test_counts_stop_at_a_hundred() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben)
    commit([append(room_id, ada, f"@{ben.username}") for _ in range(130)])
    (shown,) = rooms.rooms_of(ben.id, [room_id])
    assert (shown.unread_count, shown.mention_count) == (100, 100)
    state = do(MarkRead(actor=ben, room_id=room_id, seq=40))
    assert (state.unread_count, state.mention_count) == (90, 90)


def test_a_member_of_several_rooms_is_listed_in_each() -> None:
    ada, ben, cyd = person(), person(), person()
    shared, with_ben, alone = room(ada, ben, cyd), room(ada, ben), room(ada)
    crowded, _ = crowd(ada, rooms.SMALL_ROOM)
    send(with_ben, ben)
    do(LeaveRoom(actor=ben, room_id=with_ben))
    listed = {each.id: each for each in rooms.rooms_of(ada.id)}
    assert [(id_, each.members) for id_, each in listed.items()] == [
        (shared, [ada, ben, cyd]),
        (with_ben, [ada]),
        (alone, [ada]),
        (crowded, []),
    ]
    last = listed[with_ben].last_message
    assert last
    assert last.sender == ben


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="how PostgreSQL reads a small table says nothing")
def test_counting_uses_only_indexes() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben)
    send(room_id, ben)
    with CaptureQueriesContext(connection) as made:
        rooms.list_of(ada.id)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + made[0]["sql"])
        plan = [row[3] for row in cursor.fetchall()]
    assert not [step for step in plan if step.startswith(("SCAN u", "SCAN f", "SCAN n"))]
    used = [step.split("INDEX ")[1].split(" ")[0] for step in plan if step.startswith("SEARCH u ")]
    assert used[0] == "backchannel_unread_in_room"
    assert used[2:] == ["backchannel_in_thread"] * 2
    assert any(step.startswith("SEARCH n USING COVERING INDEX") for step in plan)


def test_the_list_costs_the_same_however_many_rooms_there_are() -> None:
    def cost(count: int) -> int:
        ada, ben = person(), person()
        for _ in range(count):
            send(room(ada, ben), ben)
        with CaptureQueriesContext(connection) as queries:
            assert len(rooms.rooms_of(ada.id)) == count
        return len(queries)

    assert cost(1) == cost(30) == 1


def test_a_page_costs_the_same_however_long_it_is() -> None:
    ada = person()
    room_id = room(ada)
    first = send(room_id, ada)
    for _ in range(50):
        send(room_id, ada, reply_to=first.id)
    for read in (
        lambda: reads.page_before(room_id, None, 50),
        lambda: reads.events_after({room_id: 0}, 500),
    ):
        with CaptureQueriesContext(connection) as queries:
            assert read()
        assert len(queries) == 1


def test_many_rooms_catch_up_in_a_fixed_number_of_queries() -> None:
    ada = person()
    ids = [room(ada) for _ in range(30)]
    for room_id in ids:
        send(room_id, ada)
    with CaptureQueriesContext(connection) as queries:
        events = reads.events_after(dict.fromkeys(ids, 0), 500)
    assert {room_id: [event.seq for event in run] for room_id, run in events.items()} == {id_: [1] for id_ in ids}
    assert len(queries) == 1


def test_heads_of_any_number_of_rooms_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = person()
    ids = [room(ada) for _ in range(5)]
    send(ids[4], ada)
    monkeypatch.setattr(reads, "IDS_AT_ONCE", 2)
    assert reads.heads_of(ids) == {**dict.fromkeys(ids, 0), ids[4]: 1}
    assert reads.heads_of([]) == {}


def test_a_run_of_events_stops_where_one_is_missing() -> None:
    from backchannel.store.models import Event
    from backchannel.store.models import Message as Row

    ada = person()
    room_id = room(ada)
    for _ in range(3):
        send(room_id, ada)
    do(UpdateRoom(actor=ada, room_id=room_id, name=None, topic="X"))
    send(room_id, ada)
    Event.objects.filter(room_id=room_id, seq=4).delete()
    assert [event.seq for event in reads.events_after({room_id: 0}, 10)[room_id]] == [1, 2, 3]
    Row.objects.filter(room_id=room_id, seq=1).delete()
    assert reads.events_after({room_id: 0}, 10)[room_id] == []


def test_only_a_member_reads_events_of_a_room() -> None:
    ada, ben = person(), person()
    with_ben, without, left = room(ada, ben), room(ada), room(ada, ben)
    for room_id in (with_ben, without, left):
        send(room_id, ada)
    do(LeaveRoom(actor=ben, room_id=left))
    found = reads.events_for(ben.id, dict.fromkeys((with_ben, without, left), (0, 10)))
    assert {room_id: [event.seq for event in run] for room_id, run in found.items()} == {
        with_ben: [1],
        without: [],
        left: [],
    }


def test_a_reply_carries_its_quote_in_every_read() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben)
    first = send(room_id, ben, "word " * 100)
    answer = send(room_id, ada, reply_to=first.id)
    (event,) = reads.events_after({room_id: 1}, 10)[room_id]
    assert isinstance(event, MessageCreated)
    (paged,) = reads.page_after(room_id, 1, 10)
    by_id = reads.messages_by_id(connection, [answer.id])[answer.id]
    assert answer.reply_to == event.message.reply_to == paged.reply_to == by_id.reply_to
    assert answer.reply_to
    assert answer.reply_to.sender == ben


def test_more_rooms_than_one_statement_allows_can_catch_up() -> None:
    ada = person()
    room_id = room(ada)
    send(room_id, ada)
    ranges = dict.fromkeys(range(room_id, room_id + 5000), (0, 10))
    assert [event.seq for event in reads.events_for(ada.id, ranges)[room_id]] == [1]


def test_members_are_paged_by_id() -> None:
    ada = person()
    room_id, others = crowd(ada, 120)
    ids = sorted([ada.id, *(user.id for user in others)])
    assert [member.id for member in rooms.members_page(room_id, 0, 50)] == ids[:50]
    assert [member.id for member in rooms.members_page(room_id, ids[49], 200)] == ids[50:]
    do(LeaveRoom(actor=others[0], room_id=room_id))
    do(AddMembers(actor=ada, room_id=room_id, user_ids=[person().id]))
    assert others[0].id not in [member.id for member in rooms.members_page(room_id, 0, 200)]
