"""Metrics by task, from sums over rows."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

METRICS = {
    "regression": ("rmse", "mae", "r2"),
    "binary": ("accuracy",),
    "multiclass": ("accuracy",),
    "multilabel": ("accuracy", "subset_accuracy"),
}
"""Metrics of each epoch, in the target's units; the first is the one that curves show.

Of several targets they are means over them, but `subset_accuracy`: the share of rows of which every
label is right.
"""

HIGHER_IS_BETTER = {
    "loss": False,
    "rmse": False,
    "mae": False,
    "r2": True,
    "accuracy": True,
    "subset_accuracy": True,
    "balanced_accuracy": True,
    "f1": True,
    "roc_auc": True,
    "log_loss": False,
    "brier": False,
    "calibration_error": False,
    "rank_mae": False,
    "quadratic_kappa": True,
}
"""Every score of ours, and whether a large one is good."""

Scores = dict[str, float]
"""`loss` and every metric of the task."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What turns a member's weighted sums over rows into metrics in the target's own units."""

    weight: float
    """Total of all rows; their number where each counts 1."""
    loss_weight: float
    units: Sequence[float]
    """Units of each target in one unit of its errors."""
    sums_of_squares: Sequence[float]
    """Weighted squares of each target around its mean, in units of its errors."""


def score(task: str, sums: Sequence[float], scale: Scale) -> Scores:
    """One member's loss and metrics.

    `sums`: of the loss, then of the squared errors of each target, then of the absolute ones; for
    classes the second counts right answers, for labels the third rows without a wrong one.

    >>> scale = Scale(weight=4, loss_weight=4, units=[10], sums_of_squares=[8])
    >>> score("regression", [6, 4, 2], scale)
    {'loss': 1.5, 'rmse': 10.0, 'mae': 5.0, 'r2': 0.5}
    """
    loss = sums[0] / scale.loss_weight
    if task == "multilabel":
        accuracy, subset_accuracy = (count / scale.weight for count in sums[1:3])
        return {"loss": loss, "accuracy": accuracy, "subset_accuracy": subset_accuracy}
    if task != "regression":
        return {"loss": loss, "accuracy": sums[1] / scale.weight}
    units, spreads = scale.units, scale.sums_of_squares
    squared, absolute = sums[1 : 1 + len(units)], sums[1 + len(units) :]
    rmse = [math.sqrt(s / scale.weight) * unit for s, unit in zip(squared, units, strict=True)]
    mae = [a / scale.weight * unit for a, unit in zip(absolute, units, strict=True)]
    r2 = [1 - s / spread for s, spread in zip(squared, spreads, strict=True) if spread > 0]
    return {"loss": loss, "rmse": _mean(rmse), "mae": _mean(mae), "r2": _mean(r2)}


def _mean(values: Sequence[float]) -> float:
    """Over targets; NaN of none, as R2 is where all are constant."""
    return sum(values) / len(values) if values else math.nan


def main_metric(scores: Iterable[str]) -> str:
    """The metric that curves show."""
    found = set(scores)
    return next(names[0] for names in METRICS.values() if names[0] in found)
