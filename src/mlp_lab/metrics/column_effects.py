"""What a column does to a network's predictions: partial dependence, with intervals.

The mean prediction when every row has the same value in a column, as a function of that value
(Friedman, "Greedy function approximation: a gradient boosting machine", 2001, section 8.2). Where
columns go together, it looks at rows that nobody has. Intervals are percentiles over draws of the
rows with replacement, or of clusters within strata where rows were sampled so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch

from mlp_lab.data.answers import AnswersEncoding, set_of
from mlp_lab.data.arrays import Floats
from mlp_lab.data.column_encoding import InputColumn, LevelEncoding, NumberEncoding, Scaling
from mlp_lab.data.dataset import Part
from mlp_lab.data.schema import Schema, Target
from mlp_lab.metrics.bootstrap import drawn_rows
from mlp_lab.metrics.effect import Effect

ROWS = 64
"""Rows whose predictions are averaged on a page, spread over all: no page may be slow."""

POINTS = 8
"""Values of a number that are tried."""

ENDS = (0.05, 0.95)
"""Quantiles of a number between which its values lie: beyond them rows are few."""

MOST_LEVELS = 8
"""Levels of a category that are tried, the most frequent ones."""

RESAMPLES = 200

TAILS = (2.5, 97.5)
"""Percentiles between which 95 % of the draws lie."""

Predict = Callable[[torch.Tensor], torch.Tensor]
"""Inputs (N, D) -> outputs (N, C)."""


def column_effects(
    predict: Predict, part: Part, schema: Schema, columns: Sequence[str], most: int = ROWS
) -> list[Effect]:
    """Effects of some columns that are numbers or categories on the one target of `schema`.

    By so many rows of a part at `most`. Dates, and columns of one value, are left out.
    """
    target = schema.target
    if part.weights is not None:  # what weighs nothing says nothing
        part = part.at(torch.nonzero(part.weights)[:, 0])
    rows = part.some(most)
    if not isinstance(target, Target) or not len(rows):
        return []
    ends = np.cumsum([0, *(len(entry.names) for entry in schema.inputs)]).tolist()
    found = []
    for name in columns:
        place = next(i for i, one in enumerate(schema.inputs) if one.column.name == name)
        entry, (start, end) = schema.inputs[place], list(pairwise(ends))[place]
        grid = _grid(entry, rows.inputs[:, start:end].double().cpu().numpy())
        if grid is None or len(grid[1]) < 2:
            continue
        levels, values, encoded = grid
        copies = rows.inputs.repeat(len(values), 1, 1)  # (G, N, D)
        copies[:, :, start:end] = torch.from_numpy(encoded).to(copies)[:, None]
        outputs = predict(copies.flatten(0, 1)).double().cpu().numpy()
        curves = _predictions(target, outputs).reshape(len(values), len(rows), -1)
        if np.isfinite(curves).all():
            found.append(_measured(name, target, (levels, values), curves, rows))
    return found


def _predictions(target: Target, outputs: Floats) -> Floats:
    """Numbers in the target's units, (N, 1), or probabilities of classes, (N, classes)."""
    return target.decode(outputs)[:, None] if target.classes is None else target.scores(outputs)


def _measured(
    name: str, target: Target, grid: tuple[list[str], Floats], curves: Floats, rows: Part
) -> Effect:
    """From predictions by value, row and class, (G, N, C).

    Of two classes the second is shown, of more that whose probability changes most.
    """
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights.double().cpu().numpy()
    means = np.einsum("gnc,n->gc", curves, weights / weights.sum())
    k = 1 if means.shape[1] == 2 else int(np.ptp(means, axis=0).argmax())
    drawn = drawn_rows(len(rows), RESAMPLES, rows.design) * weights[:, None]  # (N, R)
    totals = drawn.sum(0)
    drawn = drawn[:, totals > 0] / totals[totals > 0]
    mean, again = means[:, k], curves[..., k] @ drawn  # (G,), (G, R)
    low, high = np.percentile(again, TAILS, axis=1)
    levels, values = grid
    first, last = (int(mean.argmin()), int(mean.argmax())) if levels else (0, -1)
    ends = np.percentile(again[last] - again[first], TAILS).tolist()
    return Effect(
        column=name,
        predicted="" if target.classes is None else target.classes[k],
        levels=levels,
        values=values.tolist(),
        mean=mean.tolist(),
        low=low.tolist(),
        high=high.tolist(),
        change=(float(mean[last] - mean[first]), *ends),
    )


def _grid(entry: InputColumn, inputs: Floats) -> tuple[list[str], Floats, Floats] | None:
    """Levels, if it has some, values (G,), and inputs of them, (G, W), for a column's (N, W)."""
    encoding = entry.encoding
    if isinstance(encoding, NumberEncoding):
        known = inputs[inputs[:, 1] == 0, 0] if encoding.indicator else inputs[:, 0]
        if not len(known):
            return None
        distinct = np.unique(known)
        low, high = np.quantile(known, ENDS).tolist()
        places = np.linspace(low, high, POINTS)
        scores = distinct if len(distinct) <= POINTS else np.unique(places)
        encoded = np.zeros((len(scores), inputs.shape[1]))
        encoded[:, 0] = scores
        return [], _rounded(_in_own_units(encoding.scaling, scores)), encoded
    if isinstance(encoding, LevelEncoding):
        second = inputs[:, :1]
        marks = np.hstack([second == 0, second == 1]) if encoding.single else inputs == 1
        counts = marks[:, : encoding.levels].sum(0)
        kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_LEVELS])
        kept = kept[counts[kept] > 0]
        encoded = np.zeros((len(kept), inputs.shape[1]))
        encoding.write(kept.astype(np.float64), encoded, 0)
        levels = [entry.column.levels[code] for code in kept]
        return levels, np.arange(float(len(kept))), encoded
    if isinstance(encoding, AnswersEncoding):
        counts = (inputs[:, : encoding.levels] == 1).sum(0)
        kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_LEVELS])
        kept = kept[counts[kept] > 0]
        alone = np.array([set_of([int(place)]) for place in kept])
        encoded = np.zeros((len(kept), inputs.shape[1]))
        encoding.write(alone, encoded, 0)
        levels = [entry.column.levels[place] for place in kept]
        return levels, np.arange(float(len(kept))), encoded
    return None  # a date has several numbers, which do not vary alone


def _rounded(values: Floats) -> Floats:
    """Without the digits that inputs in single precision do not have.

    >>> _rounded(np.array([-1e-8, 0.9999999928, 2.00000006])).tolist()
    [0.0, 1.0, 2.0]
    """
    span = float(np.ptp(values))
    return np.round(values, 6 - math.floor(math.log10(span))) + 0.0 if span else values


def _in_own_units(scaling: Scaling, scores: Floats) -> Floats:
    """What scaled numbers were before."""
    if not scaling.quantiles:
        return scaling.undo(scores)
    from scipy.special import ndtr  # noqa: PLC0415 slow

    share = np.linspace(0, 1, len(scaling.quantiles))
    found: Floats = np.interp(ndtr(scores), share, scaling.quantiles)
    return found
