"""Asks the site's policy before a command is carried out, for both transports. Without a policy it is an open door.

    submit ─▶ is_open? ──yes──▶ carried out at once
                 └─no──▶ turn (one after the other, for each person and room) ─▶ ask, in a thread ─▶ carried out, or refused

Messages of one person in one room keep their order: while one of them waits for an answer, those after it wait for their turn.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from msgspec import Struct

from backchannel.accounts.verdicts import Check, Verdicts
from backchannel.protocol.commands import Command, EditMessage, SendMessage
from backchannel.protocol.shapes import User
from backchannel.store.read_pool import ReadPool


class Checks(Protocol):
    """The port to a site's policy. `accounts.policy_checks` is one implementation."""

    @property
    def before(self) -> Mapping[type[Command], Check]:
        """The checks that run before these commands."""

    @property
    def answers(self) -> Mapping[type[Command], Callable[[Any, User], Struct]]:
        """The functions that answer these queries instead of the chat."""

    @property
    def verdicts(self) -> Verdicts: ...

    @property
    def changes_text(self) -> bool:
        """Each message is asked about, whatever verdict is remembered."""


class Gate:
    def __init__(self, checks: Checks | None = None, threads: ReadPool | None = None) -> None:
        """`checks`: None without a policy. `threads`: those for the site's code, so that a slow policy delays no reads; None: own ones."""
        self._before: Mapping[type[Command], Check] = checks.before if checks else {}
        self._asks_each_time = checks is None or checks.changes_text
        self._allows = (lambda *_: False) if checks is None else checks.verdicts.allows
        self.answers: Mapping[type[Command], Callable[[Any, User], Struct]] = checks.answers if checks else {}
        self.threads = (threads or ReadPool(of_the_site=True)) if self._before or self.answers else None
        """None where nothing is asked."""
        self._turns: dict[tuple[int, int], tuple[asyncio.Lock, int]] = {}

    def is_open(self, command: Command, person_id: int) -> bool:
        """The command may be carried out without asking."""
        if type(command) not in self._before:
            return True
        if not isinstance(command, SendMessage) or self._asks_each_time:
            return False
        is_first = not self._turns or (person_id, command.room_id) not in self._turns
        return is_first and self._allows(person_id, command.room_id)

    async def ask(self, command: Command, user: User) -> Command:
        """Return the command that is to be carried out. Raises CommandError: refused, or 503."""
        check = self._before.get(type(command))
        if check is None or self.threads is None:
            return command
        return await self.threads.run(check, command, user)

    @asynccontextmanager
    async def turn(self, command: Command, person_id: int) -> AsyncIterator[None]:
        """First come, first served, for the messages of one person in one room."""
        if not isinstance(command, SendMessage | EditMessage) or type(command) not in self._before:
            yield
            return
        # An edit names no room: edits of one person share a turn.
        key = (person_id, command.room_id if isinstance(command, SendMessage) else 0)
        lock, waiting = self._turns.get(key, (asyncio.Lock(), 0))
        self._turns[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            _, waiting = self._turns[key]
            if waiting == 1:
                del self._turns[key]
            else:
                self._turns[key] = (lock, waiting - 1)

    def close(self) -> None:
        """End the threads. Blocks until they have ended, or have had their time."""
        if self.threads is not None:
            self.threads.close()
