"""On PostgreSQL: the tables of the search index. They are derived (`store/search`), and no models: on SQLite the index is a file of its
own, and Django has no type for their words there."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLES = (
    "CREATE TABLE backchannel_search_meta (version text NOT NULL, epoch text NOT NULL)",
    "CREATE TABLE backchannel_search_cursor (room_id bigint PRIMARY KEY, seq bigint NOT NULL)",
    (
        "CREATE TABLE backchannel_search_doc (id bigint PRIMARY KEY, message uuid NOT NULL UNIQUE, room_id bigint NOT NULL, "
        "seq bigint NOT NULL, sender_id bigint NOT NULL, at_us bigint NOT NULL, words tsvector NOT NULL)"
    ),
    # Without `fastupdate` a search never has to go through a list of what is not in the index proper yet.
    "CREATE INDEX backchannel_search_words ON backchannel_search_doc USING gin (words) WITH (fastupdate = off)",
    "CREATE INDEX backchannel_search_room ON backchannel_search_doc (room_id, id)",
    "CREATE INDEX backchannel_search_sender ON backchannel_search_doc (sender_id, id)",
)


def create(_: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in TABLES:
            editor.execute(statement)


def drop(_: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for table in ("doc", "cursor", "meta"):
            editor.execute(f"DROP TABLE backchannel_search_{table}")


class Migration(migrations.Migration):
    dependencies = [("backchannel", "0014_uploads")]

    operations = [migrations.RunPython(create, drop)]
