"""On PostgreSQL: what has been written lately is marked as visible to all soon, not after a fifth of the table has been added.

Counting what is unread reads an index alone where the page behind an entry is marked so; elsewhere it looks at each message.
New messages are the ones that are unread.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

EVERY_MESSAGES = 10_000


def vacuum_often(_: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    _set(
        editor,
        f"SET (autovacuum_vacuum_insert_threshold = {EVERY_MESSAGES}, autovacuum_vacuum_insert_scale_factor = 0)",
    )


def as_the_database_has_it(_: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    _set(editor, "RESET (autovacuum_vacuum_insert_threshold, autovacuum_vacuum_insert_scale_factor)")


def _set(editor: BaseDatabaseSchemaEditor, what: str) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"ALTER TABLE backchannel_message {what}")


class Migration(migrations.Migration):
    dependencies = [("backchannel", "0002_unread_of")]

    operations = [migrations.RunPython(vacuum_often, as_the_database_has_it)]
