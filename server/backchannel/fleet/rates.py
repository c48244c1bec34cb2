"""Shares and quantiles. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import sqrt
from typing import Final

_Z: Final = 1.96
"""Of 95 %."""


def wilson(failed: int, tried: int) -> tuple[float, float]:
    """Between which the true rate is. Unlike the plain rate it says how little a few attempts show."""
    if tried == 0:
        return 0.0, 1.0
    rate, square = failed / tried, _Z * _Z
    middle = rate + square / (2 * tried)
    around = _Z * sqrt(rate * (1 - rate) / tried + square / (4 * tried * tried))
    whole = 1 + square / tried
    return max(0.0, round((middle - around) / whole, 4)), min(1.0, round((middle + around) / whole, 4))


def quantile(counts: Sequence[int], bounds: Sequence[float], share: float) -> float | None:
    """The upper bound of the bucket that this share of the samples is in; None: above all bounds, or there are no samples.
    `counts` has one bucket more than `bounds`."""
    sums = list(accumulate(counts))
    if not sums or sums[-1] == 0:
        return None
    at = bisect_left(sums, share * sums[-1])
    return bounds[at] if at < len(bounds) else None
