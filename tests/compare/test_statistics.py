"""Tests of significance against scipy."""

import numpy as np
import pytest
from compared import TABLE, grid, run
from scipy import stats

from mlp_lab.compare.ranking import rank
from mlp_lab.compare.statistics import main_effect, mean_of, p_value, standard_error


def test_a_loss_leads_where_it_is_small() -> None:
    """The same scores, the other way round."""
    ranking = rank(grid(TABLE), "loss")
    best, other = ranking.best, ranking.settings[-1]
    wanted = stats.ttest_rel(TABLE["32"], TABLE["16"], alternative="less").pvalue
    assert p_value(best.scores, other.scores, 0.0) == pytest.approx(wanted)


def test_folds_overlap() -> None:
    """The variance of their mean is 1/n + validation/training rows, not 1/n."""
    table = {"4": [0.90, 0.92, 0.91, 0.93, 0.9], "8": [0.88, 0.91, 0.9, 0.9, 0.89]}
    best, second = rank(grid(table), "metric").settings
    differences = np.subtract(table["4"], table["8"])
    for overlap in (0.0, 0.25):
        error = np.sqrt(differences.var(ddof=1) * (1 / 5 + overlap))
        wanted = stats.t.sf(differences.mean() / error, 4)
        assert p_value(best.scores, second.scores, overlap) == pytest.approx(wanted)


def test_equal_differences_say_no_more_than_their_signs() -> None:
    """Without variance: n leads in a row have a chance of 2^-n, and no lead is none."""
    table = {"4": [0.5, 0.75], "8": [0.25, 0.5], "16": [0.5, 0.75]}
    best, alike, behind = rank(grid(table), "metric").settings
    assert p_value(best.scores, alike.scores, 0.0) == 1
    assert p_value(best.scores, behind.scores, 0.0) == 0.25
    one, other = 42 / 44, 40 / 44
    table = {"4": [one, other], "8": [one - 4 / 44, 36 / 44], "16": [one, other - 1e-16]}
    best, alike, behind = rank(grid(table), "metric").settings
    first, second = (best.scores[key] - behind.scores[key] for key in best.scores)
    assert first != second  # by rounding
    assert p_value(best.scores, behind.scores, 0.0) == 0.25
    assert p_value(best.scores, alike.scores, 0.0) == 1


def test_importance_is_the_share_of_main_effects() -> None:
    """Scores that one key makes alone: it has all of it, the other nothing."""
    records = [
        run({"model.width": str(w), "optimizer.lr": lr}, 0, w / 10)
        for w in (1, 2, 3)
        for lr in "ab"
    ]
    found = rank(records, "metric").settings
    means = [setting.mean for setting in found]
    for key, share in (("model.width", 1), ("optimizer.lr", 0)):
        assert main_effect([s.values[key] for s in found], means) == pytest.approx(share)


def test_main_effects_of_many_numbers_are_taken_in_bins() -> None:
    """Else each number would explain its own score."""
    scores = np.random.default_rng(0).normal(size=200)
    values = [str(number) for number in range(200)]
    assert main_effect(values, list(scores)) < 0.1
    assert main_effect(values, [float(number) for number in range(200)]) > 0.9


def test_means_and_their_errors() -> None:
    """Of one value nothing is known of the error."""
    assert np.isnan(mean_of([]))
    assert standard_error([0.5]) is None
    assert standard_error([0.1, 0.4, 0.3]) == pytest.approx(stats.sem([0.1, 0.4, 0.3]))
