"""Whom a request is about."""

from typing import Final

from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.fleet import Whom
from backchannel.store.driver import read
from backchannel.store.transaction import PERSON, marks

_ID_DIGITS: Final = 15


def whom(name: str) -> Whom:
    """By username, else by id; the first one where several tenants have the name. Raises `user_not_found`."""
    rows = read(f"SELECT id, username, display_name FROM {PERSON} WHERE username = %s ORDER BY id LIMIT 1", [name])
    if not rows and name.isascii() and name.isdigit() and len(name) <= _ID_DIGITS:
        rows = read(f"SELECT id, username, display_name FROM {PERSON} WHERE id = %s", [int(name)])
    if not rows:
        raise CommandError(Code.USER_NOT_FOUND, f"There is no user {name!a}. Give a username, or an id.")
    return Whom(*rows[0])


def people_by_id(ids: list[int]) -> dict[int, Whom]:
    if not ids:
        return {}
    rows = read(f"SELECT id, username, display_name FROM {PERSON} WHERE id IN ({marks(ids)})", ids)
    return {row[0]: Whom(*row) for row in rows}
