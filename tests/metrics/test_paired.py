"""Standard errors of differences in skill, by hand and by resampling."""

from dataclasses import replace

import numpy as np
import pytest

from mlp_lab.data.column_encoding import Scaling
from mlp_lab.data.columns import Column
from mlp_lab.data.schema import Target
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.metrics.paired import (
    RowErrors,
    design_effect,
    loss_errors,
    score_errors,
    standard_error_of_difference,
)
from mlp_lab.metrics.predictions import Predictions

ROWS = 400
PLAIN = Scaling(0.0, 1.0, [])
DRAW = np.random.default_rng(0)


def numbers(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None) -> Predictions:
    """Of a number, with squared errors as the loss."""
    losses = (truth - predicted) ** 2
    return Predictions(
        target=Target(Column(name="y"), "regression", None, 1, "none", PLAIN),
        outputs=predicted[:, None],
        truth=truth,
        losses=losses,
        weights=weights,
        loss_weights=weights,
        probabilities=False,
    )


def classes(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None) -> Predictions:
    """Of two classes, by the probability of the second."""
    outputs = np.where(predicted, 0.9, 0.1)
    losses = -np.log(np.where(predicted == truth, 0.9, 0.1))
    return Predictions(
        target=Target(Column(name="y"), "binary", ["no", "yes"], 1, "none", PLAIN),
        outputs=outputs[:, None],
        truth=truth.astype(float),
        losses=losses,
        weights=weights,
        loss_weights=weights,
        probabilities=True,
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_errors_of_rows_make_the_skill(weighted: bool) -> None:
    """1 - their mean is R2, or the share of a constant's errors that is avoided; D2 of the loss."""
    weights = DRAW.uniform(0.5, 2, ROWS) if weighted else None
    truth = DRAW.normal(size=ROWS)
    model = numbers(truth, truth + 0.5 * DRAW.normal(size=ROWS), weights)
    constant = numbers(truth, np.full(ROWS, np.average(truth, weights=weights)), weights)
    found = score_errors(model, constant, balanced=False)
    assert 1 - np.average(found.errors, weights=weights) == pytest.approx(model.scores()["r2"])
    by_loss = loss_errors(model, constant)
    assert by_loss.errors == pytest.approx(found.errors)
    labels = DRAW.uniform(size=ROWS) < 0.2
    model = classes(labels, labels ^ (DRAW.uniform(size=ROWS) < 0.1), weights)
    constant = classes(labels, np.zeros(ROWS, bool), weights)
    scores, least = model.scores(), constant.scores()
    found = score_errors(model, constant, balanced=False)
    wanted = (scores["accuracy"] - least["accuracy"]) / (1 - least["accuracy"])
    assert 1 - np.average(found.errors, weights=weights) == pytest.approx(wanted)
    found = score_errors(model, constant, balanced=True)
    wanted = 2 * scores["balanced_accuracy"] - 1
    assert 1 - np.average(found.errors, weights=weights) == pytest.approx(wanted)


def test_the_error_of_a_difference_is_that_of_resampled_rows() -> None:
    """Two models that err on the same rows differ by little, however much each of them errs."""
    truth, shared = DRAW.normal(size=ROWS), DRAW.normal(size=ROWS)
    one, other = (
        numbers(truth, truth + shared + 0.1 * DRAW.normal(size=ROWS), None) for _ in range(2)
    )
    constant = numbers(truth, np.full(ROWS, truth.mean()), None)
    first, second = (score_errors(model, constant, balanced=False) for model in (one, other))
    found = standard_error_of_difference(first, second)
    rows = DRAW.integers(0, ROWS, (2000, ROWS))
    resampled = (first.errors - second.errors)[rows].mean(1)
    assert found == pytest.approx(resampled.std(), rel=0.1)
    alone = standard_error_of_difference(first, RowErrors(np.zeros(ROWS), None, 0.0))
    assert found < alone / 3


def test_models_that_agree_are_not_surely_equal() -> None:
    """On few rows, one that they differ on says nothing: the error is a row's at least."""
    labels = np.arange(50) % 10 == 0
    model, constant = classes(labels, labels, None), classes(labels, labels & False, None)
    same = score_errors(model, constant, balanced=False)
    assert standard_error_of_difference(same, same) == pytest.approx(0.2)
    same = score_errors(model, constant, balanced=True)
    assert standard_error_of_difference(same, same) == pytest.approx(0.2)


def test_rows_of_a_cluster_are_no_more_than_one() -> None:
    """Copies of rows leave the standard error of a difference as it was; within strata it falls."""
    one, other = DRAW.normal(size=60), DRAW.normal(size=60)
    alone = [RowErrors(errors, None, 0.0) for errors in (one, other)]
    wanted = standard_error_of_difference(*alone)
    copies = SurveyDesign(np.tile(np.arange(60), 5), None, "house")
    five = [RowErrors(np.tile(errors, 5), None, 0.0) for errors in (one, other)]
    clustered = [replace(own, design=copies) for own in five]
    assert standard_error_of_difference(*clustered) == pytest.approx(wanted)
    assert standard_error_of_difference(*five) < 0.5 * wanted
    assert design_effect(clustered[0]) == pytest.approx(5, rel=0.02)
    assert design_effect(five[0]) == 1
    sorted_by = SurveyDesign(None, np.argsort(np.argsort(one - other)) // 20, None, "region")
    within = [replace(own, design=sorted_by) for own in alone]
    assert standard_error_of_difference(*within) < 0.6 * wanted
    assert design_effect(within[0]) >= 1
    one_house = replace(alone[0], design=SurveyDesign(np.zeros(60, int), None, "house"))
    assert standard_error_of_difference(one_house, alone[1]) == pytest.approx(wanted)
    assert design_effect(replace(alone[0], errors=np.zeros(60), design=sorted_by)) == 1
