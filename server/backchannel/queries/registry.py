"""Maps each declaration to the function that answers it. Importing the package registers all of them."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from msgspec import Struct

from backchannel.protocol.commands import Command
from backchannel.protocol.shapes import User

Handler = Callable[[Any, User], Struct]
"""Called in a thread."""

HANDLERS: Final[dict[type[Command], Handler]] = {}

H = TypeVar("H", bound=Handler)


def answers(command: type[Command]) -> Callable[[H], H]:
    def enter(handler: H) -> H:
        if command in HANDLERS:
            raise RuntimeError(f"{command.__name__} is answered in two places; one of them would be ignored.")
        HANDLERS[command] = handler
        return handler

    return enter
