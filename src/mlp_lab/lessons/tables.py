"""Tables of measurements, and the numbers of each seed in them.

Statistics are taken of contiguous arrays, so that sums do not depend on how a table lies in memory.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mlp_lab.data.arrays import Floats

Table = pd.DataFrame
"""A row for each network, or for each point of its curves; `seed` is a column of most."""

Tables = Mapping[str, Table]
"""Tables by name; each becomes a CSV file, and claims, notes and panels are made from them."""

Level = float | str
"""A value of a column that was varied."""

Columns = Mapping[str, ArrayLike]
"""Columns of one measurement: numbers, words, and arrays of one length."""

SEED = "seed"


def table_of(measurements: Iterable[Columns]) -> Table:
    """Measurements below each other; a number is repeated for each entry of the arrays beside it.

    All have the same columns.
    """
    columns: dict[str, list[Floats]] = {}
    for measured in measurements:
        arrays = np.broadcast_arrays(*(np.atleast_1d(value) for value in measured.values()))
        for name, array in zip(measured, arrays, strict=True):
            columns.setdefault(name, []).append(array)
    return Table({name: np.concatenate(arrays) for name, arrays in columns.items()})


def where(table: Table, **values: Level) -> Table:
    """The rows whose columns have the values of the keywords."""
    for name, value in values.items():
        table = table[table[name] == value]
    return table


def levels(table: Table, name: str) -> list[float]:
    """The numbers that a column holds, each once, ascending."""
    return sorted(table[name].unique().tolist())


def by_seed(table: Table, value: str, over: str | None = None, **values: Level) -> Floats:
    """A column of the rows that `where` keeps, (levels of `over`, seeds), or (seeds,) without it.

    Not a number where a row is missing.

    Raises:
        ValueError: two rows share a level and a seed.
    """
    own = where(table, **values).assign(all=0)
    found = _numbers(own.pivot(index=over or "all", columns=SEED, values=value))
    return found if over else found.ravel()


def averaged(table: Table, by: Sequence[str], values: Sequence[str]) -> Table:
    """Means of columns over all rows that agree in the columns `by`, such as a level and a seed."""
    rows = table.groupby(list(by), sort=False)[list(values)]
    return rows.agg(_mean).reset_index()


def best_for_others(scores: Floats) -> list[int]:
    """For each seed the choice whose mean over all other seeds is smallest, of (choices, seeds).

    A seed's own score, which has no part in the choice, is not flattered by it. A score that is not
    a number counts as infinite.
    """
    return [_best(np.delete(scores, seed, axis=1)) for seed in range(scores.shape[1])]


def best_for_all(scores: Floats) -> list[int]:
    """For each seed the choice whose mean over all seeds is smallest: the same for all of them."""
    return [_best(scores)] * scores.shape[1]


def at_best(
    table: Table,
    over: str | Sequence[str],
    score: str,
    *,
    each: Sequence[str] = (),
    choose: Callable[[Floats], Sequence[int]] = best_for_others,
) -> Table:
    """The row of each seed at its best level of `over` (a rate, say), by the least `score`.

    Several columns of `over` are chosen together; each combination of the columns `each` has a
    best level of its own. `choose` takes scores, (choices, seeds), to a choice for each seed.
    """
    if each:
        parts = [part for _, part in table.groupby(list(each), sort=False)]
        return pd.concat([at_best(part, over, score, choose=choose) for part in parts])
    names = [over] if isinstance(over, str) else list(over)
    scores = table.pivot(index=names, columns=SEED, values=score)
    chosen = scores.index.to_frame(index=False).iloc[list(choose(_numbers(scores)))]
    return chosen.assign(seed=scores.columns.to_numpy()).merge(table, on=[*names, SEED])


def rank_correlation(values: Floats) -> float:
    """Spearman's correlation of numbers with their own order; they have no ties."""
    ranks = np.argsort(np.argsort(values))
    return float(np.corrcoef(ranks, np.arange(len(values)))[0, 1])


def listed(numbers: Iterable[float], form: str = "") -> str:
    """`0.1, 0.2, 0.3`, each written in a form such as `.3f`."""
    return ", ".join(format(number, form) for number in numbers)


def _best(scores: Floats) -> int:
    return int(np.where(np.isnan(scores), np.inf, scores).mean(axis=1).argmin())


def _mean(column: "pd.Series[float]") -> float:
    return float(np.mean(column.to_numpy()))  # pandas' own mean rounds otherwise


def _numbers(frame: Table) -> Floats:
    return np.ascontiguousarray(frame.to_numpy(dtype=float))
