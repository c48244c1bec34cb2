"""Finds usernames that nobody else in a space has. The database refuses a second one (`backchannel_one_username`), because what is typed
after an @ names one person."""

import re
from collections.abc import Callable, Sequence
from itertools import count, islice
from typing import Any, Final

from backchannel.store.transaction import PERSON, marks
from backchannel.text_rules.handles import OF_ERASED, numbered

NAME_LENGTH: Final = 150
_ROOM_FOR_NUMBER: Final = 10
_AT_ONCE: Final = 16

Query = Callable[[str, Sequence[Any]], Sequence[Sequence[Any]]]


def free_name(query: Query, name: str, space: str, person_id: int = 0, skipped: int = 0) -> str:
    """`name`, up to NAME_LENGTH characters, or it with the lowest number that makes it free in `space`. What `person_id` has is free.
    `skipped`: how many free ones are left out, for a caller that has lost a race for the first."""
    numbers = count(2 if OF_ERASED.fullmatch(name) else 1)
    while True:
        names = [_numbered(name, number) for number in islice(numbers, _AT_ONCE)]
        rows = query(
            f"SELECT username FROM {PERSON} WHERE username IN ({marks(names)}) AND space = %s AND id <> %s",
            [*names, space, person_id],
        )
        free = [each for each in names if each not in {row[0] for row in rows}]
        if skipped < len(free):
            return free[skipped]
        skipped -= len(free)


def is_made_of(kept: str, name: str) -> bool:
    """Whether `free_name` may have given `kept` for `name`."""
    if kept == name:
        return not OF_ERASED.fullmatch(name)
    return re.fullmatch(re.escape(_stem(name)) + r"\.\d+", kept) is not None


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else numbered(_stem(name), number)


def _stem(name: str) -> str:
    return name[: NAME_LENGTH - _ROOM_FOR_NUMBER]
