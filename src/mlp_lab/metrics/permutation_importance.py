"""What each column is worth to a network: what its score loses when the column is shuffled.

Permutation importance (Breiman, Random Forests, 2001; Fisher, Rudin and Dominici, All Models are
Wrong, but Many are Useful, 2019), on rows that were not trained on. The score is R2 of numbers and
accuracy of classes, of several targets their mean.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.data.dataset import Part
from mlp_lab.data.schema import AnyTarget, Schema, Target
from mlp_lab.metrics.bootstrap import drawn_rows

ROWS = 500
"""Rows that are shuffled, spread over all."""

SHUFFLES = 5

RESAMPLES = 80
"""Draws of rows for each shuffle, from which intervals are taken."""

TAILS = (2.5, 97.5)
"""Percentiles between which 95 % of the draws lie."""

MOST_COLUMNS = 2000
"""With more, no picture of them would be legible."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Mean loss of score over the shuffles of a column, and its 95 % interval."""

    mean: float
    low: float
    high: float


def permutation_importance(
    predict: Callable[[torch.Tensor], torch.Tensor], part: Part, schema: Schema, target: AnyTarget
) -> dict[str, Lost]:
    """Column -> score that is lost when it is shuffled; inputs of a column move together.

    `predict` maps inputs (N, D) to outputs (N, C) for `target`; `schema` says which inputs a column
    gives. The interval is of draws of rows with replacement (percentile bootstrap), or of clusters
    within strata where the part has such, each judged after one of the shuffles: it holds what
    chance does by the rows and by the shuffles.
    """
    if not len(part) or len(schema.inputs) > MOST_COLUMNS:
        return {}
    rows = part.some(ROWS)
    unshuffled, totals = errors_by_row(target, predict(rows.inputs), rows)
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights.double().cpu().numpy()
    drawn = weights * _draws(rows)  # (S, B, N)
    bounds = np.cumsum([0, *(len(entry.names) for entry in schema.inputs)]).tolist()
    generator = torch.Generator().manual_seed(0)
    orders = [torch.randperm(len(rows), generator=generator) for _ in range(SHUFFLES)]
    found = {}
    for entry, (start, end) in zip(schema.inputs, pairwise(bounds), strict=True):
        copies = rows.inputs.repeat(SHUFFLES, 1, 1)  # (S, N, D)
        for copy, order in zip(copies, orders, strict=True):
            copy[:, start:end] = rows.inputs[order.to(copy.device), start:end]
        y = predict(copies.flatten(0, 1)).reshape(SHUFFLES, len(rows), -1)
        more = np.stack([errors_by_row(target, one, rows)[0] - unshuffled for one in y])
        mean = float(_shares(more, totals, weights[None, None]).mean())
        ends = np.percentile(_shares(more, totals, drawn), TAILS).tolist() if more.any() else [0, 0]
        found[entry.column.name] = Lost(mean, *map(float, ends))
    return found


def errors_by_row(target: AnyTarget, y: torch.Tensor, rows: Part) -> tuple[Floats, Floats]:
    """Errors of outputs y, (N, C), and what they are shares of; both (N, T), of T targets.

    Squared errors are shares of the squared deviations from the mean, so that what is left is R2;
    wrong classes are shares of the rows.
    """
    outputs, encoded = (values.double().cpu().numpy() for values in (y, rows.targets))
    own = [(target, outputs)] if isinstance(target, Target) else target.parted(outputs)
    errors, totals = [], []
    for t, (one, of_it) in enumerate(own):
        truth = one.truth(encoded if len(own) == 1 else encoded[:, t : t + 1])
        if one.classes is None:
            weights = None if rows.weights is None else rows.weights.double().cpu().numpy()
            errors.append((one.decode(of_it) - truth) ** 2)
            totals.append((truth - np.average(truth, weights=weights)) ** 2)
        else:
            errors.append((one.decide(of_it) != truth).astype(np.float64))
            totals.append(np.ones(len(truth)))
    return np.stack(errors, axis=1), np.stack(totals, axis=1)


def _draws(part: Part) -> Floats:
    """How often each row is drawn, (S, B, N)."""
    counts = drawn_rows(len(part), SHUFFLES * RESAMPLES, part.design)
    return counts.T.reshape(SHUFFLES, RESAMPLES, len(part))


def _shares(more: Floats, totals: Floats, weights: Floats) -> Floats:
    """Weighted errors, (S, N, T), as shares of their totals, (N, T): means over targets, (S, B).

    `weights` of the rows: (S, B, N), or the same for each shuffle. A target that does not vary
    has no share.
    """
    own = weights @ totals  # (S, B, T)
    shares = np.zeros((len(more), *own.shape[1:]))
    with np.errstate(invalid="ignore", over="ignore"):  # a wild prediction has an infinite error
        np.divide(weights @ more, own, out=shares, where=own > 0)
    found: Floats = shares.mean(-1)
    return found
