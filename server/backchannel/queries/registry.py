"""Maps each declaration to the function that answers it. Importing the package registers all of them."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from msgspec import Struct

from backchannel.protocol.commands import Command
from backchannel.protocol.shapes import User

Handler = Callable[[Any, User], Struct]
"""Called in a thread."""

HANDLERS: Final[dict[type[Command], Handler]] = {}

TimedHandler = Callable[[Any, User, Callable[[], float]], Struct]
"""Called in a thread, with a clock (seconds, monotonic): it takes a bounded time, and says what it could not do in it."""

TIMED: Final[dict[type[Command], TimedHandler]] = {}

H = TypeVar("H", bound=Handler)
T = TypeVar("T", bound=TimedHandler)


def answers(command: type[Command]) -> Callable[[H], H]:
    def enter(handler: H) -> H:
        _check_new(command)
        HANDLERS[command] = handler
        return handler

    return enter


def answers_in_time(command: type[Command]) -> Callable[[T], T]:
    def enter(handler: T) -> T:
        _check_new(command)
        TIMED[command] = handler
        return handler

    return enter


def _check_new(command: type[Command]) -> None:
    if command in HANDLERS or command in TIMED:
        raise RuntimeError(f"{command.__name__} is answered in two places; one of them would be ignored.")
