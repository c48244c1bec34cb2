"""Many values in one statement.

The writer's statements ask for one room or for two hundred. PostgreSQL keeps what it parsed and planned for a statement by its text
(`driver.prepare_for_writing`), so that text is the same for any number of values: they are arrays, written as text, which also saves
the driver a conversion for each. On SQLite, where parsing costs little, each value is a parameter.
"""

from collections.abc import Collection, Sequence
from typing import Any, Literal

Kind = Literal["bigint", "integer", "uuid"]
"""PostgreSQL's name of a type whose values need no quotes in an array."""


def among(column: str, kind: Kind, values: Collection[Any], *, is_postgres: bool) -> tuple[str, list[Any]]:
    """A condition, and its parameters, that selects where `column` is one of `values`, as the database represents them."""
    if is_postgres:
        return f"{column} = ANY(%s::{kind}[])", [_array(values)]
    return f"{column} IN ({', '.join(['%s'] * len(values))})", list(values)


def as_table(
    name: str, kinds: Sequence[Kind], rows: Sequence[Sequence[Any]], *, is_postgres: bool
) -> tuple[str, list[Any]]:
    """A table called `name`, for a FROM, and its parameters. Its columns are `column1`, `column2` and so on. At least one row."""
    if is_postgres:
        columns = ", ".join(f"column{number}" for number in range(1, len(kinds) + 1))
        arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
        return f"unnest({arrays}) AS {name} ({columns})", [_array(values) for values in zip(*rows, strict=True)]
    row = f"({', '.join(['%s'] * len(kinds))})"
    return f"(VALUES {', '.join([row] * len(rows))}) AS {name}", [value for each in rows for value in each]


def _array(values: Collection[Any]) -> str:
    return f"{{{','.join(map(str, values))}}}"
