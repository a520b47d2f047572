"""Comparisons of all settings with the best, against tables, scipy and simulation."""

from collections.abc import Callable

import numpy as np
import pytest
from compared import run
from scipy import stats

from mlp_lab.compare.multiple import Comparisons, bartlett_p, compare_with_best, dunnett_quantile
from mlp_lab.compare.settings import Setting
from mlp_lab.data.arrays import Floats


def settings_of(scores: Floats) -> list[Setting]:
    """Settings of (settings, seeds), the best mean first; the value is the place in `scores`."""
    found = [
        Setting(
            {"k": str(k)},
            [run({}, seed, float(value)) for seed, value in enumerate(row)],
            {(str(seed),): float(value) for seed, value in enumerate(row)},
        )
        for k, row in enumerate(scores)
    ]
    return sorted(found, key=lambda own: -own.mean)


def compared(scores: Floats) -> tuple[set[str], Comparisons]:
    """The settings that may be the best, and how that was found."""
    settings = settings_of(scores)
    found = compare_with_best(settings, 0.0)
    assert found.tied is not None
    return {settings[place].values["k"] for place in (0, *found.tied)}, found


@pytest.mark.parametrize(
    ("others", "freedom", "wanted"),
    [(1, 10, 1.81), (2, 10, 2.15), (5, 10, 2.56), (3, 20, 2.19), (9, 20, 2.60), (9, 60, 2.48)],
)
def test_dunnetts_quantile(others: int, freedom: int, wanted: float) -> None:
    """As in the one-sided table of Dunnett's paper (1955)."""
    assert dunnett_quantile(others, freedom) == pytest.approx(wanted, abs=0.011)


def test_bartletts_test() -> None:
    """As scipy has it; groups without a spread are not alike."""
    numbers = np.random.default_rng(0).normal(size=(6, 4)) * [[1], [1], [2], [1], [3], [1]]
    squares = ((numbers - numbers.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    assert bartlett_p(squares, 4) == pytest.approx(stats.bartlett(*numbers).pvalue)
    assert bartlett_p(np.array([0.0, 1.0]), 4) == 0.0
    assert bartlett_p(np.zeros(3), 4) == 0.0


def test_a_pooled_variance_is_that_of_the_two_way_layout() -> None:
    """And a lead counts from Dunnett's quantile times its standard error on."""
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(6, 4)) + rng.normal(size=4) - np.arange(6)[:, None]
    may, found = compared(scores)
    rest = scores - scores.mean(0) - scores.mean(1, keepdims=True) + scores.mean()
    error = np.sqrt(2 * (rest**2).sum() / 15 / 4)
    means = scores.mean(axis=1)
    wanted = {str(k) for k in range(6) if means.max() - means[k] < 2.444 * error}
    assert found.pooled == 6
    assert found.reach == pytest.approx(2.44, abs=0.01)
    assert may == wanted


Draw = Callable[[np.random.Generator], Floats]


def spread(rng: np.random.Generator) -> Floats:
    """24 settings over four standard deviations, and seeds that are easier for all."""
    means = -np.linspace(0, 4, 24)[:, None]
    scores: Floats = means + rng.normal(size=(24, 3)) + rng.normal(size=3)
    return scores


def equal(rng: np.random.Generator) -> Floats:
    """24 equally good settings: the hardest case."""
    return rng.normal(size=(24, 3))


def shares(rng: np.random.Generator) -> Floats:
    """Accuracies on 200 rows."""
    chances = np.r_[0.95, np.linspace(0.94, 0.7, 23)]
    return rng.binomial(200, chances[:, None], size=(24, 3)) / 200


def wild_and_poor(rng: np.random.Generator) -> Floats:
    """12 good settings, and 12 that are far worse and vary much more."""
    means, sizes = (
        -np.r_[np.linspace(0, 3, 12), np.linspace(5, 40, 12)],
        np.r_[[1.0] * 12, [8] * 12],
    )
    scores: Floats = means[:, None] + sizes[:, None] * rng.normal(size=(24, 3))
    return scores


@pytest.mark.parametrize("draw", [spread, equal, shares, wild_and_poor])
def test_the_best_is_among_them_in_95_of_100_sweeps(draw: Draw) -> None:
    """600 sweeps: within three standard errors of 95 %, or more."""
    rng = np.random.default_rng(7)
    kept = sum("0" in compared(draw(rng))[0] for _ in range(600))
    assert kept / 600 > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 600)


def test_fewer_settings_are_alike_than_without_pooling() -> None:
    """Of three seeds and 24 settings, where paired tests find almost nothing worse."""
    rng = np.random.default_rng(5)
    sizes, paired = [], []
    for _ in range(100):
        scores = spread(rng)
        may, _ = compared(scores)
        sizes.append(len(may))
        best = scores[scores.mean(axis=1).argmax()]
        p = [stats.ttest_rel(best, own, alternative="greater").pvalue for own in scores]
        paired.append(sum(not value < 0.05 / 23 for value in p))
    assert np.mean(paired) > 22
    assert np.mean(sizes) < 15


def test_what_is_not_pooled() -> None:
    """Two runs of each; runs without partners; variances that differ in any half."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(8, 4))
    assert compared(scores[:, :2])[1].why_not == "fewer than 3 runs of each"
    settings = settings_of(scores)
    lacking = dict(list(settings[3].scores.items())[1:])
    settings[3] = Setting(settings[3].values, settings[3].runs[1:], lacking)
    assert compare_with_best(settings, 0.0).why_not == "not all runs have partners"
    unequal = compared(scores * 10.0 ** np.arange(8)[:, None])[1]
    assert (unequal.pooled, unequal.why_not) == (0, "unequal by Bartlett's test")


def test_two_seeds_among_many_settings_tell_nothing() -> None:
    """A lead would have to be longer than ten standard errors."""
    rng = np.random.default_rng(0)
    assert compared(rng.normal(size=(20, 2)))[1].too_few
    assert not compared(rng.normal(size=(20, 3)))[1].too_few  # pooled
    assert not compared(np.array([[0.9, 0.91], [0.5, 0.52], [0.89, 0.9]]) + 0.0)[1].too_few


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_a_wild_setting_is_neither_worse_nor_as_good(seeds: int) -> None:
    """It is far behind, and only its own variance keeps it from being worse."""
    rng = np.random.default_rng(5)
    close = 0.94 + 0.004 * rng.normal(size=(7, seeds))
    wild = np.array([[0.4, 0.93, 0.6, 0.8, 0.93][:seeds]])
    settings = settings_of(np.concatenate([close, wild]))
    found = compare_with_best(settings, 0.0)
    assert found.tied is not None
    assert found.pooled < len(settings)
    assert 7 in found.tied
    assert 7 in found.doubtful
    assert not found.doubtful & {1, 2, 3}
