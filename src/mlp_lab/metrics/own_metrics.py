"""Metrics of one's own: they are reported beside ours, and choose nothing."""

import math
from collections.abc import Callable

from mlp_lab.data.arrays import Floats
from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.metrics.epoch import METRICS

Metric = Callable[[Floats, Floats], float]
"""Of the truth (N,) and predictions: numbers (N,), or probabilities (N, classes)."""

OWN_METRICS: dict[str, dict[str, Metric]] = {"regression": {}, "classification": {}}
"""Kind of task -> name -> metric."""


def register_metric(name: str, metric: Metric, *, task: str = "classification") -> None:
    """Let every report have a metric of your own, at the best epoch's weights.

    Args:
        name: as tables call it.
        metric: of the truth, (N,), and predictions. For regression both are numbers in the
            target's own units; for classification the truth is a class as an index, and
            predictions are the outputs for each class, (N, classes).
        task: regression or classification.

    Raises:
        UserError: the name is taken, there is no such task, or it is no function.
    """
    require_choice(task, "task", OWN_METRICS)
    require(callable(metric), "metric", "a function", metric)
    if name == "loss" or any(name in names for names in METRICS.values()):
        raise UserError(f"metric {name!r} is there already: choose another name")
    OWN_METRICS[task][name] = metric


def own_scores(task: str, truth: Floats, predictions: Floats) -> dict[str, float]:
    """What metrics of one's own say.

    Raises:
        UserError: one of them fails, or gives no number.
    """
    found = {}
    for name, metric in OWN_METRICS[task].items():
        try:
            found[name] = float(metric(truth, predictions))
        except Exception as error:
            raise UserError(f"metric {name!r}: {type(error).__name__}: {error}") from error
        if math.isinf(found[name]):
            raise UserError(f"metric {name!r} must be finite, got {found[name]}")
    return found
