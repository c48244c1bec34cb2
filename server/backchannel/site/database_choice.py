"""Chooses the database a command works on, and remembers which setting chose it.

A command that does not create a database reports the setting and the path it looked at, instead of working on an empty one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backchannel.site.conf import Conf, variable
from backchannel.site.database import database, describe
from backchannel.site.database_problem import DatabaseUnusable

ADVICE = (
    "Name the server's data folder with --data or BACKCHANNEL_DATA, its PostgreSQL with BACKCHANNEL_DATABASE_URL, or its "
    "environment file with --env-file"
)


@dataclass(frozen=True, slots=True)
class DatabaseChoice:
    folder: Path
    """The data folder."""
    database: Mapping[str, Any]
    """An entry of Django's DATABASES."""
    origin: str
    """Which setting named it, and where that is set."""
    env_file: Path | None
    """The environment file that was read."""

    def __str__(self) -> str:
        settings = f" (settings of {self.env_file})" if self.env_file else ""
        return describe(self.database).removeprefix("the ") + settings

    @property
    def name(self) -> str:
        """The database as messages name it."""
        if self.database["ENGINE"].endswith("sqlite3"):
            return str(self.database["NAME"])
        return describe(self.database).removeprefix("the ")

    def check_exists(self, *, otherwise: str = "") -> None:
        """Check that the SQLite file exists, before it is opened and thereby created. Does nothing for PostgreSQL.

        Raises `DatabaseUnusable`; `otherwise` is added to its text: how to create a new database.
        """
        if not self.database["ENGINE"].endswith("sqlite3"):
            return
        path = Path(self.database["NAME"])
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            raise self.missing(f"there is no database {path}", otherwise) from None
        except OSError as problem:
            raise DatabaseUnusable(f"cannot use the SQLite database {path}: {problem.strerror}") from None
        if size == 0:
            raise self.missing(f"the database {path} is empty", otherwise)

    def missing(self, found: str, otherwise: str = "") -> DatabaseUnusable:
        """The error to raise for a missing database. `found`: what was found instead."""
        return DatabaseUnusable(f"{found} ({self.origin}). {ADVICE}{otherwise}")


def choose_database(conf: Conf, *, given: Mapping[str, str], env_file: Path | None) -> DatabaseChoice:
    """`given`: variable → where it was set (as a suffix for messages), for every variable that is not blank."""
    entry = database(conf.database_url, conf.data)
    for name in ("database_url", "data"):
        if variable(name) in given:
            origin = f"named by {variable(name)}{given[variable(name)]}"
            break
    else:
        origin = "the default, as nothing names a data folder"
    return DatabaseChoice(conf.data, entry, origin, env_file)
