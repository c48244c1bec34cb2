"""Sessions that an older version stored under the cookie's own value are renamed to its hash: nobody is signed out by it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations

from backchannel.accounts.sessions import STORED_KEY_LENGTH, stored_key

_TABLE = "django_session"


def hash_keys(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    if settings.SESSION_ENGINE != "backchannel.accounts.sessions":
        return
    # A new database may not have the table yet, and then holds no session either.
    if _TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT session_key FROM {_TABLE}")
        keys = [key for (key,) in cursor.fetchall() if len(key) != STORED_KEY_LENGTH]
        cursor.executemany(
            f"UPDATE {_TABLE} SET session_key = %s WHERE session_key = %s",
            [(stored_key(key), key) for key in keys],
        )


class Migration(migrations.Migration):
    dependencies = [("backchannel_accounts", "0001_first")]

    operations = [migrations.RunPython(hash_keys, migrations.RunPython.noop)]
