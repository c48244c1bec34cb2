"""The authenticator of the tests here, as a running chat has one. conftest.py lets it learn of credentials that end."""

from concurrent.futures import Future
from typing import Any

from backchannel.accounts.authenticate import Authenticator
from backchannel.store.log import commit
from backchannel.store.operation import Operation
from backchannel.store.read_pool import resolve
from tests.reading import READS

AUTHENTICATOR = Authenticator(READS)


def commit_here(operation: Operation) -> Future[Any]:
    """In place of a running chat's writer."""
    done: Future[Any] = Future()
    (outcome,) = commit([operation])
    resolve(done, outcome.result, outcome.error)
    return done
