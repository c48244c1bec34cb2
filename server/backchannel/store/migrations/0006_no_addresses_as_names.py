"""E-mail addresses that became usernames or display names are replaced, in the list of people and in what the log says of them.

Elsewhere names are looked up when they are shown. Nothing brings an address back: a person who has one here as a login still signs in
with it, which is the site's own table.
"""

import json
from itertools import count
from typing import Any, Final

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backchannel.text_rules.handles import handle_of, holds_address, numbered

_AT_ONCE: Final = 1_000

Names = dict[int, tuple[str, str]]


def replace(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    names = _replace_in_people(apps.get_model("backchannel", "Person"))
    if names:
        _replace_in_events(apps.get_model("backchannel", "Event"), names)


def _replace_in_people(people: Any) -> Names:
    """The new names of those who have some."""
    taken = set(people.objects.exclude(username__contains="@").values_list("username", flat=True))
    names: Names = {}
    either = people.objects.filter(username__contains="@") | people.objects.filter(display_name__contains="@")
    for person in either.order_by("pk"):
        username = person.username
        if holds_address(username):
            handle = handle_of(username)
            username = next(each for each in (numbered(handle, number) for number in count(1)) if each not in taken)
            taken.add(username)
        display_name = username if holds_address(person.display_name) else person.display_name
        if (username, display_name) != (person.username, person.display_name):
            people.objects.filter(pk=person.pk).update(username=username, display_name=display_name)
            names[person.pk] = username, display_name
    return names


def _replace_in_events(events: Any, names: Names) -> None:
    last = 0
    while rows := list(events.objects.filter(pk__gt=last, body__contains="@").order_by("pk")[:_AT_ONCE]):
        for event in rows:
            body = _renamed(json.loads(event.body), names)
            events.objects.filter(pk=event.pk).update(body=json.dumps(body, ensure_ascii=False, separators=(",", ":")))
        last = rows[-1].pk


def _renamed(value: Any, names: Names) -> Any:
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    if {"id", "username", "display_name"} <= value.keys() and value["id"] in names:
        username, display_name = names[value["id"]]
        return {**value, "username": username, "display_name": display_name}
    return {key: _renamed(each, names) for key, each in value.items()}


class Migration(migrations.Migration):
    dependencies = [("backchannel", "0005_workspace")]

    operations = [migrations.RunPython(replace, migrations.RunPython.noop)]
