"""Skill: a score that means the same for numbers and classes, on every data set.

1 - errors / errors of the best constant prediction: R2 for a number; for classes the share of the
constant's errors that are avoided. 0 is nothing learnt, 1 is perfect. It is the skill score of
forecast verification (Murphy, Skill Scores Based on the Mean Square Error, 1988). A quantile is
not there to be near the target, nor shall outliers decide on an absolute error: for their losses,
errors are that loss itself. Where all classes count the same, errors are mean shares of each.
"""

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.data.dataset import Part
from mlp_lab.data.schema import AnyTarget, Target


def skill(scores: Mapping[str, float], constant: Mapping[str, float]) -> float:
    """Skill of a model's metrics on some rows, beside those of a constant prediction on the same.

    >>> skill({"accuracy": 0.875}, {"accuracy": 0.75})
    0.5
    >>> skill({"r2": 0.6}, {"r2": 0.0})
    0.6
    """
    if "r2" in scores:
        return scores["r2"] if isfinite(scores["r2"]) else 0.0
    wrong = 1 - constant["accuracy"]
    return (scores["accuracy"] - constant["accuracy"]) / wrong if wrong > 0 else 0.0


def balanced_skill(scores: Mapping[str, float], classes: int) -> float:
    """Skill by the mean recall of the classes, of which a constant prediction has one in `classes`.

    >>> balanced_skill({"balanced_accuracy": 0.75}, 2)
    0.5
    """
    return 1 - (1 - scores["balanced_accuracy"]) / (1 - 1 / classes)


def explained(scores: Mapping[str, float], constant: Mapping[str, float]) -> float:
    """D2: the fraction of the constant prediction's loss that a model avoids.

    >>> explained({"loss": 0.25}, {"loss": 1.0})
    0.75
    """
    return 1 - scores["loss"] / constant["loss"] if constant["loss"] > 0 else 0.0


def skill_of_outputs(target: AnyTarget, y: torch.Tensor, rows: Part) -> float:
    """Skill of outputs y, (N, C), for the rows of a part.

    Of several numbers the mean over them, as of R2; of several labels by the errors of all.
    """
    outputs, encoded = (values.double().cpu().numpy() for values in (y, rows.targets))
    weights = np.ones(len(y)) if rows.weights is None else rows.weights.double().cpu().numpy()
    if isinstance(target, Target):
        return _avoided([_errors(target, outputs, encoded, weights)])
    each = [
        _errors(one, own, encoded[:, t : t + 1], weights)
        for t, (one, own) in enumerate(target.parted(outputs))
    ]
    if target.task == "multilabel":
        return _avoided(each)
    return float(np.mean([_avoided([errors]) for errors in each]))


def _errors(
    target: Target, outputs: Floats, encoded: Floats, weights: Floats
) -> tuple[float, float]:
    """Weighted errors of outputs, (N, C), and those of the best constant prediction."""
    truth = target.truth(encoded)
    if target.classes is None:
        mean = np.average(truth, weights=weights)
        errors, spread = (target.decode(outputs) - truth) ** 2, (truth - mean) ** 2
    else:
        majority = np.bincount(truth.astype(np.int64), weights).argmax()
        errors, spread = target.decide(outputs) != truth, truth != majority
    return float(weights @ errors), float(weights @ spread)


def _avoided(errors: Sequence[tuple[float, float]]) -> float:
    """The share of a constant's errors, the second of each pair, that is avoided."""
    wrong, total = (sum(column) for column in zip(*errors, strict=True))
    return 1 - wrong / total if total > 0 else 0.0
