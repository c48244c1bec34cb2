"""What the site's own code does in the chat: at once outside a transaction, with the transaction inside one, and never twice."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy, override

from backchannel import api
from backchannel.accounts import lookup, running_chats, substitutes
from backchannel.accounts.identity import Ended
from backchannel.accounts.models import Token
from backchannel.accounts.running_chats import RunningChat
from backchannel.accounts.schemes import Schemes
from backchannel.config import DEFAULT_AUTHENTICATION
from backchannel.intents import dropping, report
from backchannel.store import intents, memberships, people
from backchannel.store.models import Intent, Membership, Message, Notice, Person, Room
from tests.running import somebody
from tests.store.making import check_gapless


@pytest.fixture(scope="module", autouse=True)
def _database(module_database: None) -> None:
    """All tests here share their module's database."""


@pytest.fixture(autouse=True)
def _fresh() -> None:
    Intent.objects.all().delete()
    Notice.objects.all().delete()


class Broken(Exception):
    """What the caller's transaction breaks with."""


def key() -> str:
    return f"order:{uuid4()}"


def contents(room: api.RoomLike) -> list[str]:
    return [message.content for message in api.history(room, limit=200)]


def code_of(caught: pytest.ExceptionInfo[api.ChatError]) -> str:
    return caught.value.code.word


def test_outside_a_transaction_each_call_is_committed_when_it_returns() -> None:
    ada, ben = somebody("ada"), somebody("ben")
    order = key()
    room = api.room(order, name="Order 17", topic="Two chairs", members=[ada.account, ben.account])
    assert room == api.RoomRef(room.id, order)
    assert room.id
    message = api.post(room, "Thank you.")
    theirs = api.post(order, "You are welcome.", as_=ada.account, reply_to=message.id)
    assert contents(room) == ["Thank you.", "You are welcome."]
    assert [m.id for m in api.history(room.id)] == [message.id, theirs.id]
    assert [m.sender.username for m in api.history(room)] == ["system", ada.user.username]
    assert [m.sender.kind for m in api.history(room)] == ["system", None]
    assert api.history(room)[1].reply_to
    assert api.unread(ben.account) == {order: 2}
    assert api.unread(ada.account) == {order: 1}
    assert not intents.is_waiting()
    check_gapless(room.id)


def test_inside_a_transaction_everything_happens_with_its_commit_and_in_order() -> None:
    ada, ben = somebody("ada"), somebody("ben")
    order = key()
    with transaction.atomic():
        room = api.room(order, name="Order", members=[ada.account])
        assert room == api.RoomRef(None, order)
        for number in range(5):
            api.post(room, f"step {number}")
        api.add(room, ben.account, by=ada.account)
        api.post(order, "Hello Ben", as_=ben.account)
        api.update(room, topic="Paid")
        assert api.history(room) == []
        assert api.find(order) is None
    api.apply_waiting()
    found = api.find(order)
    assert found is not None
    assert found.id
    assert contents(order) == [*(f"step {number}" for number in range(5)), "Hello Ben"]
    assert Room.objects.get(key=order).topic == "Paid"
    assert not Intent.objects.exists()
    check_gapless(found.id)


@contextmanager
def by_hand() -> Iterator[None]:
    """A transaction that the block commits, or is rolled back."""
    transaction.set_autocommit(False)
    try:
        yield
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


@pytest.mark.parametrize("commits", [True, False])
def test_a_transaction_by_hand_counts_as_one(commits: bool) -> None:
    order, account = key(), somebody("ada").account
    with by_hand():
        room = api.room(order, members=[account])
        assert room == api.RoomRef(None, order)
        api.post(room, "Thank you.")
        with transaction.atomic():
            api.post(order, "In a block of it.")
        assert api.history(room) == []
        if commits:
            transaction.commit()
    api.apply_waiting()
    assert not Intent.objects.exists()
    assert (api.find(order) is not None) is commits
    assert contents(order) == ["Thank you.", "In a block of it."] if commits else True


def test_users_can_be_saved_and_deleted_and_signed_out_in_a_transaction_by_hand() -> None:
    ada, ben = somebody("ada"), somebody("ben")
    api.token(ada.account)
    with by_hand():
        ada.account.first_name = "Ada B."
        ada.account.is_active = False
        ada.account.save()
        api.revoke_tokens(ada.account)
        api.end_sessions(ada.account)
        api.person(ben.account)
        ben.account.delete()
        transaction.commit()
    assert not Person.objects.get(pk=ada.id).active
    assert Person.objects.get(pk=ben.id).account is not None, "until sync-people"
    api.erase(ada.account)
    assert Person.objects.get(pk=ada.id).account is None


def test_a_rollback_leaves_nothing() -> None:
    ada = somebody("ada")
    Person.objects.filter(pk=ada.id).delete()
    order = key()
    people = Person.objects.count()
    with pytest.raises(Broken), transaction.atomic():
        room = api.room(order, members=[ada.account])
        api.post(room, "Never said.", as_=ada.account, key="never")
        raise Broken
    api.apply_waiting()
    assert api.find(order) is None
    assert not Intent.objects.exists()
    assert not Message.objects.filter(content="Never said.").exists()
    assert Person.objects.count() == people


def test_a_savepoint_that_is_rolled_back_takes_its_intents_along() -> None:
    order = key()
    with transaction.atomic():
        room = api.room(order)
        api.post(room, "one")
        with pytest.raises(Broken), transaction.atomic():
            api.post(room, "never")
            raise Broken
        api.post(room, "two")
    api.apply_waiting()
    assert contents(order) == ["one", "two"]


def test_a_key_posts_once_however_often_and_wherever_it_is_posted() -> None:
    order = key()
    room = api.room(order)
    first = api.post(room, "Shipped.", key="shipped")
    with transaction.atomic():
        assert api.post(order, "Shipped.", key="shipped").id == first.id
        assert api.post(room, "Shipped.", key="shipped").id == first.id
    api.apply_waiting()
    assert room.id
    assert api.post(room.id, "Shipped.", key="shipped").id == first.id, "the room's id names it alike"
    assert contents(room) == ["Shipped."]
    assert api.post(api.room(key()), "Shipped.", key="shipped").id != first.id, "a key is the room's"
    with pytest.raises(api.ChatError) as caught:
        api.post(room, "Something else.", key="shipped")
    assert code_of(caught) == "id_reused"


def test_the_room_of_a_key_is_made_once_and_gets_the_members_it_lacks() -> None:
    ada, ben, cleo = somebody("ada"), somebody("ben"), somebody("cleo")
    order = key()
    first = api.room(order, name="Order", members=[ada.account])
    again = api.room(order, name="Another name", members=[ben.account, ada.account])
    assert first == again
    assert first.id
    assert Room.objects.get(pk=first.id).name == "Order"
    assert Room.objects.get(pk=first.id).member_count == 2
    api.room(order, members=[cleo.account], sync_members=True)
    assert [api.unread(each.account) for each in (ada, ben, cleo)] == [{}, {}, {order: 0}]
    check_gapless(first.id)


@pytest.mark.parametrize("inside", [True, False])
def test_a_call_may_name_more_people_than_one_statement_takes(inside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the database would refuse the intent as if it were away, and everything behind it would wait for ever."""
    for module in (people, memberships):
        monkeypatch.setattr(module, "IDS_AT_ONCE", 2)
    many, ada, order = [somebody("one").account for _ in range(5)], somebody("ada"), key()

    def sync(members: list[Any]) -> None:
        with transaction.atomic() if inside else nullcontext():
            api.room(order, members=members, sync_members=True)
        api.apply_waiting()
        assert Room.objects.get(key=order).member_count == len(members)

    sync(many)
    sync([ada.account, *many])
    sync([ada.account])
    check_gapless(Room.objects.get(key=order).pk)


def test_one_statement_takes_no_more_people_than_the_database_does() -> None:
    assert people.users_in_any_state(range(-300_000, 0)) == {}


def test_members_are_added_and_removed() -> None:
    ada, ben = somebody("ada"), somebody("ben")
    room = api.room(key(), members=[ada.account])
    api.add(room, ben.account)
    api.add(room, ben.account)
    assert len(api.unread(ben.account)) == 1
    api.remove(room, ben.account)
    api.remove(room, ben.account)
    assert api.unread(ben.account) == {}
    api.add(room, ben.account)
    assert len(api.unread(ben.account)) == 1, "the site adds again whom it removed"


def test_a_direct_room_is_that_of_the_two() -> None:
    ada, ben = somebody("ada"), somebody("ben")
    with transaction.atomic():
        room = api.direct(ada.account, ben.account)
        assert room.id is None
        api.post(room, "Hello", as_=ada.account)
    api.apply_waiting()
    assert api.direct(ben.account, ada.account).id == Room.objects.get(memberships__person=ada.id).pk
    assert contents(room) == ["Hello"]
    for refused in (lambda: api.add(room, ben.account), lambda: api.direct(ada.account, ada.account)):
        with pytest.raises(api.ChatError):
            refused()


@pytest.mark.parametrize("inside", [True, False], ids=["inside a transaction", "outside"])
def test_what_can_be_refused_at_once_is(inside: bool) -> None:
    ada, ben = somebody("ada"), somebody("ben")
    room = api.room(key(), members=[ada.account])

    def refused(call: Any) -> str:
        with pytest.raises(api.ChatError) as caught, transaction.atomic(durable=False) if inside else _nothing():
            call()
        return code_of(caught)

    assert refused(lambda: api.post(key(), "x")) == "room_not_found"
    assert refused(lambda: api.post(2**40, "x")) == "room_not_found"
    assert refused(lambda: api.post(room, "x" * 20_000)) == "invalid"
    assert refused(lambda: api.post(room, " ")) == "invalid"
    assert refused(lambda: api.post(room, "x", as_=ben.account)) == "not_a_member"
    assert refused(lambda: api.post(room, "x", as_=AnonymousUser())) == "user_not_found"
    assert refused(lambda: api.post(room, "x", reply_to=uuid4())) in {"message_not_found", "invalid"}
    assert refused(lambda: api.room("")) == "invalid"
    assert refused(lambda: api.room("direct:1:2")) == "invalid"
    assert refused(lambda: api.room(key(), kind="channel")) == "invalid"
    assert refused(lambda: api.room(key(), name="n" * 81)) == "invalid"
    assert refused(lambda: api.update(room, topic="t" * 251)) == "invalid"
    assert not Intent.objects.exists()


def test_what_is_refused_after_the_commit_is_kept_with_its_reason_and_can_be_tried_again() -> None:
    ada = somebody("ada")
    order = key()
    api.room(order)
    with transaction.atomic():
        api.update(order, topic="so that something waits")
        api.post(order, "I am not in it.", as_=ada.account)
        api.post(order, "Said afterwards.")
    api.apply_waiting()
    assert contents(order) == ["Said afterwards."]
    [refused] = intents.refused()
    assert "not a member" in refused.reason
    assert any("not a member" in line for line in report.lines())
    api.add(order, ada.account)
    assert report.retry(None) == 1
    api.apply_waiting()
    assert contents(order) == ["Said afterwards.", "I am not in it."]
    assert report.lines() == ["none waiting"]


def test_an_intent_that_breaks_stops_no_other() -> None:
    order = key()
    with transaction.atomic():
        api.room(order)
        intents.keep('{"kind":"from a newer version"}', None)
        api.post(order, "one")
    api.apply_waiting()
    assert contents(order) == ["one"]
    [refused] = intents.refused()
    assert refused.reason.startswith("Internal error")
    assert report.drop([refused.id]) == 1
    assert intents.refused() == []


def test_a_call_outside_comes_after_what_was_committed_before() -> None:
    order = key()
    with transaction.atomic():
        api.room(order)
        api.post(order, "first")
    api.post(order, "second")
    assert contents(order) == ["first", "second"]


def test_a_process_without_a_node_leaves_its_events_for_one() -> None:
    assert not running_chats.is_served_here()
    api.post(api.room(key()), "Is there anybody?")
    assert Notice.objects.count() == 1
    Notice.objects.update(made_us=0)
    api.post(api.room(key()), "Nobody took the first.")
    assert Notice.objects.count() == 1, "old ones are deleted"


def test_names_are_brought_up_to_date() -> None:
    ada = somebody("ada")
    type(ada.account).objects.filter(pk=ada.account.pk).update(display_name="Ada Lovelace")
    ada.account.refresh_from_db()
    assert api.person(ada.account).display_name == "Ada Lovelace"
    assert Person.objects.get(pk=ada.id).display_name == "Ada Lovelace"


def test_an_erased_user_is_anonymous_once_the_transaction_commits() -> None:
    ada = somebody("ada")
    room = api.room(key(), members=[ada.account])
    api.post(room, "Gone soon.", as_=ada.account)
    with pytest.raises(Broken), transaction.atomic():
        api.erase(ada.account, messages="delete")
        raise Broken
    assert contents(room) == ["Gone soon."]
    with transaction.atomic():
        api.erase(ada.account, messages="delete")
    assert contents(room) == [""]
    assert api.history(room)[0].sender.display_name == "Deleted user"


def test_an_erased_user_whom_the_site_keeps_has_no_credentials_of_the_chat_any_more() -> None:
    ada, ben = somebody("ada"), somebody("ben")
    theirs, others = api.token(ada.account), api.token(ben.account)
    identity = lookup.by_secret("token", theirs)
    assert identity is not None
    ticket, _ = substitutes.issue_ticket(identity)
    with transaction.atomic():
        api.erase(ada.account)
        assert lookup.by_secret("token", theirs) is not None, "not before the commit"
    assert lookup.by_secret("token", theirs) is None
    assert substitutes.by_ticket(ticket, Schemes(DEFAULT_AUTHENTICATION)) is None
    assert lookup.by_secret("token", others) is not None


def test_no_intent_keeps_the_texts_of_a_user_who_is_erased_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dropping, "_AT_ONCE", 2)
    ada, ben = somebody("ada"), somebody("ben")
    room = api.room(key(), members=[ada.account])
    theirs, others = api.post(room, "By Ada.", as_=ada.account), api.post(room, "By the site.")
    with transaction.atomic():
        api.edit(theirs, "Edited of Ada.")
        api.edit(others, "Edited of the site.")
        api.post(room, "Refused of Ada.", as_=ada.account)
        api.post(room, "Refused of Ben.", as_=ben.account)
        api.post(room, f'It says "sender":{ada.id}.')
        intents.keep('{"kind":"from a newer version"}', None)
    Intent.objects.update(refused_us=1, reason="made so by this test")
    with transaction.atomic():
        api.post(room, "Waiting of Ada.", as_=ada.account)
        api.post(room, "Waiting of the site.")
    # Without a node nothing has applied what waits.
    api.erase(ada.account, messages="delete")
    assert not Intent.objects.filter(body__contains="of Ada.").exists()
    assert [each.body for each in intents.refused() if "of Ben." in each.body or "of the site." in each.body] != []
    assert len(intents.refused()) == 4
    report.retry(None)
    api.apply_waiting()
    assert contents(room) == ["", "Edited of the site.", f'It says "sender":{ada.id}.', "Waiting of the site."]


def test_the_first_member_owns_a_new_room() -> None:
    ada, ben = somebody("ada"), somebody("ben")
    room = api.room(key(), members=[ben.account, ada.account])
    owners = Membership.objects.filter(room=room.id or 0, role="owner").values_list("person_id", flat=True)
    assert list(owners) == [ben.id]


def test_the_site_edits_and_deletes_its_own_messages_and_those_of_users() -> None:
    ada = somebody("ada")
    room = api.room(key(), members=[ada.account])
    status, theirs = api.post(room, "Packed.", key="status"), api.post(room, "Thank you!", as_=ada.account)
    api.edit(status, "Shipped.")
    api.edit(theirs.id, "Thanks!")
    assert contents(room) == ["Shipped.", "Thanks!"]
    assert all(message.edited_at for message in api.history(room))
    revision = api.history(room)[0].rev_seq
    api.edit(status, "Shipped.")
    assert api.history(room)[0].rev_seq == revision, "the same text is no edit"
    assert api.post(room, "Packed.", key="status").id == status.id, "a retry of the post changes nothing"
    assert contents(room) == ["Shipped.", "Thanks!"]
    api.delete(api.history(room)[1])
    api.delete(theirs)
    assert [message.deleted for message in api.history(room)] == [False, True]
    assert contents(room) == ["Shipped.", ""]
    assert room.id
    check_gapless(room.id)


def test_a_message_is_edited_and_deleted_with_the_transaction_that_posts_it() -> None:
    order = key()
    api.post(api.room(order), "before")
    with transaction.atomic():
        first, second = api.post(order, "one"), api.post(order, "two")
        api.edit(first, "one, corrected")
        api.delete(second)
        assert contents(order) == ["before"]
    with pytest.raises(Broken), transaction.atomic():
        api.edit(first, "never")
        raise Broken
    api.apply_waiting()
    assert contents(order) == ["before", "one, corrected", ""]
    assert not Intent.objects.exists()


@pytest.mark.parametrize("is_inside", [True, False], ids=["inside", "outside"])
def test_a_change_of_what_is_not_there_is_refused(is_inside: bool) -> None:
    room, other = api.room(key()), api.room(key())
    gone = api.post(room, "Gone.")
    api.delete(gone)
    refused: list[tuple[str, Callable[[], object]]] = [
        ("message_not_found", lambda: api.edit(uuid4(), "x")),
        ("message_not_found", lambda: api.delete(uuid4())),
        ("invalid", lambda: api.edit(gone, " ")),
        ("room_not_found", lambda: api.edit(api.MessageRef(gone.id, api.RoomRef(None, key())), "x")),
    ]
    for code, call in refused:
        with pytest.raises(api.ChatError) as caught, transaction.atomic() if is_inside else nullcontext():
            call()
        assert code_of(caught) == code
    elsewhere = api.MessageRef(gone.id, other)
    found_when_applied: list[tuple[str, Callable[[], object]]] = [
        ("was deleted", lambda: api.edit(gone, "x")),
        ("no message", lambda: api.edit(elsewhere, "x")),
        ("no message", lambda: api.delete(elsewhere)),
    ]
    for reason, call in found_when_applied:
        if is_inside:
            with transaction.atomic():
                call()
            api.apply_waiting()
            assert reason in intents.refused()[-1].reason
        else:
            with pytest.raises(api.ChatError, match=reason):
                call()
    report.drop([each.id for each in intents.refused()])


def signed_in_by(token: str) -> bool:
    return lookup.by_secret("token", token) is not None


def test_a_token_signs_in_until_it_is_revoked_or_ends() -> None:
    ada, ben = somebody("ada"), somebody("ben")
    weather, news = api.token(ada.account, "weather"), api.token(ada.account, "news", timedelta(days=1))
    theirs = api.token(ben.account, "weather", timezone.now() + timedelta(days=1))
    assert weather.startswith("bc_")
    assert all(map(signed_in_by, (weather, news, theirs)))
    with pytest.raises(Broken), transaction.atomic():
        api.revoke_tokens(ada.account)
        raise Broken
    assert api.revoke_tokens(ada.account, "weather") == 1
    assert [signed_in_by(each) for each in (weather, news, theirs)] == [False, True, True]
    Token.objects.update(expires=timezone.now())
    assert not any(map(signed_in_by, (news, theirs)))
    assert api.revoke_tokens(ada.account) == 0, "those that have ended are not counted"


def test_a_token_that_has_ended_ends_what_it_opened() -> None:
    ada = somebody("ada")
    identity = lookup.by_secret("token", api.token(ada.account, expires=timedelta(hours=1)))
    assert identity is not None
    assert lookup.dead_among([identity.proof]) == set()
    Token.objects.update(expires=timezone.now())
    assert lookup.dead_among([identity.proof]) == {identity.proof}


@pytest.mark.parametrize(
    "expires",
    [timedelta(0), datetime(2020, 1, 1, tzinfo=UTC), datetime.fromisoformat("2999-01-01")],
    ids=["no time", "past", "naive"],
)
def test_a_token_for_no_time_or_without_a_time_zone_is_refused(expires: datetime | timedelta) -> None:
    with pytest.raises(api.ChatError) as caught:
        api.token(somebody("ada").account, expires=expires)
    assert code_of(caught) == "invalid"


def test_ending_the_sessions_of_a_user_ends_what_stands_for_their_credentials_and_nobody_elses() -> None:
    ada, ben = somebody("ada"), somebody("ben")
    secrets = {}
    for each in (ada, ben):
        identity = lookup.by_secret("token", api.token(each.account))
        assert identity is not None
        secrets[each.id] = substitutes.issue_chat_session(identity)[0]
    ended: list[Ended] = []
    chat = RunningChat(lambda _: Future(), ended.append)
    running_chats.register(chat)
    try:
        with transaction.atomic():
            api.end_sessions(ada.account)
            assert ended == []
    finally:
        running_chats.unregister(chat)
    assert ended == [Ended(user_id=ada.id)]
    schemes = Schemes(DEFAULT_AUTHENTICATION)
    assert substitutes.by_chat_session(secrets[ada.id], schemes) is None
    assert substitutes.by_chat_session(secrets[ben.id], schemes) is not None


def test_every_function_has_a_twin_for_async_code() -> None:
    functions = {name for name in api.__all__ if name[0].islower()}
    twins = {name for name in functions if f"a{name}" not in functions}
    assert {f"a{name}" for name in functions - twins} == twins


class _nothing:  # noqa: N801
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"], ids=["nul", "half a character"])
@pytest.mark.parametrize("is_inside", [True, False], ids=["inside", "outside"])
def test_text_that_cannot_be_stored_is_refused_by_name_on_every_database(text: str, is_inside: bool) -> None:
    room = api.room(key(), members=[somebody("ada").account])
    calls: list[tuple[str, Callable[[], object]]] = [
        ("invalid", lambda: api.post(room, text)),
        ("invalid", lambda: api.post(room, "x", key=text)),
        ("invalid", lambda: api.update(room, name=text)),
        ("invalid", lambda: api.update(room, topic=text)),
        ("invalid", lambda: api.room(text)),
        ("room_not_found", lambda: api.post(text, "x")),
    ]
    for code, call in calls:
        with pytest.raises(api.ChatError) as caught, transaction.atomic() if is_inside else nullcontext():
            call()
        assert code_of(caught) == code
    assert api.find(text) is None
    assert not Intent.objects.exists()
    assert contents(room) == []


@pytest.mark.parametrize("is_inside", [True, False])
def test_lazy_translations_are_texts(is_inside: bool) -> None:
    yes, no, monday = (cast("str", gettext_lazy(word)) for word in ("Yes", "No", "Monday"))
    order = key()
    api.room(order, name="Order")
    with transaction.atomic() if is_inside else nullcontext(), override("de"):
        message = api.post(order, yes)
        api.edit(message, no)
        api.update(order, name=monday)
    api.apply_waiting()
    assert contents(order) == ["Nein"]
    assert Room.objects.get(key=order).name == "Montag"


@pytest.mark.parametrize("is_inside", [True, False])
@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda room: api.post(room, None), "text"),  # type: ignore[arg-type]
        (lambda room: api.post(room, "X", key=17), "key"),  # type: ignore[arg-type]
        (lambda _: api.post(None, "X"), "room"),  # type: ignore[arg-type]
        (lambda _: api.post(object(), "X"), "room"),  # type: ignore[arg-type]
        (lambda room: api.history(room, limit=0), "limit"),
        (lambda _: api.find(None), "key"),  # type: ignore[arg-type]
        (lambda _: api.room(17), "key"),  # type: ignore[arg-type]
        (lambda _: api.room(key(), name=17), "name"),  # type: ignore[arg-type]
        (lambda _: api.room(key(), space=17), "space"),  # type: ignore[arg-type]
        (lambda _: api.room(key(), space="x" * 65), "space"),
        (lambda _: api.room(key(), space="a\nb"), "space"),
    ],
)
def test_what_is_of_another_type_or_can_be_no_space_is_refused_by_name(
    call: Callable[[Any], Any], field: str, is_inside: bool
) -> None:
    room = api.room(key(), name="Order")
    with transaction.atomic() if is_inside else nullcontext(), pytest.raises(api.ChatError) as caught:
        call(room)
    assert code_of(caught) == "invalid"
    assert f"{field}: " in str(caught.value)
    assert not Intent.objects.exists()


def test_a_number_that_no_database_holds_names_nothing() -> None:
    with pytest.raises(api.ChatError) as caught:
        api.post(2**70, "X")
    assert code_of(caught) == "room_not_found"
    room = api.room(key(), name="Order")
    api.post(room, "X")
    assert api.history(room, after=2**70) == []
    assert [message.content for message in api.history(room, after=-1)] == ["X"]


def test_a_forked_process_carries_out_its_calls_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def submit(_: Any) -> Future[Any]:
        raise AssertionError("this chat runs in the process from which this one was forked")

    of_parent = RunningChat(submit, submit, submit, process=1)  # type: ignore[arg-type]
    monkeypatch.setattr(running_chats, "_running", [of_parent])
    order = key()
    api.room(order, name="Order")
    with transaction.atomic():
        api.post(order, "Shipped.")
    api.apply_waiting()
    assert contents(order) == ["Shipped."]
    running_chats.announce_ended(Ended(credential="token:0"))
    assert Notice.objects.exists(), "a node of another process announces it"
    assert not running_chats.is_served_here()
