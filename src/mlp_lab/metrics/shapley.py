"""Contributions of columns to a prediction: Shapley values, sampled over orders of the columns.

A column that is left out has the value of a background row. Along an order, columns go over from a
background row to the row that is explained, one by one; what each changes is its contribution in
that order. Mean over all orders and background rows: the Shapley value.

Source: Štrumbelj and Kononenko, "Explaining prediction models and individual predictions with
feature contributions" (2014), algorithm 1; the values themselves: Lundberg and Lee, "A unified
approach to interpreting model predictions" (2017), equation 8, with columns taken for independent.
Here each background row has an order of its own and its reverse, which lowers the variance
(Mitchell et al., "Sampling permutations for Shapley value estimation", 2022): every background row
counts equally, so that contributions add up to the prediction, and those of a linear function are
w (x - mean x), without an error from sampling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Array, Floats, Index, Mask

NUMBERS_AT_ONCE = 2**17
"""Inputs that are computed at once: 1 MB, which a processor's cache may hold."""

Explained = Callable[[Array], Floats]
"""The number that is explained, of encoded rows, (N, D) -> (N,)."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """What columns add to the `base`, the mean over background rows: (N, F) by column.

    `explained`, (N,), is the base and its row's sum.
    """

    base: float
    explained: Floats
    by_column: Floats


def some_rows(rows: Array, most: int) -> Array:
    """At most so many of the rows, (N, D), by chance, but always the same, in their order."""
    keys = np.random.default_rng(0).random(len(rows))
    return rows[np.sort(np.argsort(keys)[:most])]


def evenly(rows: Array, values: Floats, count: int) -> Array:
    """So many of the rows, (N, D), evenly along their values, (N,), in their order."""
    at = ((np.arange(count) + 0.5) * len(rows) / count).astype(int)
    found: Array = rows[np.sort(np.argsort(values, kind="stable")[at])]
    return found


def shapley(
    explained: Explained, rows: Array, background: Array, widths: Sequence[int], seed: int = 0
) -> Contributions:
    """Contributions to `explained` of columns, each of so many inputs, `widths`, of rows (N, D).

    Costs 2 (F - 1) computed rows for each row and each of the background rows, (B, D). The orders
    depend on `seed` and not on the rows, so that a row's contributions are its own.
    """
    at_background, values = explained(background), explained(rows)
    total = np.zeros((len(rows), len(widths)))
    for places, ranks, present in _orders(len(background), widths, seed):
        step = max(1, NUMBERS_AT_ONCE // max(1, present.size))
        for start in range(0, len(rows), step):
            some = slice(start, start + step)
            absent = background[places][:, None]
            states = np.where(present, rows[some, None, None], absent)  # (n, b, F - 1, D)
            course = np.empty((*states.shape[:2], len(widths) + 1))
            course[..., 0], course[..., -1] = at_background[places], values[some, None]
            _fill(course, explained, states, absent, rows[some, None, None])
            steps = np.diff(course)  # (n, b, F), by rank
            total[some] += np.take_along_axis(steps, ranks[None], axis=2).sum(1)
    return Contributions(float(at_background.mean()), values, total / (2 * len(background)))


def _fill(course: Floats, explained: Explained, states: Array, first: Array, last: Array) -> None:
    """What lies between both ends of each course, (n, b, F + 1), by states (n, b, F - 1, D).

    Where a row has the value of the background row, nothing changes, and nothing is computed: of
    tables with few categories, half.
    """
    before = np.concatenate([np.broadcast_to(first, states[:, :, :1].shape), states], 2)[:, :, :-1]
    new, done = (states != before).any(-1), (states == last).all(-1)
    between = course[..., 1:-1]
    needed = new & ~done
    if needed.any():
        between[needed] = explained(states[needed])
    places = np.where(new, np.arange(1, course.shape[2] - 1), 0)
    np.maximum.accumulate(places, axis=-1, out=places)
    between[...] = np.where(done, course[..., -1:], np.take_along_axis(course, places, axis=-1))


def _orders(rows: int, widths: Sequence[int], seed: int) -> Iterator[tuple[Index, Index, Mask]]:
    """Orders of the columns, some at a time.

    Positions of background rows, (b,); the rank of each column, (b, F); and which inputs are the
    explained row's after each step but the last, (b, F - 1, D).
    """
    columns = len(widths)
    ranks = np.random.default_rng(seed).permuted(np.tile(np.arange(columns), (rows, 1)), axis=1)
    ranks = np.concatenate([ranks, columns - 1 - ranks])
    places = np.tile(np.arange(rows), 2)
    of_input = np.repeat(np.arange(columns), widths)
    step = max(1, NUMBERS_AT_ONCE // max(1, columns * len(of_input)))
    for start in range(0, len(ranks), step):
        some = ranks[start : start + step]
        present = some[:, None, of_input] < np.arange(1, columns)[:, None]
        yield places[start : start + step], some, present
