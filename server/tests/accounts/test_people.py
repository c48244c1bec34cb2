"""How the site's users become people of the chat, stay in step with them, and are taken out again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import override_settings

from backchannel import api
from backchannel.accounts import running_chats
from backchannel.accounts.erasing import erase_account
from backchannel.accounts.people import person_of, provide_people
from backchannel.accounts.running_chats import RunningChat
from backchannel.accounts.syncing import Synced, sync_people
from backchannel.commands.add_members import AddMembers
from backchannel.commands.create_room import CreateRoom
from backchannel.commands.pin_message import PinMessage
from backchannel.commands.send_message import SendMessage
from backchannel.commands.update_person import UpdatePerson
from backchannel.people import PersonAdapter
from backchannel.protocol.codec import encode
from backchannel.protocol.shapes import User
from backchannel.store import erasing, people, reads, rooms
from backchannel.store.log import commit
from backchannel.store.models import Event, Message, Person, Room
from backchannel.store.operation import NOBODY, result_of
from backchannel.store.transaction import Outcome

PICTURE = "https://shop.example/ada.webp"


class Shop(PersonAdapter):
    """What the site says, by the username of its users."""

    says: dict[str, dict[str, str]] = {}

    def _of(self, user: Any, what: str, otherwise: str) -> str:
        return self.says.get(user.username, {}).get(what, otherwise)

    def username(self, user: Any) -> str:
        return self._of(user, "username", super().username(user))

    def display_name(self, user: Any) -> str:
        return self._of(user, "display_name", super().display_name(user))

    def avatar_url(self, user: Any) -> str:
        return self._of(user, "avatar_url", "")

    def external_id(self, user: Any) -> str:
        return self._of(user, "external_id", super().external_id(user))


@pytest.fixture
def shop(transactional_db: None) -> Iterator[type[Shop]]:
    Shop.says = {}
    with override_settings(BACKCHANNEL={"PERSON": f"{__name__}.Shop"}):
        yield Shop


@pytest.fixture
def outcomes() -> Iterator[list[Outcome]]:
    """What the chat's writer committed, in order."""
    committed: list[Outcome] = []

    def submit(operation: Any) -> Any:
        [outcome] = commit([operation])
        committed.append(outcome)
        done: Future[Any] = Future()
        done.set_result(outcome.result) if outcome.error is None else done.set_exception(outcome.error)
        return done

    held = list(running_chats._running)
    running_chats._running[:] = [RunningChat(submit, lambda _: None)]
    yield committed
    running_chats._running[:] = held


def account(username: str, display_name: str = "") -> Any:
    user = get_user_model()(username=username, display_name=display_name)
    user.set_unusable_password()
    user.save()
    return user


def group(owner: User, *others: User) -> int:
    ids = [user.id for user in others]
    made = commit([CreateRoom(actor=owner, kind="group", name="G", topic="", members=ids)])
    return int(result_of(made[0]).room.id)


def said(room_id: int, sender: User, content: str = "Hello.") -> Any:
    return result_of(commit([SendMessage(actor=sender, id=uuid4(), room_id=room_id, content=content)])[0]).message


def received(outcomes: list[Outcome]) -> dict[int, list[Any]]:
    """Person → the user frames for them."""
    frames: dict[int, list[Any]] = {}
    for outcome in outcomes:
        for update in outcome.updates:
            frames.setdefault(update.user_id, []).append(json.loads(update.frame))
    return frames


def test_a_person_has_the_sites_key_as_external_id_and_is_a_person(transactional_db: None) -> None:
    ada = account("ada", "Ada L.")
    assert person_of(ada) == User(person_of(ada).id, "ada", "Ada L.", str(ada.pk))
    assert b"kind" not in encode(person_of(ada))


def test_a_primary_key_that_is_an_address_is_no_external_id() -> None:
    assert PersonAdapter().external_id(SimpleNamespace(pk="ada@shop.example")) == ""
    assert PersonAdapter().external_id(SimpleNamespace(pk="c-1815")) == "c-1815"


def test_the_sites_adapter_decides_what_is_shown(shop: type[Shop]) -> None:
    shop.says["ada"] = {"username": "countess", "display_name": "Ada", "avatar_url": PICTURE, "external_id": "c-1815"}
    ada = account("ada")
    assert person_of(ada) == User(person_of(ada).id, "countess", "Ada", "c-1815", PICTURE)
    [found] = people.find_external("c-1815", person_of(ada).id)
    assert found == person_of(ada)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:image/svg+xml,x", "//evil.example/x", "/\\evil.example", "https:///x", "https://a b",
     "https://a/\x00", "https://a/\u202e", "ftp://a/b", "x.png", "https://a/" + "x" * 500],
)  # fmt: skip
def test_a_picture_that_a_browser_should_not_load_is_left_out(shop: type[Shop], url: str) -> None:
    shop.says["ada"] = {"avatar_url": url}
    assert person_of(account("ada")).avatar_url == ""


@pytest.mark.parametrize("url", [PICTURE, "http://a/b?c=d#e", "/media/ada%20l.webp", "HTTPS://A/B"])
def test_a_picture_by_address_or_path_is_kept(shop: type[Shop], url: str) -> None:
    shop.says["ada"] = {"avatar_url": url}
    assert person_of(account("ada")).avatar_url == url


def test_hostile_names_of_a_site_are_cleaned_and_shortened(shop: type[Shop]) -> None:
    shop.says["ada"] = {
        "username": "a\u202e\x00b" + "c" * 300,
        "display_name": "me@evil.example",
        "external_id": "x\x00",
    }
    person = person_of(account("ada"))
    assert person.username == "ab" + "c" * 148
    assert person.display_name == person.username
    assert person.external_id == ""


@pytest.mark.parametrize("name", ["system", "System", "everyone"])
def test_a_name_that_means_the_system_or_everybody_is_no_persons(shop: type[Shop], name: str) -> None:
    shop.says = {"ada": {"username": name}}
    ada = account("ada")
    assert person_of(ada).username == f"{name}.person"
    assert person_of(ada).username == f"{name}.person", "it stays"


def test_two_users_of_one_name_get_distinct_usernames(shop: type[Shop]) -> None:
    shop.says = {"ada": {"username": "sam"}, "ben": {"username": "sam"}}
    ada, ben = account("ada"), account("ben")
    assert [person_of(user).username for user in (ada, ben, ada, ben)] == ["sam", "sam.2"] * 2


def test_a_saved_name_reaches_the_user_and_those_in_small_rooms_once(
    transactional_db: None, outcomes: list[Outcome]
) -> None:
    user = account("ada", "Ada")
    ada, ben, cyd, dan = person_of(user), *(person_of(account(name)) for name in ("ben", "cyd", "dan"))
    room = group(ada, ben)
    group(ada, ben)
    large = group(dan, ada)
    Room.objects.filter(pk=large).update(member_count=people.COMPANY + 1)
    message = said(room, ada)
    before = rooms.list_of(ben.id).user_version
    outcomes.clear()
    user.display_name = "Countess"
    user.save()
    frames = received(outcomes)
    assert frames.keys() == {ada.id, ben.id}
    [frame] = frames[ben.id]
    assert (frame["type"], frame["user_version"]) == ("person_updated", before + 1)
    assert frame["user"] == {"id": ada.id, "username": "ada", "display_name": "Countess", "external_id": str(user.pk)}
    assert [changed.display_name for outcome in outcomes for changed in outcome.people] == ["Countess"]
    assert rooms.list_of(ben.id).user_version == before + 1
    assert [user.display_name for user in people.find_people("countess", 5, ben.id)] == ["Countess"]
    assert reads.page_before(room, None, 1)[0].sender.display_name == "Countess"
    assert message.sender.display_name == "Ada"
    assert cyd.id not in frames
    outcomes.clear()
    user.save()
    assert received(outcomes) == {}


def test_a_save_that_is_rolled_back_changes_nothing(transactional_db: None, outcomes: list[Outcome]) -> None:
    user = account("ada", "Ada")
    ada = person_of(user)
    outcomes.clear()
    with pytest.raises(RuntimeError), transaction.atomic():
        user.display_name = "Countess"
        user.save()
        raise RuntimeError
    assert outcomes == []
    assert people.users_by_id([ada.id], ada.id)[ada.id].display_name == "Ada"


def test_a_person_made_in_a_transaction_goes_with_it(transactional_db: None) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        person_of(account("ada"))
        raise RuntimeError
    assert not Person.objects.exists()


def test_a_user_who_was_never_here_is_made_a_person_when_named(transactional_db: None) -> None:
    ada = account("ada")
    gone = account("gone")
    gone.is_active = False
    gone.save()
    ben = person_of(account("ben"))
    provide_people([str(ada.pk), str(gone.pk), f"0{ada.pk}", "nobody", "9" * 40, "\x00", "1e3", " "], ben.id)
    assert sorted(Person.objects.values_list("username", flat=True)) == ["ada", "ben"]
    assert [user.username for user in people.find_external(str(ada.pk), ben.id)] == ["ada"]


def test_an_external_id_of_two_people_names_nobody(shop: type[Shop]) -> None:
    shop.says = {"ada": {"external_id": "x"}, "ben": {"external_id": "x"}}
    for name in ("ada", "ben"):
        person_of(account(name))
    assert people.find_external("x", Person.objects.all()[0].pk) == []


def test_all_users_are_synced_at_once_and_again_without_change(shop: type[Shop]) -> None:
    users = [account(f"user{number}") for number in range(4)]
    users[3].is_active = False
    users[3].save()
    assert sync_people() == Synced(made=3, changed=0, unchanged=0, erased=0)
    shop.says["user1"] = {"display_name": "Ada"}
    assert sync_people() == Synced(made=0, changed=1, unchanged=2, erased=0)
    assert sync_people() == Synced(made=0, changed=0, unchanged=3, erased=0)
    get_user_model()._base_manager.filter(pk=users[0].pk)._raw_delete("default")
    assert sync_people() == Synced(made=0, changed=0, unchanged=2, erased=0)
    assert sync_people(erase_missing=True).erased == 1
    assert sorted(Person.objects.values_list("display_name", flat=True)) == ["Ada", "Deleted user", "user2"]


def test_a_user_of_whom_the_sites_code_raises_keeps_no_other_from_being_synced(
    shop: type[Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada", "ben", "cyd"):
        account(name)
    username = shop.username

    def raises(self: Shop, user: Any) -> str:
        if user.username == "ben":
            raise KeyError("no name")
        return username(self, user)

    monkeypatch.setattr(shop, "username", raises)
    assert sync_people() == Synced(made=2, changed=0, unchanged=0, erased=0, broken=1)
    assert "1 could not be read" in str(sync_people())


def world() -> tuple[Any, User, User, int]:
    user = account("ada", "Ada Lovelace")
    ada, ben = person_of(user), person_of(account("ben"))
    room = group(ben)
    result_of(commit([AddMembers(actor=ben, room_id=room, user_ids=[ada.id])])[0])
    result_of(commit([PinMessage(actor=ada, message_id=said(room, ada).id)])[0])
    said(room, ben, "@ada!")
    return user, ada, ben, room


def stored_text() -> str:
    rows = [*Event.objects.values_list("body", flat=True), *map(str, Person.objects.values())]
    return "\n".join(rows)


def test_deleting_a_user_leaves_no_name_and_keeps_the_messages(transactional_db: None, outcomes: list[Outcome]) -> None:
    user, ada, ben, room = world()
    head = rooms.rooms_of(ben.id, [room])[0].seq
    outcomes.clear()
    user.delete()
    assert "Lovelace" not in stored_text()
    assert "'ada'" not in stored_text()
    erased = User(ada.id, f"deleted-{ada.id}", "Deleted user")
    assert [message.sender for message in reads.page_before(room, None, 10)] == [erased, ben]
    joined, pinned = (event for event in reads.events_after({room: 0}, 10)[room] if hasattr(event, "by"))
    assert (joined.user, joined.by, pinned.by) == (erased, ben, erased)  # type: ignore[union-attr]
    assert rooms.rooms_of(ben.id, [room])[0].seq == head
    assert received(outcomes)[ben.id][-1]["user"]["display_name"] == "Deleted user"
    assert people.find_people("ada", 5, ben.id) == []
    assert people.find_people("deleted", 5, ben.id) == []
    erase_account(str(user.pk))
    again = account("ada", "Another")
    assert person_of(again).id != ada.id
    assert person_of(again).username == "ada"


def test_an_erased_name_is_nowhere_that_the_person_was_not_a_member(transactional_db: None) -> None:
    user = account("clerk", "Lovelace")
    room = group(person_of(account("ben")))
    api.add(room, account("cyd"), by=user)
    erase_account(str(user.pk))
    assert "Lovelace" not in stored_text()


def test_a_sign_in_while_a_person_is_erased_brings_nothing_back(
    transactional_db: None, outcomes: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    user, ada, ben, _ = world()
    scrub_events = erasing.scrub_events

    def scrub_and_sign_in(person_id: int) -> None:
        scrub_events(person_id)
        assert person_of(user).id == ada.id

    monkeypatch.setattr(erasing, "scrub_events", scrub_and_sign_in)
    erase_account(str(user.pk))
    commit([UpdatePerson(actor=NOBODY, user=ada)])
    assert "Lovelace" not in stored_text()
    assert people.find_people("", 5, ben.id) == [ben]


def test_erasing_with_messages_leaves_tombstones_and_what_others_wrote(transactional_db: None) -> None:
    user, ada, _, room = world()
    erase_account(str(user.pk), "delete")
    assert [(message.deleted, message.content) for message in reads.page_before(room, None, 10)] == [
        (True, ""),
        (False, "@ada!"),
    ]
    assert not Message.objects.filter(sender_id=ada.id, deleted=False).exists()
    seqs = [event.seq for event in reads.events_after({room: 0}, 50)[room]]
    assert seqs == list(range(1, len(seqs) + 1))
    # The site's user is still there: they may come back, as somebody new.
    assert person_of(user).id != ada.id
