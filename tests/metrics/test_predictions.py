"""Scores of predictions, from a network's outputs in its own units."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from mlp_lab.data.arrays import Floats
from mlp_lab.data.column_encoding import Scaling
from mlp_lab.data.columns import Column
from mlp_lab.data.schema import Target, Targets
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.metrics.predictions import Predictions

NUMBER = Target(Column(name="y"), "regression", None, 1, "none", Scaling(100.0, 10.0, []))
CLASS = Target(Column(name="y"), "binary", ["no", "yes"], 1, "none", Scaling(0.0, 1.0, []))


def predictions(
    target: Target, outputs: Floats, truth: Floats, weights: Floats | None = None
) -> Predictions:
    """Each row's loss is its number, from 1."""
    return Predictions(
        target=target,
        outputs=outputs[:, None],
        truth=truth,
        losses=np.arange(1.0, len(truth) + 1),
        weights=weights,
        loss_weights=weights,
        probabilities=target.classes is not None,
    )


def test_numbers_are_measured_in_the_units_of_the_target() -> None:
    """An output of 1 is 110; residuals are prediction minus truth."""
    found = predictions(NUMBER, np.array([1.0, 0.0]), np.array([100.0, 104.0]))
    scores = found.scores()
    assert list(scores) == ["loss", "rmse", "mae", "r2"]
    assert (scores["loss"], scores["mae"]) == (1.5, 7.0)
    residuals = found.each[0].residuals()
    assert residuals is not None
    assert (residuals["mean"], residuals["quantile 0"], residuals["quantile 1"]) == (3, -4, 10)
    assert found.each[0].confusion() is None


def test_classes_are_counted_by_their_names() -> None:
    """With the weights of the rows, which also weigh their losses."""
    outputs, truth = np.array([0.2, 0.8, 0.9]), np.array([0.0, 0.0, 1.0])
    found = predictions(CLASS, outputs, truth, np.array([1.0, 2.0, 1.0]))
    assert found.each[0].confusion() == {"no": {"no": 1, "yes": 2}, "yes": {"no": 0, "yes": 1}}
    assert found.scores()["accuracy"] == 0.5
    assert found.scores()["loss"] == pytest.approx(2.0)
    assert found.each[0].residuals() is None
    low, high = found.intervals()["accuracy"]
    assert 0 <= low < high <= 1


@pytest.mark.parametrize("target", [NUMBER, CLASS])
def test_no_rows_have_no_scores(target: Target) -> None:
    """A part may be empty."""
    none = predictions(target, np.zeros(0), np.zeros(0))
    assert none.scores() == {}
    assert none.intervals() == {}


def several(each: list[Target], outputs: Floats, truth: Floats, weights: Floats) -> Predictions:
    """Of several targets at once."""
    return Predictions(
        target=Targets(each),
        outputs=outputs,
        truth=truth,
        losses=np.arange(1.0, len(truth) + 1),
        weights=weights,
        loss_weights=weights,
        probabilities=each[0].classes is not None,
    )


def test_scores_of_several_numbers_are_scikit_learns_uniform_average() -> None:
    """Each in its own units, with the weights of the rows."""
    generator = np.random.default_rng(0)
    other = replace(NUMBER, column=Column(name="z"), scaling=Scaling(1.0, 0.5, []))
    outputs, weights = generator.normal(size=(50, 2)), generator.integers(1, 4, 50).astype(float)
    truth = outputs * [10, 0.5] + [100, 1] + generator.normal(size=(50, 2)) * [5, 0.1]
    found = several([NUMBER, other], outputs, truth, weights)
    guess = np.column_stack([outputs[:, 0] * 10 + 100, outputs[:, 1] * 0.5 + 1])
    scores, each = found.scores(), found.scores_of_each()
    assert list(scores) == ["loss", "rmse", "mae", "r2"]
    assert list(each) == ["y", "z"]
    for name, metric in (
        ("rmse", metrics.root_mean_squared_error),
        ("mae", metrics.mean_absolute_error),
        ("r2", metrics.r2_score),
    ):
        assert scores[name] == pytest.approx(metric(truth, guess, sample_weight=weights))
        own = metric(truth, guess, sample_weight=weights, multioutput="raw_values")
        assert [each["y"][name], each["z"][name]] == pytest.approx(own.tolist())
    low, high = found.intervals()["r2"]
    assert low < scores["r2"] < high
    constant = several(
        [NUMBER, other], outputs, np.column_stack([truth[:, 0], np.ones(50)]), weights
    )
    assert constant.scores()["r2"] == pytest.approx(each["y"]["r2"])  # of the one that varies


def test_scores_of_labels_are_scikit_learns() -> None:
    """Means over labels, and the share of rows of which all are right."""
    generator = np.random.default_rng(0)
    labels = [replace(CLASS, column=Column(name=name)) for name in "abc"]
    shares, weights = generator.uniform(size=(80, 3)), generator.integers(1, 4, 80).astype(float)
    truth = (shares + 0.3 * generator.normal(size=shares.shape) > 0.5).astype(float)
    found = several(labels, shares, truth, weights)
    scores, guess = found.scores(), shares > 0.5
    assert scores["accuracy"] == pytest.approx(
        np.average(guess == truth, axis=0, weights=weights).mean()
    )
    given = {"sample_weight": weights}
    assert scores["subset_accuracy"] == pytest.approx(metrics.accuracy_score(truth, guess, **given))
    assert scores["f1"] == pytest.approx(metrics.f1_score(truth, guess, average="macro", **given))
    assert scores["roc_auc"] == pytest.approx(
        metrics.roc_auc_score(truth, shares, average="macro", **given)
    )
    assert scores["subset_accuracy"] < scores["accuracy"]
    assert found.scores_of_each()["b"]["f1"] == pytest.approx(
        metrics.f1_score(truth[:, 1], guess[:, 1], **given)
    )
    assert found.each[2].confusion() == {
        "no": {
            other: float(weights[(truth[:, 2] == 0) & (guess[:, 2] == i)].sum())
            for i, other in enumerate(("no", "yes"))
        },
        "yes": {
            other: float(weights[(truth[:, 2] == 1) & (guess[:, 2] == i)].sum())
            for i, other in enumerate(("no", "yes"))
        },
    }


def test_intervals_of_a_sample_of_clusters_within_strata_cover() -> None:
    """The truth lies in nearly as many as it should; by rows in far fewer."""
    draw, covered = np.random.default_rng(0), {"design": 0, "rows": 0}
    strata, clusters = np.repeat([0, 1, 2], 96), np.repeat(np.arange(24), 12)
    sizes = np.array([0.5, 1.0, 2.0])  # of errors in each stratum
    truth = float((sizes * np.sqrt(2 / np.pi)).mean() * np.sqrt(1.09))
    target = Target(Column(name="y"), "regression", None, 1, "none", Scaling(0.0, 1.0, []))
    for _ in range(100):
        effect = np.repeat(draw.normal(size=24), 12) + 0.3 * draw.normal(size=288)
        errors = effect * sizes[strata]
        for name, design in (("design", SurveyDesign(clusters, strata)), ("rows", None)):
            low, high = Predictions(
                target=target,
                outputs=errors[:, None],
                truth=np.zeros(288),
                losses=errors**2,
                weights=None,
                loss_weights=None,
                probabilities=False,
                design=design,
            ).intervals()["mae"]
            covered[name] += low <= truth <= high
    assert covered["design"] >= 85
    assert covered["rows"] <= 75
