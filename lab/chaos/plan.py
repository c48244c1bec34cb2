"""What is broken when: a list of injections from a seed. Pure: the same seed, the same list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Target = Literal[
    "network", "node", "devices", "redis", "bus_wire", "postgres", "database_wire", "sqlite", "people", "guests"
]

# Between two injections, seconds.
PAUSE_S = (0.5, 3.0)


@dataclass(frozen=True)
class Kind:
    """A fault that can be injected. `lasts_s`: from and to; a fault of no length is over as it happens."""

    name: str
    target: Target
    lasts_s: tuple[float, float] = (0.0, 0.0)
    weight: float = 1.0


@dataclass(frozen=True)
class Injection:
    """`at_s` after the start; `dice`, 0 to 1, is for whatever else the fault has to choose."""

    at_s: float
    kind: str
    target: str
    lasts_s: float
    dice: float

    @property
    def until_s(self) -> float:
        return self.at_s + self.lasts_s


def plan(seed: int, kinds: Sequence[Kind], targets: Mapping[Target, Sequence[str]], injections: int) -> list[Injection]:
    """So many injections, one after the other begun, several at a time under way; of one target only one at a time."""
    rng = Random(seed)
    possible = [kind for kind in kinds if targets.get(kind.target)]
    weights = [kind.weight for kind in possible]
    busy: dict[str, float] = {}
    planned: list[Injection] = []
    at_s = 0.0
    while len(planned) < injections:
        at_s += rng.uniform(*PAUSE_S)
        [kind] = rng.choices(possible, weights)
        free = [target for target in targets[kind.target] if busy.get(target, 0.0) < at_s]
        if not free:
            continue
        target = rng.choice(free)
        injection = Injection(at_s, kind.name, target, rng.uniform(*kind.lasts_s), rng.random())
        busy[target] = injection.until_s
        planned.append(injection)
    return planned


@dataclass(frozen=True)
class Moment:
    """Something to be done: the beginning or the end of an injection."""

    at_s: float
    does: Literal["begin", "end"]
    injection: Injection


def moments(injections: Sequence[Injection]) -> list[Moment]:
    """In the order of time; what ends at the moment something begins ends first."""
    begins = [Moment(each.at_s, "begin", each) for each in injections]
    ends = [Moment(each.until_s, "end", each) for each in injections if each.lasts_s]
    return sorted([*begins, *ends], key=lambda moment: (moment.at_s, moment.does == "begin"))
