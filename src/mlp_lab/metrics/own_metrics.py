"""Metrics of one's own: they are reported beside ours, and may choose where they say how."""

import math
import re
from collections.abc import Callable

from mlp_lab.data.arrays import Floats
from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.metrics.epoch import HIGHER_IS_BETTER

Metric = Callable[[Floats, Floats], float]
"""Of the truth (N,) and predictions: numbers (N,), or probabilities (N, classes)."""

OWN_METRICS: dict[str, dict[str, Metric]] = {"regression": {}, "classification": {}}
"""Kind of task -> name -> metric."""

OWN_DIRECTIONS: dict[str, bool] = {}
"""Name of a metric that may choose -> whether a large one is good."""


def register_metric(
    name: str, metric: Metric, *, task: str = "classification", higher_is_better: bool | None = None
) -> None:
    """Let every report have a metric of your own, at the best epoch's weights.

    Args:
        name: as tables call it.
        metric: of the truth, (N,), and predictions. For regression both are numbers in the
            target's own units; for classification the truth is a class as an index, and
            predictions are the outputs for each class, (N, classes).
        task: regression or classification.
        higher_is_better: whether a large value is a good one; then `stop.monitor` and
            `sweep.select` may name the metric. None: it chooses nothing, unless it is the name of
            a metric of the other task that does.

    Raises:
        UserError: the name is taken or cannot be that of a column, there is no such task, the other
            task has a metric of that name in the other direction, or it is no function.
    """
    require_choice(task, "task", OWN_METRICS)
    require(callable(metric), "metric", "a function", metric)
    if name in HIGHER_IS_BETTER or name == "metric":
        raise UserError(f"metric {name!r} is there already: choose another name")
    plain = re.fullmatch(r"[^,\"=\s][^,\"=\n\r]*", name) is not None
    require(plain, "name", "without commas, quotes and =", name)
    shared = any(name in names for kind, names in OWN_METRICS.items() if kind != task)
    if higher_is_better is None:
        if not shared:
            OWN_DIRECTIONS.pop(name, None)
    elif shared and OWN_DIRECTIONS.get(name, higher_is_better) != higher_is_better:
        raise UserError(f"metric {name!r} of the other task has the other direction: rename one")
    else:
        OWN_DIRECTIONS[name] = higher_is_better
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
