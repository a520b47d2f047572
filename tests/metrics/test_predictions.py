"""Scores of predictions, from a network's outputs in its own units."""

import numpy as np
import pytest

from mlp_lab.data.arrays import Floats
from mlp_lab.data.column_encoding import Scaling
from mlp_lab.data.columns import Column
from mlp_lab.data.schema import Target
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
