"""Which code carries out which declaration. Each verb's file enters its own; importing the package imports them all."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from msgspec import Struct

from backchannel.commands.context import Caller, Context
from backchannel.protocol.commands import Command
from backchannel.store.operation import Operation

Build = Callable[[Any, Caller, Context], Operation]
"""Checks what can be checked without the database. Raises CommandError."""
Action = Callable[[Any, Caller, Context], Awaitable[Struct]]

OPERATIONS: Final[dict[type[Command], Build]] = {}
"""All that is stored: builds the operation that the log's writer executes."""
ACTIONS: Final[dict[type[Command], Action]] = {}
"""Handlers of commands that store nothing (typing, presence)."""


O = TypeVar("O", bound=type[Operation])  # noqa: E741
A = TypeVar("A", bound=Action)


def executes(command: type[Command]) -> Callable[[O], O]:
    """Registers a class of operations. Its `build` takes the command, the caller and the context."""

    def enter(operation: O) -> O:
        _check_new(command)
        OPERATIONS[command] = operation.build  # type: ignore[attr-defined]
        return operation

    return enter


def carries_out(command: type[Command]) -> Callable[[A], A]:
    def enter(action: A) -> A:
        _check_new(command)
        ACTIONS[command] = action
        return action

    return enter


def _check_new(command: type[Command]) -> None:
    if command in OPERATIONS or command in ACTIONS:
        raise RuntimeError(f"{command.__name__} is carried out in two places; one of them would be ignored.")
