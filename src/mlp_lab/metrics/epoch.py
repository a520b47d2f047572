"""Metrics by task, from sums over rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

METRICS = {
    "regression": ("rmse", "mae", "r2"),
    "binary": ("accuracy",),
    "multiclass": ("accuracy",),
}
"""Metrics of each epoch, in the target's units; the first is the one that curves show."""

HIGHER_IS_BETTER = ("accuracy", "r2")

Scores = dict[str, float]
"""`loss` and every metric of the task."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What turns a member's weighted sums over rows into metrics in the target's own units."""

    weight: float
    """Total of all rows; their number where each counts 1."""
    loss_weight: float
    unit: float
    """Units of the target in one unit of the errors."""
    sum_of_squares: float
    """Weighted squares of the targets around their mean, in units of the errors."""


def score(task: str, sums: Sequence[float], scale: Scale) -> Scores:
    """One member's loss and metrics.

    `sums`: of the loss, then of squared and of absolute errors; for classes the second counts
    right answers.

    >>> scale = Scale(weight=4, loss_weight=4, unit=10, sum_of_squares=8)
    >>> score("regression", [6, 4, 2], scale)
    {'loss': 1.5, 'rmse': 10.0, 'mae': 5.0, 'r2': 0.5}
    """
    loss, first, second = sums
    if task != "regression":
        return {"loss": loss / scale.loss_weight, "accuracy": first / scale.weight}
    spread = scale.sum_of_squares
    return {
        "loss": loss / scale.loss_weight,
        "rmse": math.sqrt(first / scale.weight) * scale.unit,
        "mae": second / scale.weight * scale.unit,
        "r2": 1 - first / spread if spread > 0 else math.nan,
    }


def main_metric(scores: Scores) -> str:
    """The metric that curves show."""
    return next(names[0] for names in METRICS.values() if names[0] in scores)


def minimised_metric(scores: Scores, monitor: str) -> float:
    """The monitored quantity, `loss` or the main `metric`, turned so that less is better."""
    if monitor == "loss":
        return scores["loss"]
    name = main_metric(scores)
    return -scores[name] if name in HIGHER_IS_BETTER else scores[name]
