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
from typing import NamedTuple

import numpy as np

from mlp_lab.data.arrays import Array, Floats, Index, Mask

NUMBERS_AT_ONCE = 2**17
"""Inputs that are computed at once: 1 MB, which a processor's cache may hold."""

NUMBERS_KEPT = 2**22
"""Of what columns of background rows give: 32 MB; of more, it is found anew when it is needed."""

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


class Sums(NamedTuple):
    """A function of the sum of what columns give.

    `parts`: of rows, (N, D) -> (N, F, S); `value`: of sums, (N, S) -> (N,).
    """

    parts: Callable[[Array], Floats]
    value: Explained


def of_inputs(explained: Explained, widths: Sequence[int]) -> Sums:
    """Any function: each column gives its own inputs, and zero in the place of all others."""
    of_input = np.repeat(np.arange(len(widths)), widths)

    def parts(rows: Array) -> Floats:
        found = np.zeros((len(rows), len(widths), len(of_input)))
        found[:, of_input, np.arange(len(of_input))] = rows
        return found

    return Sums(parts, explained)


def shapley(
    explained: Explained,
    rows: Array,
    background: Array,
    widths: Sequence[int],
    *,
    seed: int = 0,
    sums: Sums | None = None,
) -> Contributions:
    """Contributions to `explained` of columns, each of so many inputs, `widths`, of rows (N, D).

    Costs 2 (F - 1) computed rows for each row and each of the background rows, (B, D). The orders
    depend on `seed` and not on the rows, so that a row's contributions are its own. `sums` is the
    same function of sums, if it is one: what each column gives is then computed once a row.
    """
    sums = of_inputs(explained, widths) if sums is None else sums
    at_background, values = explained(background), explained(rows)
    total = np.zeros((len(rows), len(widths)))
    numbers = max(1, sums.parts(background[:1]).size)
    step, few = max(1, NUMBERS_AT_ONCE // numbers), len(background) * numbers <= NUMBERS_KEPT
    kept = sums.parts(background) if few else None  # (B, F, S)
    for start in range(0, len(rows), step):
        present = sums.parts(rows[start : start + step])  # (N', F, S)
        for places, orders in _orders(len(background), len(widths), step, seed):
            absent = sums.parts(background[places]) if kept is None else kept[places]  # (b, F, S)
            fewer = max(1, step // len(places))
            for at in range(0, len(present), fewer):
                own = slice(start + at, start + min(at + fewer, len(present)))
                changed = _changed(rows[own], background[places], widths)  # (n, b, F)
                course = np.empty((len(widths) + 1, *changed.shape[:2]))
                course[0], course[-1] = at_background[places], values[own, None]
                states = _states(present[at : at + fewer], absent, orders)
                _fill(course, sums.value, states, _in_order(changed, orders))
                total[own] += _by_column(np.diff(course, axis=0), orders)
    return Contributions(float(at_background.mean()), values, total / (2 * len(background)))


def _by_column(steps: Floats, orders: Index) -> Floats:
    """Sums over the orders, (b, F), of what each of their steps changes, (F, n, b) -> (n, F)."""
    ranks = np.argsort(orders, axis=1).T[:, None]  # (F, 1, b)
    found: Floats = np.take_along_axis(steps, ranks, axis=0).sum(2).T
    return found


def _changed(rows: Array, background: Array, widths: Sequence[int]) -> Mask:
    """In which columns rows differ from background rows, (n, D) and (b, D) -> (n, b, F)."""
    found = np.empty((len(rows), len(background), len(widths)), dtype=bool)
    at = 0
    for column, width in enumerate(widths):
        own = slice(at, at + width)
        found[:, :, column] = (rows[:, None, own] != background[None, :, own]).any(2)
        at += width
    return found


def _in_order(changed: Mask, orders: Index) -> Mask:
    """(n, b, F) by column -> (F, n, b), as the orders, (b, F), have it."""
    return np.moveaxis(np.take_along_axis(changed, orders[None], axis=2), 2, 0)


def _states(present: Floats, absent: Floats, orders: Index) -> Floats:
    """Sums after each step of the orders, (b, F), but the last: (F - 1, n, b, S)."""
    (rows, columns, width), count = present.shape, len(orders)
    states = np.empty((columns - 1, rows, count, width))
    before, each = absent.sum(1)[None], np.arange(count)
    for step, column in enumerate(orders.T[:-1]):
        state = states[step]
        np.take(present, column, axis=1, out=state, mode="clip")  # which needs no buffer
        state -= absent[each, column]
        state += before
        before = state
    return states


def _fill(course: Floats, value: Explained, states: Floats, changed: Mask) -> None:
    """What lies between both ends of each course, (F + 1, n, b), by states (F - 1, n, b, S).

    Where a row has the value of the background row, nothing changes, and nothing is computed: of
    tables with few categories, half. `changed`: the steps, (F, n, b), that change something.
    """
    between, new = course[1:-1], changed[:-1]
    done = ~np.logical_or.accumulate(changed[:0:-1], axis=0)[::-1]  # nothing changes any more
    needed = new & ~done
    if needed.any():
        some = states.reshape(-1, states.shape[-1]) if needed.all() else states[needed]
        between[needed] = value(some)
    places = np.where(new, np.arange(1, len(course) - 1)[:, None, None], 0)
    np.maximum.accumulate(places, axis=0, out=places)
    between[...] = np.where(done, course[-1:], np.take_along_axis(course, places, axis=0))


def _orders(rows: int, columns: int, step: int, seed: int) -> Iterator[tuple[Index, Index]]:
    """Positions of background rows, (b,), and an order of the columns for each, (b, F).

    At most `step` of them at a time.
    """
    ranks = np.random.default_rng(seed).permuted(np.tile(np.arange(columns), (rows, 1)), axis=1)
    orders = np.argsort(np.concatenate([ranks, columns - 1 - ranks]), axis=1)
    places = np.tile(np.arange(rows), 2)
    for start in range(0, len(orders), step):
        yield places[start : start + step], orders[start : start + step]
