"""The migration brings stored text and owners under the current rules."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from backchannel.commands.add_reaction import AddReaction
from backchannel.store import people, reads, rooms
from backchannel.store.models import Event, Membership, Message, NameKey, Person, Room
from tests.store.making import do, person, room, send

migration: Any = import_module("backchannel.store.migrations.0008_text_and_owners")

pytestmark = pytest.mark.django_db(transaction=True)


def migrate() -> None:
    migration.bring_up_to_date(apps, None)


def test_two_spellings_of_an_emoji_become_one_reaction() -> None:
    ada, ben = person(), person()
    room_id = room(ada, ben)
    message = send(room_id, ada)
    do(AddReaction(actor=ada, message_id=message.id, emoji="❤\ufe0f"))
    Message.objects.filter(pk=message.id).update(
        reactions=json.dumps([["❤", [ada.id]], ["👍", [ben.id]], ["❤\ufe0f", [ben.id, ada.id]]])
    )
    Event.objects.filter(room_id=room_id).update(body=json.dumps({"emoji": "❤", "user_id": ada.id}))
    migrate()
    [shown] = reads.page_before(room_id, None, 1)
    assert [(each.emoji, each.user_ids) for each in shown.reactions] == [
        ("❤\ufe0f", [ada.id, ben.id]),
        ("👍", [ben.id]),
    ]
    [_, added] = reads.events_after({room_id: 0}, 10)[room_id]
    assert added.emoji == "❤\ufe0f"  # type: ignore[union-attr]


def test_names_are_cleaned_and_found() -> None:
    ada = person()
    channel = room(ada, kind="channel", name="x")
    Person.objects.filter(pk=ada.id).update(display_name="\u202eÖzlem\u200b", folded="")
    NameKey.objects.all().delete()
    Room.objects.filter(pk=channel).update(name="\u200b", topic="\u202eT", folded="")
    migrate()
    assert [user.display_name for user in people.find_people("ozlem", 10, ada.id)] == ["Özlem"]
    assert [(each.name, each.topic) for each in rooms.open_channels(ada.id, f"CHANNEL {channel}", 10)] == [
        (f"channel {channel}", "T")
    ]


def test_a_room_without_an_active_owner_gets_one() -> None:
    ada, ben, cyd, dan = person(), person(), person(), person()
    by_age, by_role, emptied = room(ada, ben, cyd), room(ada, ben, cyd), room(ada, dan)
    Membership.objects.filter(room_id=by_role, person_id=cyd.id).update(role="admin")
    Person.objects.filter(pk__in=(ada.id, dan.id)).update(active=False)
    versions = {who.id: Person.objects.get(pk=who.id).version for who in (ben, cyd)}
    migrate()
    owners = Membership.objects.filter(role="owner", person__active=True).values_list("room_id", "person_id")
    assert sorted(owners) == sorted([(by_age, ben.id), (by_role, cyd.id)])
    assert Membership.objects.get(room_id=emptied, role="owner").person_id == ada.id
    # Their lists show another role now.
    assert all(Person.objects.get(pk=user).version == version + 1 for user, version in versions.items())
