"""Columns that give the target away: one alone, two together, or a sum of several.

A suspicion only: a column may be an honest one that separates the classes. What is measured is how
nearly the target follows from it.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from mlp_lab.data.answers import chosen_in
from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.columns import Column
from mlp_lab.data.rows import RawData

LEAKAGE = 0.98
"""Share of the target's variation that one column alone explains, from which it is suspected."""
TOGETHER = 0.995
"""The same of a sum of two columns, of which there are many."""
A_SUM = 0.9999
"""The same of a weighted sum of more: only one that is exact but for rounding."""
PART_OF_IT = 0.01
"""Share of the target's standard deviation that a column of a weighted sum makes."""
BY_CHANCE = 1e-6
"""Probability with which a column that has nothing to do with the classes would separate them."""
FEWEST_ERRORS = 10
"""Rows that the commonest class gets wrong; that fewer are right in some bin is an accident."""
BINS = 50
FEWEST_ROWS = 20
"""Fewer say nothing of ranks or sums."""
MOST_ROWS = 0.9
"""Share of the rows that must have the values of which ranks or sums are looked at."""
MOST_COLUMNS = 500
"""Numbers of which sums are looked for: their correlations are a matrix of its square."""
CANDIDATES = 10
"""Pairs of columns that are looked at, those that explain most."""


def leaks(raw: RawData, rows: Index) -> list[list[str]]:
    """Columns of which each alone almost determines a target on these rows, then sums that do."""
    each = [_leaks(raw, target[rows], len(column.levels), rows) for column, target in raw.targets]
    found: list[list[str]] = []
    for names in sorted(chain(*each), key=lambda names: len(names) > 1):
        if names not in found:
            found.append(names)
    return found


def _leaks(raw: RawData, target: Floats, classes: int, rows: Index) -> list[list[str]]:
    """Those of one target; `classes` is 0 for a number."""
    inputs = raw.inputs[rows]
    found, alone = [], np.zeros(len(raw.columns), bool)
    for i, column in enumerate(raw.columns):
        alone[i] = _determines(inputs[:, i], target, column, classes > 0)
        if alone[i]:
            found.append([column.name])
    numbers = [i for i, column in enumerate(raw.columns) if not (alone[i] or column.levels)]
    if len(target) < FEWEST_ROWS or not 2 <= len(numbers) <= MOST_COLUMNS:
        return found
    sums = list(_sums(inputs[:, numbers], target, classes))
    return found + [[raw.columns[numbers[i]].name for i in columns] for columns in sums]


def _determines(values: Floats, target: Floats, column: Column, classes: bool) -> bool:
    """Whether a column alone almost determines the target."""
    if explained(values, target, column, classes) >= LEAKAGE:
        return True
    if column.kind == "multiple":
        return _an_answer_determines(values, target, column, classes)
    if column.levels:
        return False
    return separates(values, target) if classes else _follows(values, target) >= LEAKAGE


def _an_answer_determines(values: Floats, target: Floats, column: Column, classes: bool) -> bool:
    """Whether one answer alone does, of a column that holds several."""
    given = chosen_in(values, len(column.levels)).astype(np.float64)
    return any(
        explained(answer, target, Column(name=level, levels=["no", "yes"]), classes) >= LEAKAGE
        for answer, level in zip(given.T, column.levels, strict=True)
    )


def separates(values: Floats, labels: Floats) -> bool:
    """Whether thresholds between the values part the classes, each in one piece, without an error.

    Rows without a value have the class that is commonest among them; a share of errors there that
    is too small to matter is allowed.
    """
    present = ~np.isnan(values)
    kinds, counts = np.unique(labels[present], return_counts=True)
    if len(kinds) < 2:
        return False
    order = np.argsort(values[present], kind="stable")
    ordered, found = values[present][order], labels[present][order]
    changes = found[1:] != found[:-1]
    if changes.sum() != len(kinds) - 1 or (ordered[1:] == ordered[:-1])[changes].any():
        return False
    # orders of the rows in which each class is in one piece, among all
    pieces = sum(map(math.lgamma, [*(counts + 1.0), len(kinds) + 1.0]))
    if pieces - math.lgamma(len(found) + 1) > math.log(BY_CHANCE):
        return False
    missing = labels[~present].astype(np.int64)
    wrong = len(missing) - np.bincount(missing).max(initial=0)
    return bool(wrong <= (1 - LEAKAGE) * (len(labels) - np.bincount(labels.astype(np.int64)).max()))


def _follows(values: Floats, target: Floats) -> float:
    """Squared correlation with a number, or with its ranks, where a curve joins the two."""
    present = ~np.isnan(values)
    if present.sum() < max(FEWEST_ROWS, MOST_ROWS * len(values)):
        return 0.0
    x, y = values[present], target[present]
    return max(_squared_correlation(x, y), _squared_correlation(_ranks(x), _ranks(y)))


def _squared_correlation(x: Floats, y: Floats) -> float:
    x, y = x - x.mean(), y - y.mean()
    scale = float(x @ x) * float(y @ y)
    return float(x @ y) ** 2 / scale if scale > 0 else 0.0


def _ranks(values: Floats) -> Floats:
    """Ranks from 0, equal values by their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts + 1) / 2)[inverse]


def _sums(x: Floats, target: Floats, classes: int) -> Iterator[Sequence[int]]:
    """Places of columns that almost determine the target by a sum, or a difference."""
    if classes > 2:
        return
    whole, filled = ~np.isnan(x), _filled(x)
    pairs = _likely_pairs(filled, target)
    found = set()
    for pair in pairs:
        rows = whole[:, pair].all(1)
        if rows.sum() < max(FEWEST_ROWS, MOST_ROWS * len(x)):
            continue
        a, b, y = x[rows, pair[0]], x[rows, pair[1]], target[rows]
        if classes == 2:
            sure = separates(a + b, y) or separates(a - b, y)
        else:
            sure = _fit(np.column_stack([a, b]), y)[0] >= TOGETHER
        if sure:
            found |= set(pair)
            yield pair
    rows = whole.all(1)
    if classes or found or rows.sum() < max(3 * x.shape[1], MOST_ROWS * len(x)):
        return
    share, part = _fit(x[rows], target[rows])
    columns = [int(i) for i in np.flatnonzero(part > PART_OF_IT)]
    if share >= A_SUM and len(columns) > 2:
        yield columns


def _filled(x: Floats) -> Floats:
    """Standardised, 0 where a value is missing or all are equal."""
    present = ~np.isnan(x)
    rows = np.maximum(present.sum(0), 1)
    x = np.where(present, x - np.where(present, x, 0).sum(0) / rows, 0)
    deviation = np.sqrt((x**2).sum(0) / rows)
    return x / np.where(deviation > 0, deviation, 1)


def _likely_pairs(x: Floats, target: Floats) -> list[tuple[int, int]]:
    """The pairs by which a linear model explains most, of standardised columns."""
    with_target = x.T @ (target - target.mean()) / (len(target) * (target.std() or 1.0))  # (D,)
    among = x.T @ x / len(x)  # (D, D)
    i, j = np.triu_indices(x.shape[1], 1)
    r, s, between = with_target[i], with_target[j], among[i, j]
    left = 1 - between**2
    share = np.where(
        left > 1e-9, (r**2 + s**2 - 2 * r * s * between) / np.where(left > 1e-9, left, 1), 0
    )
    best = np.argsort(-share, kind="stable")[:CANDIDATES]
    return [(int(i[place]), int(j[place])) for place in best]


def _fit(x: Floats, y: Floats) -> tuple[float, Floats]:
    """R2 of least squares, and what a deviation of each column makes of one of the target."""
    centred, truth = x - x.mean(0), y - y.mean()
    spread = float(truth @ truth)
    if spread == 0:
        return 0.0, np.zeros(x.shape[1])
    deviation = centred.std(0)
    scaled = centred / np.where(deviation > 0, deviation, 1)
    weights = np.linalg.lstsq(scaled, truth, rcond=None)[0]
    errors = truth - scaled @ weights
    return 1 - float(errors @ errors) / spread, np.abs(weights) / truth.std()


def explained(values: Floats, target: Floats, column: Column, classes: bool) -> float:
    """Share of the target that a column alone explains on rows that it was not fitted on.

    Values are taken in up to 50 bins, or by level; each predicts its commonest class or its mean
    on one half of the rows, and the other half is scored: errors saved of those that the commonest
    class makes, or R².
    """
    fitted, held = np.array_split(np.random.default_rng(0).permutation(len(values)), 2)
    truth = target[held]
    if len(held) < 2 or len(np.unique(truth)) < 2 or len(fitted) == 0:
        return 0.0
    bins = _binned(values, column, fitted)
    size = bins.max() + 1
    if classes:
        labels = target[fitted].astype(np.int64)
        counts = np.zeros((size, labels.max() + 1))
        np.add.at(counts, (bins[fitted], labels), 1)
        commonest = np.bincount(labels).argmax()
        predicted = np.where(counts.any(1), counts.argmax(1), commonest)[bins[held]]
        if not column.levels and (truth != commonest).sum() < FEWEST_ERRORS:
            return 0.0  # thresholds say more of so few
        base = (truth != commonest).mean()
        return float(1 - (predicted != truth).mean() / base) if base > 0 else 0.0
    rows = np.bincount(bins[fitted], minlength=size)
    sums = np.bincount(bins[fitted], target[fitted], minlength=size)
    mean = np.divide(sums, rows, out=np.full(size, target[fitted].mean()), where=rows > 0)
    errors = ((truth - mean[bins[held]]) ** 2).sum()
    return float(1 - errors / ((truth - truth.mean()) ** 2).sum())


def _binned(values: Floats, column: Column, fitted: Index) -> Index:
    """A bin of each value, from 0; missing ones have their own."""
    missing = np.isnan(values)
    if column.kind == "multiple":  # whole sets, whose numbers are large
        return np.where(missing, 0, 1 + np.unique(values, return_inverse=True)[1])
    if column.levels:
        return np.where(missing, 0, values + 2).astype(np.int64)
    present = values[fitted][~missing[fitted]]
    if len(present) == 0:
        return np.where(missing, 0, 1)
    edges = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(missing, 0, 1 + np.searchsorted(edges, values, side="right"))
