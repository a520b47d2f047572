"""How exact a difference of two models' skill is, from the rows that both were scored on.

Two models err on many of the same rows, so that their difference is known better than either score:
its standard error is that of a mean of differences by row (for classes that of McNemar's test).
"""

from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.rows import by_target
from mlp_lab.metrics.predictions import Predictions, TargetPredictions


@dataclass(frozen=True, slots=True)
class RowErrors:
    """What each row takes from a model's skill, which is 1 - their mean.

    Shape:
        - errors: (N,); weights: (N,) or absent
    """

    errors: Floats
    weights: Floats | None
    one_row: float
    """What one row more, given a wrong class, takes from the skill; 0 of a number."""


def loss_errors(model: Predictions, constant: Predictions) -> RowErrors:
    """Of D2: the loss, by the mean of the constant prediction's."""
    weights = model.loss_weights
    return RowErrors(model.losses / (_mean(constant.losses, weights) or 1.0), weights, 0.0)


def score_errors(model: Predictions, constant: Predictions, *, balanced: bool) -> RowErrors:
    """Of R2, accuracy or, where `balanced`, the mean recall of the classes.

    Of several numbers the mean over them; of several labels the errors of all.
    """
    weights = model.weights
    errors = np.stack([_errors(one, balanced=balanced) for one in model.each])  # (T, N)
    of_constant = np.stack([_errors(one, balanced=balanced) for one in constant.each])
    if model.each[0].target.classes is None:
        spread = [_mean((truth - _mean(truth, weights)) ** 2, weights) for truth in _truths(model)]
        each = [own / (total or 1.0) for own, total in zip(errors, spread, strict=True)]
        return RowErrors(np.mean(each, axis=0), weights, 0.0)
    wrong = _mean(of_constant.mean(0), weights) or 1.0
    largest = float(np.max(_error_of_each(model.each[0], balanced=balanced), initial=0.0))
    return RowErrors(errors.mean(0) / wrong, weights, largest / (wrong * errors.shape[1]))


def standard_error_of_difference(one: RowErrors, other: RowErrors) -> float:
    """The standard error of the difference of two models' skill on the same rows.

    >>> same, worse = (RowErrors(np.array(errors), None, 0.0) for errors in ([0, 1.0], [2.0, 1.0]))
    >>> standard_error_of_difference(same, worse)
    1.0
    """
    differences = one.errors - other.errors
    rows = len(differences)
    weights = np.ones(rows) if one.weights is None else one.weights
    deviations = weights * (differences - _mean(differences, weights))
    variance = float(deviations @ deviations) / float(weights.sum()) ** 2 * rows / max(1, rows - 1)
    return float(np.sqrt(variance + one.one_row**2))


def _truths(model: Predictions) -> Floats:
    """What each target should have been, (T, N)."""
    return by_target(model.truth).T


def _errors(one: TargetPredictions, *, balanced: bool) -> Floats:
    """Squared errors of a number; of a class 1 where it is wrong, by its share if `balanced`."""
    if one.target.classes is None:
        squares: Floats = (one.target.decode(one.outputs) - one.truth) ** 2
        return squares
    wrong: Floats = (one.target.decide(one.outputs) != one.labels).astype(np.float64)
    return wrong * _error_of_each(one, balanced=balanced)


def _error_of_each(one: TargetPredictions, *, balanced: bool) -> Floats:
    """What each row counts if it is wrong: 1, or so that all classes count the same."""
    if not balanced:
        return np.ones(len(one.labels))
    weights = np.ones(len(one.labels)) if one.weights is None else one.weights
    present, which = np.unique(one.labels, return_inverse=True)
    of_class = np.bincount(which, weights)
    shares: Floats = weights.sum() / (len(present) * np.where(of_class > 0, of_class, np.inf))
    return shares[which]


def _mean(values: Floats, weights: Floats | None) -> float:
    return float(np.average(values, weights=weights))
