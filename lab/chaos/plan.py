"""The faults of a seed and their times. Pure: the same seed gives the same list."""

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
    """A fault that can be injected. `lasts_s`: from and to; 0 for a fault without duration."""

    name: str
    target: Target
    lasts_s: tuple[float, float] = (0.0, 0.0)
    weight: float = 1.0


@dataclass(frozen=True)
class Injection:
    """`at_s` after the start; `dice`, 0 to 1, decides what else the fault has to choose."""

    at_s: float
    kind: str
    target: str
    lasts_s: float
    dice: float

    @property
    def until_s(self) -> float:
        return self.at_s + self.lasts_s


def plan(seed: int, kinds: Sequence[Kind], targets: Mapping[Target, Sequence[str]], injections: int) -> list[Injection]:
    """A list of injections that start one after the other. Several may be active at a time, but only one of each target."""
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
    """The start or the end of an injection."""

    at_s: float
    does: Literal["begin", "end"]
    injection: Injection


def moments(injections: Sequence[Injection]) -> list[Moment]:
    """Sorted by time; ends come before starts at the same time."""
    begins = [Moment(each.at_s, "begin", each) for each in injections]
    ends = [Moment(each.until_s, "end", each) for each in injections if each.lasts_s]
    return sorted([*begins, *ends], key=lambda moment: (moment.at_s, moment.does == "begin"))
