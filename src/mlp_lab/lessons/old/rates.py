"""Tables of what was tried at many rates over many seeds: which is best, and how much it matters.

Their rows have columns `rate` and `seed`, and for times `epochs` or `steps` to a goal, infinite
where it was never reached, and `limit`, how long was tried.
"""

from collections.abc import Sequence

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.old.lesson import Row, at_best_for_others, column

TWICE = 2.0
"""A rate will do that comes to the loss in at most so many times the epochs of the best."""


def by_rate(table: Sequence[Row], quantity: str, **where: float | str) -> Floats:
    """A column as (rates, seeds)."""
    rates = rates_of(table, **where)
    return np.array([column(table, quantity, rate=rate, **where) for rate in rates])


def rates_of(table: Sequence[Row], **where: float | str) -> list[float]:
    """All that were tried, ascending."""
    return sorted(set(column(table, "rate", **where)))


def times(table: Sequence[Row], **where: float | str) -> Floats:
    """Epochs, or steps, to the goal, (rates, seeds); who never got there counts with the limit."""
    name = "epochs" if "epochs" in table[0] else "steps"
    return np.minimum(by_rate(table, name, **where), by_rate(table, "limit", **where))


def at_best(table: Sequence[Row], quantity: str | None, **where: float | str) -> Floats:
    """A column at each seed's best rate, (seeds,); None: the time to the goal.

    The best by the mean over other seeds, not by that of logarithms: a rate that fails one seed in
    five is none that one would use.
    """
    found = times(table, **where)
    values = found if quantity is None else by_rate(table, quantity, **where)
    return at_best_for_others(values, found)


def width(table: Sequence[Row], **where: float | str) -> Floats:
    """Decades of rates that will do, for each seed: as many as rates, times their spacing."""
    found = by_rate(table, "epochs", **where)
    enough = np.isfinite(found) & (found <= TWICE * found.min(axis=0))
    rates = np.log10(rates_of(table, **where))
    return np.asarray(enough.sum(axis=0) * (rates[1] - rates[0]))
