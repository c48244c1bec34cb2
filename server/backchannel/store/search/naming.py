"""Resolves the names in a query to people and rooms."""

from collections.abc import Collection, Iterable

from backchannel.protocol.shapes import User
from backchannel.search.matching import Names
from backchannel.search.wanted import Wanted
from backchannel.search.words import fold_text
from backchannel.store.driver import read
from backchannel.store.memberships import MEMBER
from backchannel.store.transaction import MEMBERSHIP, NAME_KEY, PERSON, ROOM, marks
from backchannel.text_rules import KEY_LENGTH, fold

ME = "me"


def names_of(wanted: Wanted, reader: User) -> Names:
    return Names(
        None if wanted.senders is None else _people(wanted.senders, reader),
        None if wanted.rooms is None else _rooms(wanted.rooms, reader),
    )


def _people(names: Collection[str], reader: User) -> frozenset[int]:
    """People of the reader's space with this name, whole: their username or the name that is shown."""
    keys = [key for name in names if (key := fold(name)[:KEY_LENGTH])]
    found = {reader.id} if ME in names else set()
    if not keys:
        return frozenset(found)
    rows = read(
        f"SELECT DISTINCT p.id, p.username, p.display_name FROM {NAME_KEY} k JOIN {PERSON} p ON p.id = k.person_id "
        f"JOIN {PERSON} me ON me.id = %s AND me.space = p.space WHERE k.key IN ({marks(keys)})",
        [reader.id, *keys],
    )
    return frozenset(found | {id_ for id_, *called in rows if _is_among(called, names)})


def _rooms(names: Collection[str], reader: User) -> frozenset[int]:
    rows = read(
        f"SELECT r.id, r.name FROM {MEMBERSHIP} mb JOIN {ROOM} r ON r.id = mb.room_id "
        "WHERE mb.person_id = %s AND mb.state = %s AND r.name IS NOT NULL",
        [reader.id, MEMBER],
    )
    return frozenset(id_ for id_, name in rows if _is_among([name], names))


def _is_among(called: Iterable[str], names: Collection[str]) -> bool:
    """Compared without the sign that one types before a channel's or a person's name."""
    return any(fold_text(each).lstrip("#@") in names for each in called)
