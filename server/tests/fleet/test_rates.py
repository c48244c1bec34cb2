"""Shares say how little a few attempts show, and quantiles name the bucket that they are in."""

import pytest

from backchannel.fleet.rates import quantile, wilson


@pytest.mark.parametrize(
    ("failed", "tried", "low", "high"),
    [(0, 0, 0.0, 1.0), (1, 1, 0.2065, 1.0), (0, 10, 0.0, 0.2775), (50, 100, 0.4038, 0.5962), (10, 10, 0.7225, 1.0)],
)
def test_the_interval_narrows_with_the_number_of_attempts(failed: int, tried: int, low: float, high: float) -> None:
    assert wilson(failed, tried) == (low, high)


@pytest.mark.parametrize(
    ("counts", "share", "expected"),
    [
        ([], 0.5, None),
        ([0, 0, 0], 0.5, None),
        ([1, 0, 0], 0.99, 0.1),
        ([1, 1, 0], 0.5, 0.1),
        ([98, 1, 1], 0.99, 0.5),
        ([98, 0, 2], 0.99, None),
    ],
)
def test_a_quantile_is_the_upper_bound_of_its_bucket(counts: list[int], share: float, expected: float | None) -> None:
    assert quantile(counts, (0.1, 0.5), share) == expected
