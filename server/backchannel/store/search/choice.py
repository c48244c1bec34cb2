"""Which index this chat's database has."""

from django.db import connection

from backchannel.store.search.index import Index
from backchannel.store.search.nowhere import NoIndex
from backchannel.store.search.postgres import PostgresIndex
from backchannel.store.search.sqlite import SqliteIndex
from backchannel.store.search.sqlite_file import file_beside


def index() -> Index:
    """The index of this thread's connection to the database."""
    if connection.vendor == "postgresql":
        return PostgresIndex()
    name = str(connection.settings_dict["NAME"])
    if is_in_memory(name):
        return NoIndex()
    return SqliteIndex(file_beside(name))


def is_in_memory(name: str) -> bool:
    """Whether this name of a SQLite database is of one in memory. Django gives its tests a URI."""
    return name == ":memory:" or name.startswith("file:")
