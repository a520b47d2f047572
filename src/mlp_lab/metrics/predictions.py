"""Every metric of finished predictions, weighted, with bootstrap intervals.

Each metric is a function of weighted sums over rows, so that a thousand resamples are one matrix
product of what each row adds with how often each row was drawn. Scikit-learn computes the same
numbers (the tests hold the two together), one resample at a time. A row of weight 0 counts as
absent: the estimate and every resample run through the same functions.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from math import nan

import numpy as np
from numpy.typing import NDArray

from mlp_lab.data.arrays import Floats, Index

Values = dict[str, Floats]
"""Metric -> its value in every resample, (R,)."""

Areas = Callable[[Floats], Floats]

Measure = Callable[[Floats], Values]
"""From the weights of all rows in every resample, (N, R)."""

FEWEST_REPLICATES = 200
DRAWN_ROWS = 5 * 10**7
CHUNK_NUMBERS = 2**17
"""Drawn rows held at once: 1 MB, so that the cache holds them while metrics read them."""

KEPT_NUMBERS = 10**6
"""Drawn rows that are kept for the next model: 8 MB."""

BOUNDS = (0.025, 0.975)

BINS = 10

TABLE_ROWS = 1000
"""Rows up to which multiplying by a table of all pairs beats sums in order."""

# A diverged network's outputs may be infinite: its metrics are then inf or NaN, without a warning.
quiet = np.errstate(invalid="ignore", over="ignore")


@quiet
def assess_numbers(
    predictions: Floats, targets: Floats, weights: Floats | None
) -> dict[str, float]:
    """rmse, mae and r2 of predictions (N,); r2 is NaN for constant targets."""
    return _estimate(_measure_numbers(predictions, targets), len(targets), weights)


@quiet
def number_intervals(
    predictions: Floats,
    targets: Floats,
    weights: Floats | None,
    *,
    replicates: int = 1000,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """95 % intervals of the metrics of `assess_numbers`; see `bootstrap`."""
    return bootstrap(
        _measure_numbers(predictions, targets), len(targets), weights, replicates, seed
    )


@quiet
def assess_classes(
    scores: Floats, labels: Index, weights: Floats | None, *, probabilities: bool
) -> dict[str, float]:
    """Metrics of scores (N, C) for labels (N,), C at least 2; the last three need probabilities.

    accuracy; balanced_accuracy: mean recall of the classes that occur; f1: of the second of two
    classes, else the mean over those that occur or are predicted; roc_auc: of the second of two,
    else the mean of one against the rest; log_loss: in nats; brier: squared error of the
    probability of the second of two, else summed over classes; calibration_error: of the
    predicted class's probability in 10 equally wide bins (Guo et al., On Calibration of Modern
    Neural Networks, 2017).
    """
    return _estimate(_measure_classes(scores, labels, probabilities), len(labels), weights)


@quiet
def class_intervals(
    scores: Floats,
    labels: Index,
    weights: Floats | None,
    *,
    probabilities: bool,
    replicates: int = 1000,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """95 % intervals of the metrics of `assess_classes`; see `bootstrap`."""
    measure = _measure_classes(scores, labels, probabilities)
    return bootstrap(measure, len(labels), weights, replicates, seed)


def _estimate(measure: Measure, rows: int, weights: Floats | None) -> dict[str, float]:
    if rows == 0:
        return {}
    given = np.ones(rows) if weights is None else weights
    return {name: float(values[0]) for name, values in measure(given[:, None]).items()}


def bootstrap(
    measure: Measure, rows: int, weights: Floats | None, replicates: int, seed: int
) -> dict[str, tuple[float, float]]:
    """Percentiles 2.5 and 97.5 of each metric over resamples of the rows.

    Rows are drawn with replacement and keep their weights; many rows fewer times (at least 200),
    so that no more than 5e7 are drawn. Resamples in which a metric is NaN do not count for it.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    if rows == 0:
        return {}
    found: dict[str, list[Floats]] = {}
    for counts in resamples(rows, replicates, seed):
        given = counts if weights is None else counts * weights[:, None]
        for name, values in measure(given).items():
            found.setdefault(name, []).append(values)
    return _intervals({name: np.concatenate(values) for name, values in found.items()})


def resamples(rows: int, replicates: int, seed: int) -> Iterable[Floats]:
    """How often each row was drawn in each replicate, in chunks (N, R)."""
    few = rows * replicates <= KEPT_NUMBERS
    return _kept_resamples(rows, replicates, seed) if few else _drawn(rows, replicates, seed)


@lru_cache(maxsize=1)
def _kept_resamples(rows: int, replicates: int, seed: int) -> tuple[Floats, ...]:
    """Models that are judged on equally many rows are judged on the same resamples."""
    return tuple(_drawn(rows, replicates, seed))


def _drawn(rows: int, replicates: int, seed: int) -> Iterator[Floats]:
    generator = np.random.default_rng(seed)
    left = min(replicates, max(FEWEST_REPLICATES, DRAWN_ROWS // rows))
    most = max(1, CHUNK_NUMBERS // rows)
    while left > 0:
        count = min(left, most)
        cells = generator.integers(rows, size=(rows, count)) * count + np.arange(count)
        drawn = np.bincount(cells.ravel(), minlength=rows * count)
        yield drawn.reshape(rows, count).astype(np.float64)
        left -= count


def _intervals(found: Values) -> dict[str, tuple[float, float]]:
    """Of each metric, by one call for all that are known in every resample: a call costs 0.1 ms."""
    whole = [name for name, values in found.items() if not np.isnan(values).any()]
    bounds = {name: _interval(found[name]) for name in found.keys() - set(whole)}
    if whole:
        lows, highs = np.quantile(np.stack([found[name] for name in whole]), BOUNDS, axis=1)
        bounds |= {whole[i]: (float(lows[i]), float(highs[i])) for i in range(len(whole))}
    return {name: bounds[name] for name in found}


def _interval(values: Floats) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    low, high = np.quantile(known, BOUNDS) if len(known) else (nan, nan)
    return (float(low), float(high))


def _ratio(above: Floats, below: Floats) -> Floats:
    """above / below, NaN where below is 0."""
    quotient: Floats = np.full(below.shape, nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient


def _mean_of_known(values: Floats) -> Floats:
    """Mean over the first axis of what is not NaN; NaN if nothing is."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0).sum(0), known.sum(0).astype(np.float64))


def _measure_numbers(predictions: Floats, targets: Floats) -> Measure:
    errors = predictions - targets
    # Sums of squares far from 0 would cancel; the median, unlike the mean, ignores outliers.
    around = targets - (np.median(targets) if len(targets) else 0)
    rows = np.stack([np.ones(len(targets)), errors**2, np.abs(errors), around, around**2])

    def measure(weights: Floats) -> Values:
        total, squared, absolute, first, second = rows @ weights
        spread = second - _ratio(first**2, total)
        # What is left of the spread of equal targets is rounding.
        spread[spread <= 1e-12 * second] = 0
        return {
            "rmse": np.sqrt(_ratio(squared, total)),
            "mae": _ratio(absolute, total),
            "r2": 1 - _ratio(squared, spread),
        }

    return measure


def _measure_classes(scores: Floats, labels: Index, probabilities: bool) -> Measure:
    classes = scores.shape[1]
    predicted = scores.argmax(1)
    every = np.arange(classes)[:, None]
    truth, guess = every == labels, every == predicted
    rows = np.vstack([truth, guess, truth & guess]).astype(np.float64)
    areas = _roc_areas(scores, truth, [1] if classes == 2 else range(classes))
    probable = _measure_probabilities(scores, labels, predicted) if probabilities else None

    def measure(weights: Floats) -> Values:
        support, guessed, right = np.split(rows @ weights, 3)
        f1 = 2 * _ratio(right, support + guessed)
        found = {
            "accuracy": _ratio(right.sum(0), support.sum(0)),
            "balanced_accuracy": _mean_of_known(_ratio(right, support)),
            "f1": np.nan_to_num(f1[1]) if classes == 2 else _mean_of_known(f1),
            "roc_auc": _mean_of_known(areas(weights)),
        }
        return found if probable is None else found | probable(weights)

    return measure


def _roc_areas(scores: Floats, truth: NDArray[np.bool_], curves: Sequence[int]) -> Areas:
    """For each class of `curves`, the area under its curve in every resample, (curves, R).

    It is the share of pairs of a positive and a negative row of which the positive scores higher;
    equal scores count half. Few rows are multiplied by a table of who beats whom, many are sorted.
    """
    if len(scores) <= TABLE_ROWS:
        return _areas_by_table(scores, truth, curves)
    sorted_ = [_area_by_order(scores[:, c], truth[c]) for c in curves]
    return lambda weights: np.stack([area(weights) for area in sorted_])


def _areas_by_table(scores: Floats, truth: NDArray[np.bool_], curves: Sequence[int]) -> Areas:
    """Only rows and columns with a pair that was not won are multiplied: few of a good model."""
    positive = [np.flatnonzero(truth[c]) for c in curves]
    rows = np.concatenate(positive)
    owner = np.repeat(np.arange(len(curves)), [len(found) for found in positive])
    own = scores[rows, np.array(curves)[owner]][:, None]
    others = scores[:, curves].T[owner]
    missed = ~(others < own) & ~truth[curves][owner]
    losers, winners = np.flatnonzero(missed.any(1)), np.flatnonzero(missed.any(0))
    pairs = np.ix_(losers, winners)
    lost = missed[pairs] * (1 - 0.5 * (others[pairs] == own[losers]))
    of_curve = (np.arange(len(curves))[:, None] == owner[losers]).astype(np.float64)
    sides = np.vstack([truth[curves], ~truth[curves]]).astype(np.float64)

    def areas(weights: Floats) -> Floats:
        # Single precision is ten times as exact as a percentile of resamples needs.
        kind = np.float64 if weights.shape[1] == 1 else np.float32
        beating = lost.astype(kind) @ weights[winners].astype(kind)
        above, below = np.split(sides @ weights, 2)
        return 1 - _ratio(of_curve @ (weights[rows[losers]] * beating), above * below)

    return areas


def _area_by_order(scores: Floats, positive: NDArray[np.bool_]) -> Callable[[Floats], Floats]:
    """Negative rows are sorted once; what lies below a positive row is a sum of their weights."""
    above, below = np.flatnonzero(positive), np.flatnonzero(~positive)
    below = below[np.argsort(scores[below])]
    beaten = np.searchsorted(scores[below], scores[above], side="left")
    reached = np.searchsorted(scores[below], scores[above], side="right")

    def area(weights: Floats) -> Floats:
        heights = np.zeros((len(below) + 1, weights.shape[1]))
        np.cumsum(weights[below], axis=0, out=heights[1:])
        chosen = weights[above]
        won = (chosen * (heights[beaten] + heights[reached])).sum(0) / 2
        return _ratio(won, chosen.sum(0) * heights[-1])

    return area


def _measure_probabilities(scores: Floats, labels: Index, predicted: Index) -> Measure:
    every = np.arange(len(labels))
    eps = np.finfo(np.float64).eps
    surprise = -np.log(np.clip(scores[every, labels], eps, 1 - eps))
    squares = (scores.T - (np.arange(scores.shape[1])[:, None] == labels)) ** 2
    brier = squares[1] if len(squares) == 2 else squares.sum(0)
    confidence = scores[every, predicted]
    bins = np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1)
    excess = (np.arange(BINS)[:, None] == bins) * (confidence - (predicted == labels))
    rows = np.vstack([np.ones(len(labels)), surprise, brier, excess])

    def measure(weights: Floats) -> Values:
        total, surprises, squared, *excesses = rows @ weights
        return {
            "log_loss": _ratio(surprises, total),
            "brier": _ratio(squared, total),
            "calibration_error": _ratio(np.abs(excesses).sum(0), total),
        }

    return measure
