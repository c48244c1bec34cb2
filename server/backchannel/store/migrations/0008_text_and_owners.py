"""Brings rows that were stored under older rules under the current ones: names that hide something, names without keys to be found by,
two spellings of one emoji on a message, and rooms in which nobody active can manage.

Everything goes in portions, so that a large database needs no more memory than a small one. Nothing is renumbered: no log
grows, and what a client holds of a room stays right but for a reaction that was two.
"""

import json
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Exists, F, OuterRef, Q

from backchannel.text_rules import canonical_emoji, clean_name, fold, name_keys

PORTION = 1000


def bring_up_to_date(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    _people(apps)
    _rooms(apps)
    _reactions(apps)
    _owners(apps)


def _people(apps: Apps) -> None:
    person, name_key = apps.get_model("backchannel", "Person"), apps.get_model("backchannel", "NameKey")
    for row in person.objects.order_by("pk").iterator(PORTION):
        row.username = clean_name(row.username) or str(row.account)
        row.display_name = clean_name(row.display_name) or row.username
        row.folded = fold(row.display_name)[:150]
        row.save(update_fields=["username", "display_name", "folded"])
        keys = dict.fromkeys(name_keys(row.username) + name_keys(row.display_name))
        name_key.objects.bulk_create(name_key(person=row, key=key) for key in keys)


def _rooms(apps: Apps) -> None:
    for row in apps.get_model("backchannel", "Room").objects.order_by("pk").iterator(PORTION):
        name = clean_name(row.name or "") or None
        row.name = f"channel {row.pk}" if row.kind == "channel" and name is None else name
        row.topic = clean_name(row.topic)
        row.folded = fold(row.name or "")[:200]
        row.save(update_fields=["name", "topic", "folded"])


def _reactions(apps: Apps) -> None:
    messages = apps.get_model("backchannel", "Message").objects.exclude(reactions="[]")
    for row in messages.only("pk", "reactions").order_by("pk").iterator(PORTION):
        merged: dict[str, list[int]] = {}
        kept = json.loads(row.reactions)
        for emoji, user_ids in kept:
            people = merged.setdefault(canonical_emoji(emoji), [])
            people += [user_id for user_id in user_ids if user_id not in people]
        if [[emoji, user_ids] for emoji, user_ids in merged.items()] != kept:
            row.reactions = json.dumps(list(merged.items()), ensure_ascii=False, separators=(",", ":"))
            row.save(update_fields=["reactions"])
    events = apps.get_model("backchannel", "Event").objects.filter(kind__in=("reaction_added", "reaction_removed"))
    for event in events.only("pk", "body").order_by("pk").iterator(PORTION):
        body: dict[str, Any] = json.loads(event.body)
        emoji = canonical_emoji(body["emoji"])
        if emoji != body["emoji"]:
            event.body = json.dumps({**body, "emoji": emoji}, ensure_ascii=False, separators=(",", ":"))
            event.save(update_fields=["body"])


def _owners(apps: Apps) -> None:
    room, membership = apps.get_model("backchannel", "Room"), apps.get_model("backchannel", "Membership")
    person = apps.get_model("backchannel", "Person")
    active = membership.objects.filter(room=OuterRef("pk"), state="member", person__active=True)
    without = room.objects.filter(~Q(kind="direct"), ~Exists(active.filter(role="owner")), Exists(active))
    for row in without.order_by("pk").iterator(PORTION):
        seats = membership.objects.filter(room=row, state="member", person__active=True).order_by("joined_seq", "pk")
        heir = seats.filter(role="admin").first() or seats.first()
        assert heir is not None
        membership.objects.filter(pk=heir.pk).update(role="owner")
        # Their devices hold a list that shows another role: with a newer version it is sent again.
        person.objects.filter(pk=heir.person_id).update(version=F("version") + 1)


class Migration(migrations.Migration):
    dependencies = [("backchannel", "0007_found_by_name_and_allowances")]

    operations = [migrations.RunPython(bring_up_to_date, migrations.RunPython.noop)]
