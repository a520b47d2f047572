"""Metrics of classifications, weighted, with bootstrap intervals; confusion matrices.

Scikit-learn computes the same numbers (the tests hold the two together), one resample at a time.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.metrics.bootstrap import Metrics, Values, WeightedMetrics, mean_of_known, quiet, ratio

Areas = Callable[[Floats, Floats], Floats]
"""Weights (N, R), and what all pairs of a positive and a negative row weigh, (C, R) -> the area
under the ROC curve of each class, (C, R)."""

BINS = 10
"""Bins of confidence for the calibration error."""

TABLE_ROWS = 1000
"""Rows up to which multiplying by a table of all pairs beats sums in order."""


@quiet
def classification_metrics(
    scores: Floats,
    labels: Index,
    weights: Floats | None,
    *,
    probabilities: bool,
    ordered: bool = False,
    decided: Index | None = None,
) -> Metrics:
    """Metrics of scores (N, C) for labels (N,), C at least 2; the last three need probabilities.

    accuracy; balanced_accuracy: mean recall of the classes that occur; f1: of the second of two
    classes, else the mean over those that occur or are predicted; roc_auc: of the second of two,
    else the mean of one against the rest; log_loss: in nats; brier: squared error of the
    probability of the second of two, else summed over classes; calibration_error: of the
    predicted class's probability in 10 equally wide bins (Guo et al., On Calibration of Modern
    Neural Networks, 2017). Of `ordered` classes, too: rank_mae, how many classes a prediction is
    off; quadratic_kappa, Cohen's kappa with squares of that as weights (1968). `decided`: the
    class of each row, (N,), where it is not the one with the highest score.

    >>> scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    >>> labels = np.array([0, 1, 1, 1])
    >>> found = classification_metrics(scores, labels, None, probabilities=True).estimate()
    >>> found["accuracy"], found["f1"], found["roc_auc"]
    (0.75, 0.8, 1.0)
    """
    classes = scores.shape[1]
    likeliest = scores.argmax(1)
    predicted = likeliest if decided is None else decided
    every = np.arange(classes)[:, None]
    of_class, wrong = every == labels, np.flatnonzero(predicted != labels)
    truth, others_than = of_class.astype(np.float64), 1 - np.eye(classes)
    mistakes = np.vstack([truth[:, wrong], every == predicted[wrong]])
    curves = [1] if classes == 2 else list(range(classes))
    areas = _roc_areas(scores, of_class, curves)
    others = [_probability_metrics(scores, labels, likeliest)] if probabilities else []
    others += [_rank_metrics(predicted, labels)] if ordered else []

    def metrics(counts: Floats) -> Values:
        support = truth @ counts
        missed, taken = np.split(mistakes @ counts[wrong], 2)  # few rows, of a good model
        right = np.maximum(support - missed, 0)  # rounding may leave less of weights
        f1 = 2 * ratio(right, support + right + taken)
        pairs = support[curves] * (others_than @ support)[curves]
        found = {
            "accuracy": ratio(right.sum(0), support.sum(0)),
            "balanced_accuracy": mean_of_known(ratio(right, support)),
            "f1": np.nan_to_num(f1[1]) if classes == 2 else mean_of_known(f1),
            "roc_auc": mean_of_known(areas(counts, pairs)),
        }
        for each in others:
            found |= each(counts)
        return found

    return Metrics(metrics, len(labels), weights)


def confusion_matrix(
    predicted: Index, labels: Index, weights: Floats | None, classes: int
) -> Floats:
    """Weight of the rows of each class (first axis) by their predicted class, (C, C).

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 0, 1]), None, 2).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, predicted), 1.0 if weights is None else weights)
    return counts


def _roc_areas(scores: Floats, truth: NDArray[np.bool_], curves: Sequence[int]) -> Areas:
    """For each class of `curves`, the area under its curve in every resample, (curves, R).

    It is the share of pairs of a positive and a negative row of which the positive scores higher;
    equal scores count half. Few rows are multiplied by a table of who beats whom, many are sorted.
    """
    if len(scores) <= TABLE_ROWS:
        return _areas_by_table(scores, truth, curves)
    sorted_ = [_won_by_order(scores[:, c], truth[c]) for c in curves]
    return lambda weights, pairs: ratio(np.stack([won(weights) for won in sorted_]), pairs)


def _areas_by_table(scores: Floats, truth: NDArray[np.bool_], curves: Sequence[int]) -> Areas:
    """Only rows and columns with a pair that was not won are multiplied: few of a good model."""
    positive = [np.flatnonzero(truth[c]) for c in curves]
    rows = np.concatenate(positive)
    owner = np.repeat(np.arange(len(curves)), [len(found) for found in positive])
    own = scores[rows, np.array(curves)[owner]][:, None]
    others = scores[:, curves].T[owner]
    missed = ~(others < own) & ~truth[curves][owner]
    losers, winners = np.flatnonzero(missed.any(1)), np.flatnonzero(missed.any(0))
    both = np.ix_(losers, winners)
    lost = missed[both] * (1 - 0.5 * (others[both] == own[losers]))
    of_curve = (np.arange(len(curves))[:, None] == owner[losers]).astype(np.float64)

    def areas(weights: Floats, pairs: Floats) -> Floats:
        # Single precision is ten times as exact as a percentile of resamples needs.
        kind = np.float64 if weights.shape[1] == 1 else np.float32
        beating = lost.astype(kind) @ weights[winners].astype(kind)
        return 1 - ratio(of_curve @ (weights[rows[losers]] * beating), pairs)

    return areas


def _won_by_order(scores: Floats, positive: NDArray[np.bool_]) -> Callable[[Floats], Floats]:
    """What the pairs weigh that the positive row wins, (R,), from the weights of all rows.

    Negative rows are sorted once; what lies below a positive row is a sum of their weights.
    """
    above, below = np.flatnonzero(positive), np.flatnonzero(~positive)
    below = below[np.argsort(scores[below])]
    beaten = np.searchsorted(scores[below], scores[above], side="left")
    reached = np.searchsorted(scores[below], scores[above], side="right")

    def won(weights: Floats) -> Floats:
        heights = np.zeros((len(below) + 1, weights.shape[1]))
        np.cumsum(weights[below], axis=0, out=heights[1:])
        pairs: Floats = (weights[above] * (heights[beaten] + heights[reached])).sum(0) / 2
        return pairs

    return won


def _rank_metrics(predicted: Index, labels: Index) -> WeightedMetrics:
    guess, truth = predicted.astype(np.float64), labels.astype(np.float64)
    squares = (guess - truth) ** 2
    rows = np.vstack([np.abs(guess - truth), squares, guess, truth, guess**2, truth**2])

    def metrics(counts: Floats) -> Values:
        total = counts.sum(0)
        off, apart, guessed, true, guessed_squares, true_squares = rows @ counts
        # Squared distances of all pairs of a prediction and a truth: what chance would have.
        by_chance = guessed_squares + true_squares - 2 * ratio(guessed * true, total)
        return {"rank_mae": ratio(off, total), "quadratic_kappa": 1 - ratio(apart, by_chance)}

    return metrics


def _probability_metrics(scores: Floats, labels: Index, predicted: Index) -> WeightedMetrics:
    every = np.arange(len(labels))
    eps = np.finfo(np.float64).eps
    surprise = -np.log(np.clip(scores[every, labels], eps, 1 - eps))
    squares = (scores.T - (np.arange(scores.shape[1])[:, None] == labels)) ** 2
    brier = squares[1] if len(squares) == 2 else squares.sum(0)
    confidence = scores[every, predicted]
    bins = np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1)
    excess = (np.arange(BINS)[:, None] == bins) * (confidence - (predicted == labels))
    rows = np.vstack([np.ones(len(labels)), surprise, brier, excess[excess.any(1)]])

    def metrics(weights: Floats) -> Values:
        total, surprises, squared, *excesses = rows @ weights
        return {
            "log_loss": ratio(surprises, total),
            "brier": ratio(squared, total),
            "calibration_error": ratio(np.abs(excesses).sum(0), total),
        }

    return metrics


def wilson_interval(shares: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """95 % intervals of shares of so many rows; inside [0, 1], and of some width at its ends.

    Score interval (Wilson, Probable Inference, the Law of Succession, and Statistical Inference,
    1927).

    >>> low, high = wilson_interval(np.array([1.0, 0.5]), np.array([10.0, 10.0]))
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.72, 0.24], [1.0, 0.76])
    """
    z = 1.959964  # 97.5 % of the standard normal distribution
    middle = (shares + z**2 / (2 * counts)) / (1 + z**2 / counts)
    half = np.sqrt(shares * (1 - shares) / counts + (z / (2 * counts)) ** 2)
    half = z * half / (1 + z**2 / counts)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
