"""What a mutant is, and the list of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from msgspec import structs


@dataclass(frozen=True)
class Mutant:
    """`breaks` patches the code while it is entered. `faults`, `actions`, `restores`, `is_busy` (much in a short time), `is_large`
    (many who fall behind): what its seeds are given, where named."""

    name: str
    breaks: Callable[[], Any]
    faults: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    restores: bool = False
    is_busy: bool = False
    is_large: bool = False


MUTANTS: list[Mutant] = []


def mutant(**given: Any) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """`given`: the members of `Mutant` after the first two."""

    def enter(breaks: Callable[[], Any]) -> Callable[[], Any]:
        MUTANTS.append(Mutant(breaks.__name__, contextmanager(breaks), **given))
        return breaks

    return enter


def replaced(target: Any, name: str, value: Any) -> Iterator[None]:
    with mock.patch.object(target, name, value):
        yield


def adjust(plan: Any, found: Mutant) -> None:
    """Give a seed what this mutant shows in."""
    plan.faults = list(found.faults) or plan.faults
    plan.fault_count = max(plan.fault_count, 3)
    plan.actions = ["send", *(found.actions or plan.actions)]
    plan.restores = found.restores
    plan.empties = True
    if found.is_busy:
        plan.seconds, plan.action_count = 2.0, 60
    if found.is_large:
        plan.devices = [1 + index % plan.people for index in range(10)]
        plan.seconds, plan.action_count, plan.fault_count = 10.0, 100, 12
        plan.limits = structs.replace(plan.limits, catch_up_events=3)
    if "slow_reader" in found.faults:
        plan.kernel_buffer, plan.bounds["frames_behind"] = 500, 2
