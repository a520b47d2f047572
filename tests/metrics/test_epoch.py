"""Metrics of an epoch, from sums over rows."""

import numpy as np
import pytest

from mlp_lab.metrics.epoch import Scale, main_metric, score


def test_r2_of_a_constant_target_is_not_a_number() -> None:
    """There is no spread to explain."""
    scores = score(
        "regression",
        [1.0, 2.0, 3.0],
        Scale(weight=2, loss_weight=2, units=[4.0], sums_of_squares=[0.0]),
    )
    assert (scores["loss"], scores["rmse"], scores["mae"]) == (0.5, 4.0, 6.0)
    assert np.isnan(scores["r2"])


def test_the_main_metric() -> None:
    """The first of the task."""
    assert main_metric({"loss": 2.0, "rmse": 3.0, "mae": 1.0, "r2": 0.5}) == "rmse"


def test_sums_become_means_in_the_units_of_the_target() -> None:
    """Each by its own weights; r2 has no unit."""
    scale = Scale(weight=4.0, loss_weight=2.0, units=[10.0], sums_of_squares=[8.0])
    found = score("regression", [6.0, 4.0, 2.0], scale)
    assert found == pytest.approx({"loss": 3.0, "rmse": 10.0, "mae": 5.0, "r2": 0.5})
    assert score("binary", [6.0, 3.0, 0.0], scale) == {"loss": 3.0, "accuracy": 0.75}


def test_scores_of_several_targets_are_means() -> None:
    """Of labels the third sum counts rows of which all are right."""
    scale = Scale(weight=4.0, loss_weight=4.0, units=[10.0, 1.0], sums_of_squares=[8.0, 0.0])
    found = score("regression", [4.0, 4.0, 16.0, 2.0, 4.0], scale)
    assert found == {"loss": 1.0, "rmse": 6.0, "mae": 3.0, "r2": 0.5}
    labels = score("multilabel", [4.0, 3.0, 2.0], scale)
    assert labels == {"loss": 1.0, "accuracy": 0.75, "subset_accuracy": 0.5}
