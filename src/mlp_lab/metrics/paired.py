"""How exact a difference of two models' skill is, from the rows that both were scored on.

Two models err on many of the same rows, so that their difference is known better than either score:
its standard error is that of a mean of differences by row (for classes that of McNemar's test), or
by cluster within strata where rows were sampled so.
"""

from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.rows import by_target
from mlp_lab.data.survey_design import SurveyDesign
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
    design: SurveyDesign | None = None
    """In which clusters and strata they were sampled."""


def loss_errors(model: Predictions, constant: Predictions) -> RowErrors:
    """Of D2: the loss, by the mean of the constant prediction's."""
    weights = model.loss_weights
    errors = model.losses / (_mean(constant.losses, weights) or 1.0)
    return RowErrors(errors, weights, 0.0, model.design)


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
        return RowErrors(np.mean(each, axis=0), weights, 0.0, model.design)
    wrong = _mean(of_constant.mean(0), weights) or 1.0
    largest = float(np.max(_error_of_each(model.each[0], balanced=balanced), initial=0.0))
    one_row = largest / (wrong * errors.shape[1])
    return RowErrors(errors.mean(0) / wrong, weights, one_row, model.design)


def standard_error_of_difference(one: RowErrors, other: RowErrors) -> float:
    """The standard error of the difference of two models' skill on the same rows.

    >>> same, worse = (RowErrors(np.array(errors), None, 0.0) for errors in ([0, 1.0], [2.0, 1.0]))
    >>> standard_error_of_difference(same, worse)
    1.0
    """
    found = _deviations(one.errors - other.errors, one.weights)
    variance = _variance(found, one.design)
    return float(np.sqrt(variance + one.one_row**2))


def design_effect(own: RowErrors) -> float:
    """How many times the variance of a model's skill is that of as many rows drawn one by one.

    1 or more: what strata gain is not counted on (Kish, Survey Sampling, 1965, section 8.2).

    >>> design = SurveyDesign(np.array([0, 0, 0, 1, 1, 1, 2, 2, 2]), None)
    >>> errors = np.array([0, 0, 0, 1.0, 1, 1, 0, 0, 0])
    >>> round(design_effect(RowErrors(errors, None, 0.0, design)), 9)
    4.0
    """
    found = _deviations(own.errors, own.weights)
    by_rows = _variance(found, None)
    return max(1.0, _variance(found, own.design) / by_rows) if by_rows > 0 else 1.0


def _deviations(values: Floats, weights: Floats | None) -> Floats:
    """What each row adds to the weighted mean of some values, less that mean, (N,)."""
    own = np.ones(len(values)) if weights is None else weights
    found: Floats = own * (values - _mean(values, weights)) / own.sum()
    return found


def _variance(deviations: Floats, design: SurveyDesign | None) -> float:
    """The variance of their sum, which is 0: by rows where there is one cluster."""
    found = None if design is None else design.variance_of_total(deviations)
    rows = len(deviations)
    return float(deviations @ deviations) * rows / max(1, rows - 1) if found is None else found


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
