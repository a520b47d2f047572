"""Which scores may choose, and which of two values is the better one."""

import math
from typing import Any

import numpy as np
import pytest

from mlp_lab.errors import UserError
from mlp_lab.metrics.choosing import (
    choosing,
    choosing_of,
    higher_is_better,
    minimised,
    reported,
    require_choosing,
    require_reported,
)
from mlp_lab.metrics.classification import classification_metrics
from mlp_lab.metrics.epoch import HIGHER_IS_BETTER, METRICS
from mlp_lab.metrics.own_metrics import OWN_DIRECTIONS, OWN_METRICS, register_metric
from mlp_lab.metrics.regression import regression_metrics


def test_what_is_minimised() -> None:
    """Accuracy is turned around, an error is not; what is not known is no number."""
    classes = {"loss": 2.0, "accuracy": 0.9, "roc_auc": 0.75, "brier": 0.25}
    assert [minimised(classes, name) for name in ("loss", "metric", "roc_auc", "brier")] == [
        *(2.0, -0.9, -0.75, 0.25)
    ]
    numbers = {"loss": 2.0, "rmse": 3.0, "mae": 1.0, "r2": 0.5}
    assert [minimised(numbers, name) for name in ("metric", "mae", "r2")] == [3.0, 1.0, -0.5]
    assert math.isnan(minimised(numbers, "f1"))


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("probabilities", [False, True])
def test_every_metric_that_is_reported_may_choose(probabilities: bool, ordered: bool) -> None:
    """As `classification_metrics` has them; a perfect model is the best by each."""
    labels = np.array([0, 1, 2, 1])
    good, bad = np.eye(3)[labels] * 0.8 + 0.1, np.eye(3)[[2, 0, 0, 2]] * 0.8 + 0.1
    kinds: dict[str, Any] = {"probabilities": probabilities, "ordered": ordered}
    best, worst = (
        classification_metrics(scores / scores.sum(1, keepdims=True), labels, None, **kinds)
        for scores in (good, bad)
    )
    names = reported("multiclass", **kinds)
    assert sorted(names) == sorted(["loss", *best.estimate()])
    for name in names[1:]:
        assert minimised(best.estimate(), name) < minimised(worst.estimate(), name), name


def test_of_numbers() -> None:
    truth = np.array([1.0, 2.0, 4.0])
    best, worst = (
        regression_metrics(y, truth, None).estimate() for y in (truth, truth[::-1].copy())
    )
    names = reported("regression", probabilities=False, ordered=False)
    assert names == ["loss", *best]
    assert all(minimised(best, name) < minimised(worst, name) for name in names[1:])


def test_each_score_has_a_direction() -> None:
    assert {name for names in METRICS.values() for name in names} <= HIGHER_IS_BETTER.keys()
    assert choosing("metric")[:2] == ["metric", "loss"]
    assert "subset_accuracy" in reported("multilabel", probabilities=True, ordered=False)


def test_refusals_name_what_is_reported() -> None:
    require_reported("metric", "stop.monitor", ["loss", "rmse"])
    with pytest.raises(UserError, match=r"^stop.monitor=f1 is no score .*: it reports loss, rmse$"):
        require_reported("f1", "stop.monitor", ["loss", "rmse"])
    with pytest.raises(UserError, match=r"unknown sweep.select 'roc': did you mean"):
        require_choosing("roc", "sweep.select", "metric")


def test_metrics_of_ones_own_choose_where_they_say_how() -> None:
    """By the direction that they were given."""
    try:
        register_metric("mine", lambda truth, p: 0.5, higher_is_better=True)
        register_metric("other", lambda truth, p: 0.5)
        require_choosing("mine", "stop.monitor", "loss")
        assert higher_is_better("mine")
        assert reported("binary", probabilities=False, ordered=False)[-1] == "mine"
        assert choosing_of(["other", "mine", "f1"]) == ["mine", "f1"]
        with pytest.raises(UserError, match=r"stop.monitor=other: register_metric\('other', ...,"):
            require_choosing("other", "stop.monitor", "loss")
    finally:
        for name in ("mine", "other"):
            OWN_METRICS["classification"].pop(name, None)
            OWN_DIRECTIONS.pop(name, None)


@pytest.mark.parametrize("name", ["f1", "metric", "loss", "a,b", "a=b", " a", "a\nb", ""])
def test_names_that_no_metric_of_ones_own_may_have(name: str) -> None:
    """Ours, whose directions they would turn, and what no column of a file can be called."""
    with pytest.raises(UserError, match=r"is there already|name must be without commas"):
        register_metric(name, lambda truth, p: 0.5, higher_is_better=True)
    assert name not in OWN_DIRECTIONS


def test_one_name_for_both_tasks() -> None:
    """Has one direction, and is not asked for it twice."""
    try:
        register_metric("mine", lambda truth, p: 0.5, task="regression", higher_is_better=True)
        register_metric("mine", lambda truth, p: 0.5)
        assert higher_is_better("mine")
        with pytest.raises(UserError, match="'mine' of the other task has the other direction"):
            register_metric("mine", lambda truth, p: 0.5, higher_is_better=False)
    finally:
        for own in OWN_METRICS.values():
            own.pop("mine", None)
        OWN_DIRECTIONS.pop("mine", None)
