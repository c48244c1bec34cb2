"""Names of indexes and constraints begin with the app's: a schema has each index name once, and an embedding site has tables too.

SQLite keeps the names of constraints within their table, where they meet no others, and could change them only by writing the
whole table: there they stay.
"""

from typing import Final

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

_INDEXES: Final = (("person", "person_username"), ("membership", "membership_of"), ("message", "unread_of"))
_CONSTRAINTS: Final = (
    ("membership", "one_membership", ("room", "person")),
    ("message", "one_message_per_seq", ("room", "seq")),
    ("event", "one_event_per_seq", ("room", "seq")),
    ("mention", "one_mention", ("person", "room", "seq")),
)


def prefix(_: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    _rename(editor, "", "backchannel_")


def as_they_were(_: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    _rename(editor, "backchannel_", "")


def _rename(editor: BaseDatabaseSchemaEditor, old: str, new: str) -> None:
    if editor.connection.vendor == "postgresql":
        for model, name, _ in _CONSTRAINTS:
            editor.execute(f"ALTER TABLE backchannel_{model} RENAME CONSTRAINT {old}{name} TO {new}{name}")


def _in_state() -> list[Operation]:
    operations: list[Operation] = []
    for model, name, fields in _CONSTRAINTS:
        operations.append(migrations.RemoveConstraint(model, name))
        constraint = models.UniqueConstraint(fields=fields, name=f"backchannel_{name}")
        operations.append(migrations.AddConstraint(model, constraint))
    return operations


class Migration(migrations.Migration):
    dependencies = [("backchannel", "0003_message_vacuum")]

    operations = [
        *(migrations.RenameIndex(model, f"backchannel_{name}", old_name=name) for model, name in _INDEXES),
        migrations.SeparateDatabaseAndState([migrations.RunPython(prefix, as_they_were)], _in_state()),
    ]
