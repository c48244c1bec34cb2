"""A username names one person of a space: those who got the same at the same moment are numbered, the oldest keeps it."""

import re
from itertools import count
from typing import Any, Final

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count

from backchannel.text_rules import name_keys
from backchannel.text_rules.handles import numbered

_OF_ERASED: Final = re.compile(r"deleted-\d+")
_LONGEST_STEM: Final = 140


def number(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    people: Any = apps.get_model("backchannel", "Person").objects
    keys: Any = apps.get_model("backchannel", "NameKey").objects
    shared = people.values("space", "username").annotate(people=Count("pk")).filter(people__gt=1)
    for space, username in list(shared.values_list("space", "username")):
        for person in people.filter(space=space, username=username).order_by("pk")[1:]:
            _rename(people, keys, person)
    # These names belong to people who are erased, now or later.
    for person in people.filter(username__startswith="deleted-", account__isnull=False).order_by("pk"):
        if _OF_ERASED.fullmatch(person.username) and person.username != f"deleted-{person.pk}":
            _rename(people, keys, person)


def _rename(people: Any, keys: Any, person: Any) -> None:
    names = (numbered(person.username[:_LONGEST_STEM], each) for each in count(2))
    username = next(name for name in names if not people.filter(space=person.space, username=name).exists())
    shown = username if person.display_name == person.username else person.display_name
    people.filter(pk=person.pk).update(username=username, display_name=shown)
    keys.filter(person_id=person.pk).delete()
    for key in dict.fromkeys(name_keys(username) + name_keys(shown)):
        keys.create(person_id=person.pk, key=key)


class Migration(migrations.Migration):
    dependencies = [("backchannel", "0016_threads")]

    operations = [
        migrations.RunPython(number, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.UniqueConstraint(fields=["username", "space"], name="backchannel_one_username"),
        ),
        migrations.RemoveIndex(model_name="person", name="backchannel_person_username"),
    ]
