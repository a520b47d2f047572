"""Tables, by the numbers of each seed."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import spearmanr

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.tables import (
    at_best,
    averaged,
    best_for_all,
    best_for_others,
    by_seed,
    levels,
    listed,
    rank_correlation,
    table_of,
    where,
)

SCORES = np.random.default_rng(0).uniform(size=(4, 6))
"""Of 4 rates and 6 seeds."""

RATES = (0.1, 0.01, 1.0, 10.0)
TABLE = table_of(
    {"rule": rule, "rate": rate, "seed": 100 + seed, "loss": sign * SCORES[place, seed]}
    for rule, sign in (("plain", 1), ("other", -1))
    for place, rate in enumerate(RATES)
    for seed in (3, 0, 1, 2, 4, 5)
)


def test_numbers_are_repeated_beside_arrays() -> None:
    table = table_of([{"seed": 1, "name": "a", "x": [1.0, 2.0]}, {"seed": 2, "name": "b", "x": 3}])
    assert table.to_dict("list") == {"seed": [1, 1, 2], "name": ["a", "a", "b"], "x": [1, 2, 3]}
    assert table["seed"].dtype == np.int64


def test_by_seed_sorts_levels_and_seeds() -> None:
    """Whatever the order of the rows; the memory is that of rows, which sums depend on."""
    found = by_seed(TABLE, "loss", "rate", rule="plain")
    assert (found == SCORES[np.argsort(RATES)]).all()
    assert found.flags.c_contiguous
    assert (by_seed(TABLE, "loss", rule="plain", rate=1.0) == SCORES[2]).all()
    assert levels(TABLE, "rate") == sorted(RATES)


def test_by_seed_takes_nothing_for_another() -> None:
    """Two rows for one seed are refused; a row that is missing is no number."""
    with pytest.raises(ValueError, match="duplicate"):
        by_seed(TABLE, "loss", "rate")
    found = by_seed(TABLE.iloc[1:], "loss", "rate", rule="plain")
    assert np.isnan(found).sum() == 1
    assert np.isnan(found[1, 3])


def test_means_over_what_is_left_out() -> None:
    means = averaged(TABLE, ["rule", "seed"], ["loss"])
    for seed in range(6):
        assert by_seed(means, "loss", rule="plain")[seed] == np.mean(SCORES[:, seed])


def test_the_best_for_others_has_no_part_in_its_own_choice() -> None:
    for seed, choice in enumerate(best_for_others(SCORES)):
        others = [np.delete(row, seed).mean() for row in SCORES]
        assert others[choice] == min(others)
    changed = SCORES.copy()
    changed[:, 2] = [9, 0, -9, 5]
    assert best_for_others(changed)[2] == best_for_others(SCORES)[2]


def test_what_is_no_number_is_never_best() -> None:
    scores = np.array([[np.nan, 1.0], [5.0, 2.0]])
    assert best_for_all(scores) == [1, 1]
    assert best_for_others(scores) == [0, 1]


@pytest.mark.parametrize("choose", [best_for_others, best_for_all])
def test_at_best_is_a_row_for_each_seed_and_group(choose: Callable[[Floats], list[int]]) -> None:
    best = at_best(TABLE, "rate", "loss", each=["rule"], choose=choose)
    assert len(best) == 12
    ascending = np.argsort(RATES)
    for rule, sign in (("plain", 1), ("other", -1)):
        places = choose(sign * SCORES[ascending])
        assert by_seed(best, "rate", rule=rule).tolist() == [sorted(RATES)[p] for p in places]
        expected = [sign * SCORES[ascending][place, seed] for seed, place in enumerate(places)]
        assert by_seed(best, "loss", rule=rule).tolist() == expected


def test_two_columns_are_chosen_together() -> None:
    best = at_best(TABLE, ["rule", "rate"], "loss", choose=best_for_all)
    place = int((-SCORES).mean(axis=1).argmin())
    assert best["rule"].unique().tolist() == ["other"]
    assert best["rate"].unique().tolist() == [RATES[place]]


def test_the_rank_correlation_is_scipys() -> None:
    for values in np.random.default_rng(0).uniform(size=(20, 8)):
        expected = spearmanr(np.arange(8), values).statistic
        assert rank_correlation(values) == pytest.approx(expected)


def test_words() -> None:
    assert listed([1, 2.5]) == "1, 2.5"
    assert listed([1, 2.5], ".2f") == "1.00, 2.50"
    assert len(where(TABLE, rule="plain", seed=103)) == 4
