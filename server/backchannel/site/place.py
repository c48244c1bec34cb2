"""Which database a command works on: where its name comes from, and that it is one that a server keeps.

Only `serve`, `restore` and who says `--new` make a data folder or a database. Every other command that finds none says what it
looked at, instead of working on an empty one of its own.
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
class Place:
    """`database`: an entry of Django's DATABASES. `origin`: what named it. `env_file`: what was read besides the environment."""

    folder: Path
    database: Mapping[str, Any]
    origin: str
    env_file: Path | None

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
        """Refuse where there is no SQLite file, before anything opens one and so makes it. Raises `DatabaseUnusable`.
        `otherwise`: what to do where a new one is wanted."""
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
        return DatabaseUnusable(f"{found} ({self.origin}). {ADVICE}{otherwise}")


def place_of(conf: Conf, *, given: Mapping[str, str], env_file: Path | None) -> Place:
    """`given`: where each setting comes from that is not unset, by its variable."""
    entry = database(conf.database_url, conf.data)
    for name in ("database_url", "data"):
        if variable(name) in given:
            origin = f"named by {variable(name)}{given[variable(name)]}"
            break
    else:
        origin = "the default, as nothing names a data folder"
    return Place(conf.data, entry, origin, env_file)
