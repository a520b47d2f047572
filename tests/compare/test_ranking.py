"""The order of settings, and which of them are not significantly worse than the first."""

import numpy as np
import pytest
from compared import TABLE, grid, run
from scipy import stats

from mlp_lab.compare.conclusion import significance
from mlp_lab.compare.multiple import CONFIDENCE
from mlp_lab.compare.ranking import rank
from mlp_lab.compare.records import RunRecord
from mlp_lab.compare.statistics import p_value
from mlp_lab.compare.table import csv_table
from mlp_lab.errors import UserError


def test_settings_are_ranked_by_their_means() -> None:
    """Seeds are replicates, not settings."""
    ranking = rank(grid(TABLE), "metric")
    assert (ranking.score, ranking.keys, ranking.replicates) == (
        "accuracy",
        ["model.width"],
        ["seed"],
    )
    assert [s.values["model.width"] for s in ranking.settings] == ["16", "8", "4", "32"]
    assert ranking.best.mean == pytest.approx(np.mean(TABLE["16"]))
    assert ranking.best.error == pytest.approx(stats.sem(TABLE["16"]))


def test_any_score_ranks_in_its_own_direction() -> None:
    """Its errors from below, its areas from above; what no run reports is refused."""
    values = {"4": 0.25, "8": 0.5}
    known = {"loss": 1.0, "accuracy": 0.5}
    records = [
        run({"model.width": width}, 0, 0.5, val={**known, "brier": value, "f1": value})
        for width, value in values.items()
    ]
    best = {name: rank(records, name).best.values["model.width"] for name in ("brier", "f1")}
    assert best == {"brier": "4", "f1": "8"}
    assert (rank(records, "f1").higher_is_better, rank(records, "brier").score) == (True, "brier")
    with pytest.raises(UserError, match=r"^select=mae is no score .*: it reports loss, accuracy,"):
        rank(records, "mae")
    for record in records:
        record.result["val"]["f1"] = None
    with pytest.raises(UserError, match=r"^f1 of the validation rows is not known in any run$"):
        rank(records, "f1")


def test_what_is_not_significantly_worse() -> None:
    """As one-sided paired t-tests with Bonferroni's correction say; the simplest is named.

    Not the one whose runs differ so much that nothing could be found.
    """
    table = {"4": [0.6, 0.75], "8": [0.91, 0.93], "16": [0.92, 0.938], "32": [0.5, 0.519]}
    ranking = rank(grid(table), "metric")
    best = table["16"]
    assert ranking.tied is not None
    for place, width in enumerate(["8", "4", "32"], start=1):
        wanted = stats.ttest_rel(best, table[width], alternative="greater").pvalue
        first, other = ranking.best, ranking.settings[place]
        assert p_value(first.scores, other.scores, 0.0) == pytest.approx(wanted)
        assert (place in ranking.tied) == (3 * wanted >= 1 - CONFIDENCE)
    assert significance(ranking) == (
        "not significantly worse: 2 settings (paired t-tests, 95 %, Bonferroni-corrected for 3"
        " comparisons; variances not pooled: fewer than 3 runs of each), 1 of them for too few"
        " runs to tell; the simplest: model.width=8, 80 parameters"
    )


def test_many_comparisons_lose_the_best_no_more_often() -> None:
    """Of 20 equally good settings each is found worse in at most 5 % of sweeps, not in a third."""
    draws = np.random.default_rng(0).normal(size=(400, 20, 4))
    lost = uncorrected = 0
    for scores in draws:
        settings = {str(width): list(values) for width, values in enumerate(scores, start=1)}
        ranking = rank(grid(settings), "metric")
        assert ranking.tied is not None
        assert ranking.compared == 19
        places = {setting.values["model.width"]: i for i, setting in enumerate(ranking.settings)}
        place = places["7"]
        lost += place not in (0, *ranking.tied)
        other = ranking.settings[place]
        chance = p_value(ranking.best.scores, other.scores, 0.0) if place else 1.0
        uncorrected += chance is not None and chance < 1 - CONFIDENCE
    assert lost / len(draws) < 0.05
    assert uncorrected / len(draws) > 0.2


@pytest.mark.parametrize("key", ["data.fold", "data.repeat", "data.split_seed", "seed"])
def test_other_cuts_overlap_as_folds_do(key: str) -> None:
    """Seeds alone train on the same rows."""
    scores = {"4": [0.90, 0.92, 0.91, 0.93, 0.9], "8": [0.88, 0.92, 0.9, 0.9, 0.89]}
    records = [
        run({"model.width": width}, 0, value, overrides=[f"model.width={width}", f"{key}={i}"])
        for width, values in scores.items()
        for i, value in enumerate(values)
    ]
    told = rank(records, "metric").tied == []
    differences = np.subtract(scores["4"], scores["8"])
    error = np.sqrt(differences.var(ddof=1) * (1 / 5 + 0.25 * (key != "seed")))
    assert told == (stats.t.sf(differences.mean() / error, 4) < 0.05) == (key == "seed")


def test_losses_of_other_kinds() -> None:
    """Are no choice; by the metric they are."""
    records = [run({"loss": name}, 0, 0.5, loss=name) for name in ("mse", "cce")]
    assert rank(records, "metric").keys == ["loss"]
    line = "losses of different kinds cannot be compared: loss=mse0 has mse, loss=cce0 cce"
    with pytest.raises(UserError, match=line):
        rank(records, "loss")


def test_one_run_of_each_says_nothing_of_chance() -> None:
    """In words."""
    ranking = rank(grid({"4": [0.6], "8": [0.9]}), "metric")
    assert ranking.tied is None


def test_the_test_rows_choose_nothing() -> None:
    """Other test scores: the same order, and no trace of them in summary.csv."""
    records = grid(TABLE)
    for record in records:
        record.result["test"]["accuracy"] = float(record.overrides["model.width"] == "32")
    ranking = rank(records, "metric")
    assert [s.values["model.width"] for s in ranking.settings] == ["16", "8", "4", "32"]
    assert "test" not in csv_table(records).splitlines()[0]


def test_a_setting_with_a_diverged_run_comes_last() -> None:
    """However good its others are."""
    records = grid(TABLE) + [run({"model.width": "2"}, seed, 0.99) for seed in (0, 1)]
    records.append(run({"model.width": "2"}, 2, 0.0, status="diverged"))
    ranking = rank(records, "metric")
    assert ranking.best.values == {"model.width": "16"}
    assert ranking.settings[-1].values == {"model.width": "2"}
    assert not ranking.settings[-1].whole
    assert ranking.compared == 3
    assert ranking.simplest.values == {"model.width": "8"}


@pytest.mark.parametrize(
    ("records", "line"),
    [
        ([run({"a": "1"}, 0, 0.5, val={})], "no run has validation rows"),
        ([run({"a": "1"}, 0, 0.5, status="diverged")], "none of 1 runs has finished"),
    ],
)
def test_what_cannot_be_ranked(records: list[RunRecord], line: str) -> None:
    """One line."""
    with pytest.raises(UserError, match=line):
        rank(records, "metric")
