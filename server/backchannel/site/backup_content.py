"""The contents of a backup, determined by reading all of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from backchannel.site.database_problem import DatabaseUnusable

ACCOUNTS = "backchannel_accounts_user"
MESSAGES = "backchannel_message"
MIGRATIONS = "django_migrations"


@dataclass(slots=True)
class Content:
    rows: dict[str, int] = field(default_factory=dict)
    """Table → number of rows."""
    migrations: set[tuple[str, str]] = field(default_factory=set)
    """(app, name) of the migrations that made the tables."""

    def __str__(self) -> str:
        return (
            f"{len(self.rows)} tables, {sum(self.rows.values()):,} rows "
            f"({self.rows.get(ACCOUNTS, 0):,} accounts, {self.rows.get(MESSAGES, 0):,} messages)"
        )

    def check(self, known: set[tuple[str, str]]) -> None:
        """Refuse a backup made by a newer version. Raises `DatabaseUnusable`."""
        newer = sorted(f"{app}.{name}" for app, name in self.migrations - known if app.startswith("backchannel"))
        if newer:
            raise DatabaseUnusable(
                f"the backup was made by a newer version ({newer[-1]}); restore it with that version or a later one"
            )
