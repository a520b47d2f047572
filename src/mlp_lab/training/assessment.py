"""Every metric of finished predictions, weighted, with bootstrap intervals.

Each metric is a function of weighted sums over rows, so that a thousand resamples are one matrix
product of how often each row was drawn with what each row adds. Scikit-learn computes the same
numbers (the tests hold the two together), one resample at a time.
"""

from collections.abc import Callable, Iterator

import numpy as np

from mlp_lab.data.raw import Floats, Index

Values = dict[str, Floats]
"""Metric -> its value in every resample, (R,)."""

Measure = Callable[[Floats], Values]
"""From the weights of all rows in every resample, (R, N)."""

REPLICATES = 1000
FEWEST_REPLICATES = 200
DRAWN_ROWS = 5 * 10**7
CHUNK_NUMBERS = 2**20
"""Drawn rows held at once."""

BINS = 10


def assess_numbers(
    predictions: Floats, targets: Floats, weights: Floats | None
) -> dict[str, float]:
    """rmse, mae and r2 of predictions (N,); r2 is NaN for constant targets."""
    return _estimate(_measure_numbers(predictions, targets), len(targets), weights)


def number_intervals(
    predictions: Floats, targets: Floats, weights: Floats | None
) -> dict[str, tuple[float, float]]:
    """The metrics' 95 % intervals; see `bootstrap`."""
    return bootstrap(_measure_numbers(predictions, targets), len(targets), weights)


def assess_classes(
    scores: Floats, labels: Index, weights: Floats | None, *, probabilities: bool
) -> dict[str, float]:
    """Metrics of scores (N, C) for labels (N,), C at least 2; some need probabilities.

    accuracy; balanced_accuracy: mean recall of the classes that occur; f1: of the second of two
    classes, else the mean over those that occur or are predicted; roc_auc: of the second of two,
    else the mean of one against the rest; log_loss; brier: squared error of the probability of
    the second of two, else summed over classes; calibration_error: of the predicted class's
    probability in 10 equal bins (Guo et al., On Calibration of Modern Neural Networks, 2017).
    """
    return _estimate(_measure_classes(scores, labels, probabilities), len(labels), weights)


def class_intervals(
    scores: Floats, labels: Index, weights: Floats | None, *, probabilities: bool
) -> dict[str, tuple[float, float]]:
    """The metrics' 95 % intervals; see `bootstrap`."""
    return bootstrap(_measure_classes(scores, labels, probabilities), len(labels), weights)


def _estimate(measure: Measure, rows: int, weights: Floats | None) -> dict[str, float]:
    if rows == 0:
        return {}
    given = np.ones(rows) if weights is None else weights
    return {name: float(values[0]) for name, values in measure(given[None, :]).items()}


def bootstrap(
    measure: Measure, rows: int, weights: Floats | None, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Percentiles 2.5 and 97.5 of each metric over resamples of the rows.

    Rows are drawn with replacement, each with its weight; 1,000 times, or fewer (at least 200) so
    that no more than 5e7 rows are drawn. Resamples in which a metric is NaN do not count for it.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    if rows == 0:
        return {}
    found: dict[str, list[Floats]] = {}
    for counts in resamples(rows, seed):
        for name, values in measure(counts if weights is None else counts * weights).items():
            found.setdefault(name, []).append(values)
    return {name: _interval(np.concatenate(values)) for name, values in found.items()}


def resamples(rows: int, seed: int) -> Iterator[Floats]:
    """How often each row was drawn, (R, N) at a time."""
    generator = np.random.default_rng(seed)
    left = min(REPLICATES, max(FEWEST_REPLICATES, DRAWN_ROWS // rows))
    most = max(1, CHUNK_NUMBERS // rows)
    while left > 0:
        count = min(left, most)
        drawn = generator.integers(rows, size=(count, rows))
        drawn += rows * np.arange(count)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=count * rows)
        yield counts.reshape(count, rows).astype(np.float64)
        left -= count


def _interval(values: Floats) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return (float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return (float(low), float(high))


def _ratio(above: Floats, below: Floats) -> Floats:
    """above / below, NaN where below is 0."""
    quotient: Floats = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient


def _mean_of_known(values: Floats) -> Floats:
    """Mean over the last axis of what is not NaN; NaN if nothing is."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0).sum(-1), known.sum(-1))


def _measure_numbers(predictions: Floats, targets: Floats) -> Measure:
    errors = predictions - targets
    middle = targets - targets.mean() if len(targets) else targets
    rows = np.stack([np.ones(len(targets)), errors**2, np.abs(errors), middle, middle**2], axis=1)
    # Of constant targets, what is left of the sums below is rounding.
    rounding = 1e-12 * np.abs(targets).max(initial=0) ** 2

    def measure(weights: Floats) -> Values:
        total, squared, absolute, first, second = (weights @ rows).T
        spread = _ratio(second, total) - _ratio(first, total) ** 2
        spread[spread <= rounding] = 0
        return {
            "rmse": np.sqrt(_ratio(squared, total)),
            "mae": _ratio(absolute, total),
            "r2": 1 - _ratio(_ratio(squared, total), spread),
        }

    return measure


def _measure_classes(scores: Floats, labels: Index, probabilities: bool) -> Measure:
    classes = scores.shape[1]
    predicted = (scores[:, 1] > scores[:, 0]).astype(np.int64) if classes == 2 else scores.argmax(1)
    truth, guess = (np.arange(classes) == index[:, None] for index in (labels, predicted))
    rows = np.hstack([truth, guess, truth & guess]).astype(np.float64)
    curves = [_auc(scores[:, c], labels == c) for c in ([1] if classes == 2 else range(classes))]

    def measure(weights: Floats) -> Values:
        support, guessed, right = np.split(weights @ rows, 3, axis=1)
        f1 = 2 * _ratio(right, support + guessed)
        found = {
            "accuracy": _ratio(right.sum(1), support.sum(1)),
            "balanced_accuracy": _mean_of_known(_ratio(right, support)),
            "f1": np.nan_to_num(f1[:, 1]) if classes == 2 else _mean_of_known(f1),
            "roc_auc": _mean_of_known(np.stack([curve(weights) for curve in curves], axis=1)),
        }
        return {**found, **probable(weights)} if probabilities else found

    probable = _measure_probabilities(scores, labels, predicted)
    return measure


def _auc(
    scores: Floats, positive: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Callable[[Floats], Floats]:
    """Share of pairs of a positive and a negative row of which the positive scores higher.

    Equal scores count half. Rows are sorted once for all resamples.
    """
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    of_positive = positive[order].astype(np.float64)

    def curve(weights: Floats) -> Floats:
        drawn = weights[:, order]
        ups = np.add.reduceat(drawn * of_positive, starts, axis=1)
        downs = np.add.reduceat(drawn * (1 - of_positive), starts, axis=1)
        below = downs.cumsum(1) - downs / 2
        return _ratio((ups * below).sum(1), ups.sum(1) * downs.sum(1))

    return curve


def _measure_probabilities(scores: Floats, labels: Index, predicted: Index) -> Measure:
    every = np.arange(len(labels))
    of_truth = np.clip(scores[every, labels], np.finfo(np.float64).eps, 1)
    one_hot = np.arange(scores.shape[1]) == labels[:, None]
    squares = (scores - one_hot) ** 2
    brier = squares[:, 1] if scores.shape[1] == 2 else squares.sum(1)
    confidence = scores[every, predicted]
    bins = np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1)
    inside = np.arange(BINS) == bins[:, None]
    excess = inside * (confidence - (predicted == labels))[:, None]
    rows = np.hstack(
        [np.ones((len(labels), 1)), -np.log(of_truth)[:, None], brier[:, None], excess]
    )

    def measure(weights: Floats) -> Values:
        sums = weights @ rows
        total = sums[:, 0]
        return {
            "log_loss": _ratio(sums[:, 1], total),
            "brier": _ratio(sums[:, 2], total),
            "calibration_error": _ratio(np.abs(sums[:, 3:]).sum(1), total),
        }

    return measure
