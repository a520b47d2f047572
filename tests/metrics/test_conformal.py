"""Prediction intervals: their coverage by simulation, and what they refuse."""

import numpy as np
import pytest
from numpy.random import default_rng

from mlp_lab.errors import UserError
from mlp_lab.metrics import conformal
from mlp_lab.metrics.conformal import Residuals


@pytest.mark.parametrize("count", [19, 50, 200])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_coverage(count: int, level: float) -> None:
    """As often as the theory says: at least the level, at most 1 / (n + 1) more."""
    random = default_rng(0)
    draws = 4000
    inside = 0
    for _ in range(draws):
        residuals = random.standard_t(2, count + 1)  # heavy tails: no normal theory would do
        half = Residuals.of(residuals[:-1], None).half_width(level)
        inside += abs(residuals[-1]) <= half
    error = np.sqrt(level * (1 - level) / draws)
    assert level - 3 * error < inside / draws < level + 1 / (count + 1) + 3 * error


def test_the_rank_is_the_papers() -> None:
    """The ceil((n + 1) level)-th smallest."""
    sizes = default_rng(1).permutation(np.arange(1.0, 100.0))
    kept = Residuals.of(np.where(sizes > 50, sizes, -sizes), None)
    for level in (0.1, 0.5, 0.9, 0.95, 0.99):
        assert kept.half_width(level) == np.ceil(100 * level)


def test_weights_count() -> None:
    """A row of weight 2 is two rows, one of weight 0 none; uneven weights tell less."""
    sizes = np.arange(1.0, 101.0)
    doubled = Residuals.of(sizes, np.full(100, 2.0))
    assert doubled == Residuals.of(sizes, None)
    weights = np.where(sizes > 50, 0.0, 1.0)
    assert Residuals.of(sizes, weights) == Residuals.of(sizes[:50], None)
    uneven = Residuals.of(sizes, np.where(sizes > 90, 9.0, 1.0))
    assert uneven.rows == pytest.approx(180**2 / (90 + 10 * 81))
    assert uneven.half_width(0.5) == 91.0  # 90 of the weight of 180 lie below


def test_equal_residuals_are_one() -> None:
    """With the share of all of them."""
    assert Residuals.of(np.array([1.0, -1.0, 1.0, 2.0]), None).shares == [0.75, 1.0]


def test_many_rows_are_thinned() -> None:
    """To a thousand, by which no interval gets narrower."""
    residuals = default_rng(0).normal(size=50_000)
    kept = Residuals.of(residuals, None)
    assert len(kept.sizes) == conformal.MOST_KEPT
    for level in (0.5, 0.9, 0.99):
        exact, further = (
            np.sort(np.abs(residuals))[int(np.ceil(50_001 * share)) - 1]
            for share in (level, level + 0.0011)
        )
        assert exact <= kept.half_width(level) <= further


@pytest.mark.parametrize(("count", "level", "least"), [(8, 0.9, 9), (18, 0.95, 19), (0, 0.5, 1)])
def test_too_few_rows(count: int, level: float, least: int) -> None:
    """The message says how many there must be; so many are enough."""
    line = f"an interval of {level} needs {least} validation rows or more, all with a finite"
    with pytest.raises(UserError, match=f"{line} prediction, and the run had {count}"):
        Residuals.of(np.ones(count), None).half_width(level)
    assert Residuals.of(np.ones(least), None).half_width(level) == 1.0


def test_predictions_that_are_not_finite_are_the_widest() -> None:
    """So an interval that would have to hold them is refused."""
    kept = Residuals.of(np.array([1.0, 2.0, np.nan, np.inf]), None)
    assert kept.sizes == [1.0, 2.0]
    assert kept.half_width(0.4) == 2.0
    with pytest.raises(UserError, match="all with a finite prediction"):
        kept.half_width(0.6)


@pytest.mark.parametrize("level", [0.0, 1.0, 90.0, -0.1])
def test_levels_that_there_are_not(level: float) -> None:
    """Nothing holds all rows, nor none."""
    with pytest.raises(UserError, match=r"interval must be above 0 and below 1, as 0\.9, got"):
        Residuals.of(np.ones(99), None).half_width(level)
