import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

import pytest

from backchannel.commands.delivery import Delivery
from backchannel.protocol.shapes import User
from backchannel.store.log import Log
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction


@pytest.fixture(scope="module", autouse=True)
def _database(module_database: None) -> None:
    """Tests of a module share its database; each makes its own people and rooms."""


NewLog = Callable[..., Log]


@pytest.fixture
def new_log() -> Iterator[NewLog]:
    """Makes writers without an event loop, and stops them afterwards."""
    with ExitStack() as stack:

        def make(publish: Callable[[Sequence[Outcome]], None] = lambda _: None, **options: Any) -> Log:
            log = Log(Delivery(publish), **options)
            log.start()
            stack.callback(log.stop)
            return log

        yield make


@pytest.fixture
def log(new_log: NewLog) -> Log:
    return new_log()


class Waiting(Operation, frozen=True, kw_only=True):
    """Blocks the writer until released, so that operations submitted meanwhile form one batch."""

    begun: ClassVar = threading.Event()
    go_on: ClassVar = threading.Event()

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        self.begun.set()
        assert self.go_on.wait(30)


@contextmanager
def held(log: Log, actor: User) -> Iterator[None]:
    """Operations submitted inside wait until the block ends."""
    Waiting.begun.clear()
    Waiting.go_on.clear()
    waiting = log.submit(Waiting(actor=actor))
    assert Waiting.begun.wait(30)
    yield
    Waiting.go_on.set()
    waiting.result(30)
